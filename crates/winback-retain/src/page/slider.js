"use strict";
(function () {
  var rows = JSON.parse(document.getElementById("threshold-data").textContent);
  var input = document.getElementById("threshold");
  var marker = document.getElementById("gains-marker");
  var whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  function say(name, text) {
    document.querySelectorAll("[data-say=" + name + "]").forEach(function (place) { place.textContent = text; });
  }
  function percent(share) {
    if (0.9995 <= share && share < 1) return "above 99.9\u00a0%";
    return 0 < share && share < 0.0005 ? "< 0.1\u00a0%" : (100 * share).toFixed(1) + "\u00a0%";
  }
  function bound(share) {
    if (!(0 < share && share < 0.001)) return percent(share);
    if (share < 0.0001) return "below 0.01\u00a0%";
    var unit = 0.1, places = 1;
    while (unit > 100 * share && places < 12) { unit /= 10; places += 1; }
    return (100 * share).toFixed(places + 1) + "\u00a0%";
  }
  function show(place) {
    var row = rows[Number(place)];
    say("contacted", whole.format(10000 * row[1]));
    say("risk", bound(row[0]));
    say("found", whole.format(10000 * row[1] * row[3]));
    say("lift", row[4].toFixed(1));
    say("stayed", percent(1 - row[3]));
    input.setAttribute("aria-valuetext", whole.format(10000 * row[1]) + " of 10,000 customers");
    if (marker) {
      var at = function (name) { return Number(marker.getAttribute("data-" + name)); };
      var x = at("left") + row[1] * (at("right") - at("left"));
      var y = at("bottom") + row[2] * (at("top") - at("bottom"));
      var line = marker.querySelector("line"), dot = marker.querySelector("circle");
      line.setAttribute("x1", x); line.setAttribute("x2", x); line.setAttribute("y2", y);
      dot.setAttribute("cx", x); dot.setAttribute("cy", y);
    }
  }
  function follow() { show(input.value); }
  input.addEventListener("input", follow);
  // Paper shows the threshold that the page was made with.
  window.addEventListener("beforeprint", function () { show(input.defaultValue); });
  window.addEventListener("afterprint", follow);
  document.getElementById("threshold-control").hidden = false;
  follow();
})();
