"""Looks at a page in a real browser and prints what is wrong with it, a line each; nothing printed means all is well.

    python look.py BROWSER PAGE [--slider] [--shots FOLDER]

BROWSER is the browser's program, PAGE a file. `--slider` expects the slider of a model's page. `--shots` keeps
pictures of the page (light, dark, phone, paper) for people to look at.
"""

import pathlib
import sys

from playwright.sync_api import sync_playwright

LARGEST = 1_000_000

# What is wrong with the document: names of pictures, ids, headings, landmarks.
STRUCTURE = """() => {
  const wrong = [];
  const ids = new Map();
  for (const element of document.querySelectorAll('[id]')) ids.set(element.id, (ids.get(element.id) || 0) + 1);
  for (const [id, times] of ids) if (times > 1) wrong.push(`the id ${id} stands ${times} times`);
  for (const picture of document.querySelectorAll('svg, img')) {
    if (picture.getAttribute('aria-hidden') === 'true') continue;
    const names = (picture.getAttribute('aria-labelledby') || '').split(' ');
    const text = names.map(id => document.getElementById(id)?.textContent?.trim() || '').join('');
    if (picture.getAttribute('role') !== 'img' || !text) wrong.push(`a picture has no name: ${picture.outerHTML.slice(0, 80)}`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) wrong.push(`the heading "${heading.textContent}" skips a level`);
    if (!heading.textContent.trim()) wrong.push('a heading is empty');
    level = next;
  }
  if (document.querySelectorAll('h1').length !== 1) wrong.push('there is not exactly one h1');
  if (!document.documentElement.lang || !document.title) wrong.push('language or title is missing');
  for (const name of ['main', 'header', 'nav', 'footer'])
    if (!document.querySelector(name)) wrong.push(`there is no ${name}`);
  for (const link of document.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(link.getAttribute('href').slice(1))) wrong.push(`${link.href} leads nowhere`);
  for (const control of document.querySelectorAll('input'))
    if (!control.labels.length) wrong.push('a control has no label');
  return wrong;
}"""

# Texts whose contrast with what lies behind them is too low (WCAG 2.2, 1.4.3), HTML and SVG alike.
CONTRAST = """() => {
  const parse = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = value => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const wrong = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || ['SCRIPT', 'STYLE', 'title', 'desc'].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const colour = parse(element instanceof SVGElement ? style.fill : style.color);
    const [above, below] = [light(colour), light(behind(element))];
    const ratio = (Math.max(above, below) + 0.05) / (Math.min(above, below) + 0.05);
    if (ratio < 4.5) wrong.add(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 40)} (${colour})`);
  }
  return [...wrong];
}"""

# Words of a chart that leave it or lie upon each other.
WORDS = """() => {
  const wrong = [];
  for (const svg of document.querySelectorAll('figure > svg')) {
    const frame = svg.getBoundingClientRect();
    const words = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    for (const [word, box] of words)
      if (box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
        wrong.push(`${svg.id}: "${word}" leaves the chart`);
    for (let i = 0; i < words.length; i++) for (let j = 0; j < i; j++) {
      const [a, b] = [words[i][1], words[j][1]];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 3) wrong.push(`${svg.id}: "${words[i][0]}" lies upon "${words[j][0]}"`);
    }
  }
  return wrong;
}"""

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
STATE = """() => ({
  words: [...document.querySelectorAll('[data-say]')].map(place => place.textContent).join('|'),
  across: Number(document.querySelector('#gains-marker circle').getAttribute('cx')),
  up: Number(document.querySelector('#gains-marker circle').getAttribute('cy')),
})"""


def slider(page, wrong):
    """Moves the slider by keys and by mouse; words and marker must follow."""
    control = page.locator("#threshold")
    if not control.is_visible():
        wrong.append("the slider is not shown")
        return
    before = page.evaluate(STATE)
    # The page scrolls smoothly to what is focused; places are read when it stands still.
    page.emulate_media(reduced_motion="reduce")
    control.scroll_into_view_if_needed()
    control.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    after = page.evaluate(STATE)
    if after["words"] == before["words"] or not after["across"] > before["across"] or after["up"] > before["up"]:
        wrong.append(f"keys do not move the figures: {before} {after}")
    box = control.bounding_box()
    for _ in range(100):
        page.wait_for_timeout(50)
        before, box = box, control.bounding_box()
        if box == before:
            break
    page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    last = page.evaluate(STATE)
    if last["words"] == after["words"] or not last["across"] > after["across"]:
        wrong.append(f"the mouse does not move the figures: {after} {last}")


def look(browser_path, path, with_slider, shots):
    wrong = []
    if path.stat().st_size >= LARGEST:
        wrong.append(f"it has {path.stat().st_size} bytes")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.resolve().as_uri())
        for scheme in ["light", "dark"]:
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{scheme}: {found}" for found in page.evaluate(CONTRAST)]
            if shots:
                page.screenshot(path=shots / f"{path.stem}-{scheme}.png", full_page=True)
        page.emulate_media(color_scheme="light")
        wrong += page.evaluate(STRUCTURE)
        for width in [1280, 768, 390, 360]:
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate(OVERFLOW) > 0:
                wrong.append(f"at {width} pixels it is wider than the window")
            wrong += [f"at {width} pixels {found}" for found in page.evaluate(WORDS)]
            if shots and width == 390:
                page.screenshot(path=shots / f"{path.stem}-phone.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
        if with_slider:
            slider(page, wrong)
        pdf = page.pdf(format="A4", print_background=True, prefer_css_page_size=True)
        pages = pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page ") or pdf.count(b"/Type/Page/")
        if not pdf.startswith(b"%PDF") or pages < 2:
            wrong.append(f"it prints {pages} pages")
        if shots:
            (shots / f"{path.stem}.pdf").write_bytes(pdf)
        if [url for url in asked if not url.startswith("file:")] or len(asked) != 1:
            wrong.append(f"it asked for {asked}")
        # Without script the page must be complete: the slider is away and the words stand.
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(path.resolve().as_uri())
        if with_slider and plain.locator("#threshold").is_visible():
            wrong.append("without script the slider is shown")
        browser.close()
    return wrong


def main(arguments):
    shots = None
    if "--shots" in arguments:
        place = arguments.index("--shots")
        shots = pathlib.Path(arguments[place + 1])
        shots.mkdir(parents=True, exist_ok=True)
        arguments = arguments[:place] + arguments[place + 2 :]
    with_slider = "--slider" in arguments
    browser, path = [argument for argument in arguments if argument != "--slider"]
    for found in look(browser, pathlib.Path(path), with_slider, shots):
        print(found)


main(sys.argv[1:])
