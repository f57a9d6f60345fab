//! Pages beside models and scored files: what is in them, and how they fare in a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use winback_retain::page;
use winback_retain::report::{ProfileReport, ShownFinding};

use crate::bank::{PACKAGE, WEEK, trained, week};
use crate::csv::Csv;
use crate::run::Bench;
use winback_peers as peers;

/// The program of a browser that Playwright can drive, if one is here.
fn browser() -> Option<PathBuf> {
    let places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    places.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// Looks at a page with `testdata/pages/look.py`; answers whether anything was looked at.
fn look(test: &str, page: &Path, more: &[&str]) -> bool {
    if !peers::python(test, &["playwright"]) {
        return false;
    }
    let Some(browser) = browser() else {
        peers::skip(test, "there is no `chromium` in `/usr/bin`");
        return false;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pages/look.py");
    let output = Command::new("python3").arg(script).arg(browser).arg(page).args(more).output().unwrap();
    let (found, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && found.is_empty(), "{}:\n{found}{said}", page.display());
    true
}

#[test]
fn a_models_page_fares_well_in_a_browser() {
    let bench = trained();
    let page = bench.path().join(PACKAGE).join("report.html");
    look("a_models_page_fares_well_in_a_browser", &page, &["--slider"]);
}

#[test]
fn a_scored_files_page_fares_well_in_a_browser() {
    let bench = trained();
    harmed(&bench);
    bench.json(&["score", WEEK, "-o", "last.csv"]);
    bench.json(&["score", "week.csv", "-o", "scored.csv", "--previous", "last.csv", "--reject-limit", "0.5"]);
    let page = bench.path().join("scored.csv.report.html");
    look("a_scored_files_page_fares_well_in_a_browser", &page, &[]);
}

#[test]
fn long_words_of_findings_wrap_on_a_phone() {
    let bench = Bench::new();
    let long = format!("`{}`", "a_column_with_a_long_name=".repeat(30));
    let report = ProfileReport {
        source: "history.csv".to_owned(),
        rows: 100,
        findings: vec![ShownFinding {
            severity: "warn".to_owned(),
            kind: "leak".to_owned(),
            columns: vec!["x".repeat(200), "y".repeat(200)],
            evidence: long.clone(),
            message: format!("{long} and {}", "w".repeat(400)),
        }],
        assumptions: vec![long],
        ..ProfileReport::default()
    };
    bench.write("long.html", &page::profile(&report));
    look("long_words_of_findings_wrap_on_a_phone", &bench.path().join("long.html"), &[]);
}

/// How many customers have a high risk in a scored file and had none in an earlier one, counted here.
fn newly(bench: &Bench, last: &str, now: &str) -> usize {
    let high = |name: &str| -> Vec<String> {
        let scored = Csv::parse(&bench.read(name));
        let keys = scored.column("customer_id").into_iter().zip(scored.column("risk_band"));
        keys.filter(|(_, band)| *band == "high").map(|(key, _)| key.to_owned()).collect()
    };
    let before = high(last);
    high(now).iter().filter(|key| !before.contains(key)).count()
}

/// A week of other customers: only some of them, one segment renamed, one row without a key.
fn harmed(bench: &Bench) {
    let mut week = week(bench);
    let (key, segment) = (week.at("customer_id"), week.at("segment"));
    week.rows.retain(|row| row[segment] != "private");
    for row in week.rows.iter_mut().take(200) {
        "gold & <b>more</b>".clone_into(&mut row[segment]);
    }
    week.rows[3][key].clear();
    bench.write("week.csv", &week.text());
}

#[test]
fn the_package_has_its_page_and_training_says_where() {
    let bench = crate::bank::made();
    let made = bench.json(&["train", "--learner", "linear"]);
    let page = bench.read(&format!("{PACKAGE}/report.html"));
    assert!(Path::new(made["report"].as_str().unwrap()).ends_with("models/churn/1/report.html"), "{made}");
    let manifest: serde_json::Value =
        serde_json::from_str(&bench.read(&format!("{PACKAGE}/manifest.json"))).unwrap();
    assert!(manifest["files"]["report.html"].is_string(), "{manifest}");
    for said in ["<h1>", "Whom to contact", "left is yes", "winback train --learner linear --seed 1"] {
        assert!(page.contains(said), "{said}");
    }
    assert!(page.len() < 1_000_000 && !page.contains("C0000"), "a customer's key is in it");
    // Another time, another folder, another number of threads: the same page.
    let other = crate::bank::made();
    other.json(&["train", "--learner", "linear", "--threads", "1"]);
    assert_eq!(other.read(&format!("{PACKAGE}/report.html")), page);
}

#[test]
fn a_package_of_old_has_no_page_and_scores() {
    let bench = trained();
    let folder = bench.path().join(PACKAGE);
    std::fs::remove_file(folder.join("report.html")).unwrap();
    let path = folder.join("manifest.json");
    let mut manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    manifest["files"].as_object_mut().unwrap().remove("report.html");
    std::fs::write(&path, manifest.to_string()).unwrap();
    assert_eq!(bench.run(&["score", WEEK, "--model", PACKAGE, "-o", "scored.csv"]).code, Some(0));
}

#[test]
fn a_scored_file_has_its_page_and_an_older_one_goes() {
    let bench = trained();
    let found = bench.json(&["score", WEEK, "-o", "scored.csv"]);
    assert_eq!(found["report"], "scored.csv.report.html");
    let page = bench.read("scored.csv.report.html");
    assert!(page.contains("at high risk of leaving") && page.contains("week-2026-04-06.csv"));
    assert!(page.contains("The 20 customers most at risk") && page.contains("Every row could be used"));
    let found = bench.json(&["score", WEEK, "-o", "scored.csv", "--no-report", "--threads", "1"]);
    assert_eq!(found["report"], serde_json::Value::Null);
    assert!(!bench.path().join("scored.csv.report.html").exists(), "it would speak of other rows");
    bench.json(&["score", WEEK, "-o", "scored.csv", "--threads", "1"]);
    assert_eq!(bench.read("scored.csv.report.html"), page);
}

#[test]
fn weeks_are_compared_and_the_quarantine_is_counted() {
    let bench = trained();
    harmed(&bench);
    for last in ["last.csv", "last.parquet"] {
        bench.json(&["score", WEEK, "-o", last]);
        bench.json(&["score", "week.csv", "-o", "scored.csv", "--previous", last, "--reject-limit", "0.5"]);
        let page = bench.read("scored.csv.report.html");
        assert!(page.contains(last) && page.contains("1 row could not be used"), "{last}");
        assert!(page.contains("the key is missing") && page.contains("segment"), "{last}");
        assert!(!page.contains("<b>more"), "a value from the file is markup");
    }
    // The number is of the earlier file: of itself, of one with other bands, of one with other customers.
    let mut calm = Csv::parse(&bench.read("last.csv"));
    let band = calm.at("risk_band");
    calm.rows.iter_mut().skip(100).for_each(|row| "low".clone_into(&mut row[band]));
    bench.write("calm.csv", &calm.text());
    for last in ["last.csv", "calm.csv"] {
        bench.json(&["score", WEEK, "-o", "scored.csv", "--previous", last]);
        let said = match newly(&bench, last, "scored.csv") {
            0 => "No customer is newly at high risk".to_owned(),
            1 => "1 customer is newly at high risk".to_owned(),
            many => format!("{many} customers are newly at high risk"),
        };
        assert!(bench.read("scored.csv.report.html").contains(&said), "{last}: {said}");
    }
    assert!(1 < newly(&bench, "calm.csv", "scored.csv"), "both files say the same");
    let said = bench.refused(&["score", WEEK, "-o", "scored.csv", "--previous", "week.csv"]);
    assert!(said.contains("`week.csv` is not a scored file of an earlier week"), "{said}");
    let said = bench.refused(&["score", WEEK, "-o", "last.csv", "--previous", "last.csv"]);
    assert!(said.contains("would be overwritten"), "{said}");
}

#[test]
fn the_limits_of_packed_files_hold_for_an_earlier_week_too() {
    let bench = trained();
    let mut swelling = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut std::io::Read::take(std::io::repeat(b'0'), 20 << 20), &mut swelling).unwrap();
    std::fs::write(bench.path().join("last.csv.gz"), swelling.finish().unwrap()).unwrap();
    bench.edit("winback.toml", "[data]\n", "[data]\nunpacked_limit = \"1 MB\"\n");
    let said = bench.refused(&["score", WEEK, "-o", "scored.csv", "--previous", "last.csv.gz"]);
    assert!(said.contains("`last.csv.gz` unpacks to more than 1 MB"), "{said}");
}
