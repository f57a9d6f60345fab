//! Hostile files given to the program: each of `testdata/hostile` to `init` and to `score`, held against its
//! `expected.toml`; then what a person does about them: patterns, months, notations and limits in the settings.

use std::path::PathBuf;

use serde::Deserialize;

use crate::csv::Csv;
use crate::run::Bench;

#[derive(Deserialize)]
struct Manifest {
    file: Vec<Expected>,
}

/// The answer expected of a file; what only the library's own test looks at is left out.
#[derive(Deserialize)]
struct Expected {
    name: String,
    refused: Option<String>,
    #[serde(default)]
    read: u64,
    #[serde(default)]
    kept: u64,
    score: Option<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/hostile"))
}

fn manifest() -> Vec<Expected> {
    let text = std::fs::read_to_string(folder().join("expected.toml")).unwrap();
    toml::from_str::<Manifest>(&text).unwrap().file
}

fn with(name: &str) -> Bench {
    let bench = Bench::new();
    std::fs::copy(folder().join(name), bench.path().join(name)).unwrap();
    bench
}

#[test]
fn init_takes_or_refuses_each_file_as_expected() {
    for Expected { name, refused, read, .. } in manifest() {
        let bench = with(&name);
        let seen = bench.run(&["init", &name, "--root", "file:."]);
        let refused = match refused {
            None if read == 0 => Some("FILE has no rows that could be read".to_owned()),
            other => other,
        };
        match refused {
            Some(why) => {
                assert_eq!(seen.code, Some(1), "{name}: {}", seen.stderr);
                assert!(
                    seen.stderr.contains(&why.replace("FILE", &format!("`{name}`"))),
                    "{name}: {}",
                    seen.stderr
                );
                assert!(!bench.path().join("winback.toml").exists(), "{name}");
            }
            None => assert_eq!(seen.code, Some(0), "{name}: {}", seen.stderr),
        }
    }
}

#[test]
fn score_takes_or_refuses_each_file_as_expected() {
    let model = folder().join("package");
    let model = model.to_str().unwrap();
    for Expected { name, refused, read, kept, score } in manifest() {
        let bench = with(&name);
        let seen = bench.run(&["score", &name, "--model", model, "-o", "out.csv", "--json"]);
        if let Some(why) = refused.or(score) {
            assert_eq!(seen.code, Some(1), "{name}: {}", seen.stderr);
            assert!(
                seen.stderr.contains(&why.replace("FILE", &format!("`{name}`"))),
                "{name}: {}",
                seen.stderr
            );
            assert!(!bench.path().join("out.csv").exists(), "{name}: nothing is scored from a refused file");
        } else {
            assert_eq!(seen.code, Some(0), "{name}: {}", seen.stderr);
            let found: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
            assert_eq!((&found["read"], &found["scored"]), (&read.into(), &kept.into()), "{name}");
            assert_eq!(Csv::parse(&bench.read("out.csv")).rows.len() as u64, kept, "{name}");
        }
    }
}

/// A clean table under another name, with every cell of the column `balance` spelled anew.
fn respelled(bench: &Bench, name: &str, spell: impl Fn(&str) -> String) {
    let text = std::fs::read_to_string(folder().join("clean.csv")).unwrap();
    let mut lines: Vec<String> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if index > 0 {
            cells[2] = spell(&cells[2]);
        }
        lines.push(cells.join(";"));
    }
    bench.write(name, &format!("{}\n", lines.join("\n")));
}

/// The scored rows without the model's version, which is the digest of what may differ.
fn scores(bench: &Bench, name: &str) -> Vec<Vec<String>> {
    let mut scored = Csv::parse(&bench.read(name));
    let version = scored.at("model_version");
    scored.rows.iter_mut().for_each(|row| {
        row.remove(version);
    });
    scored.rows
}

#[test]
fn a_notation_told_at_training_is_read_at_scoring() {
    let euros = |cell: &str| format!("{} €", cell.replace('.', ","));
    let train = |spell: &dyn Fn(&str) -> String| {
        let bench = Bench::new();
        respelled(&bench, "history.csv", spell);
        bench.json(&["init", "history.csv", "--root", "file:."]);
        bench.json(&["train", "--learner", "linear"]);
        // The made table is too regular for a champion: two of its columns decide the label.
        bench.json(&["score", "history.csv", "-o", "scored.csv", "--model", "1"]);
        bench
    };
    let foreign = train(&euros);
    let plain = train(&str::to_owned);
    assert_eq!(scores(&foreign, "scored.csv"), scores(&plain, "scored.csv"));
    respelled(&foreign, "week.csv", str::to_owned);
    let said = foreign.refused(&["score", "week.csv", "--model", "1"]);
    assert!(said.contains("the first is `week.csv` line 2, column `balance`: not a number"), "{said}");
}

#[test]
fn an_ambiguous_column_is_mended_by_a_setting() {
    let thousands = |cell: &str| format!("1,{}", &cell[..3]);
    let bench = Bench::new();
    respelled(&bench, "history.csv", thousands);
    bench.json(&["init", "history.csv", "--root", "file:."]);
    let settings = bench.read("winback.toml");
    // An ambiguous column is proposed as one not to learn from.
    let kept: Vec<&str> = settings.lines().filter(|line| !line.trim().starts_with("\"balance\"")).collect();
    assert_eq!(kept.len() + 1, settings.lines().count(), "{settings}");
    let settings = kept.join("\n");
    bench.write("winback.toml", &format!("{settings}\n[columns.balance]\nnumbers = \"point\"\n"));
    bench.json(&["train", "--learner", "linear"]);
    let found = bench.json(&["score", "history.csv", "-o", "scored.csv", "--model", "1"]);
    assert_eq!((&found["scored"], &found["quarantined"]), (&160.into(), &0.into()));
    let schema = bench.read("models/churn/1/schema.json");
    assert!(schema.contains("\"numbers\": \"point\""), "{schema}");
}

#[test]
fn no_value_of_a_column_is_a_setting() {
    let bench = with("sentinel.csv");
    bench.json(&["init", "sentinel.csv", "--root", "file:."]);
    let mut settings = bench.read("winback.toml");
    settings.push_str("\n[columns.age]\nmissing = [999]\n");
    bench.write("winback.toml", &settings);
    bench.json(&["train", "--learner", "linear"]);
    let profile: serde_json::Value =
        serde_json::from_str(&bench.read("models/churn/1/profile.json")).unwrap();
    let columns = profile["columns"].as_array().unwrap();
    let age = columns.iter().find(|column| column["name"] == "age").unwrap();
    assert_eq!(age["missing"], 53, "{age}");
}

#[test]
fn training_tells_what_is_odd_and_not_what_the_settings_answer() {
    let bench = with("sentinel.csv");
    bench.json(&["init", "sentinel.csv", "--root", "file:."]);
    let told = |key: &str| {
        let found = bench.json(&["train", "--learner", "linear"]);
        let oddities = found["oddities"].as_array().unwrap().clone();
        oddities.into_iter().filter(|told| told.as_str().unwrap().contains(key)).collect::<Vec<_>>()
    };
    let expected = "`sentinel.csv` line 3, column `age`: 999 in 53 rows, far from all others (… to …); if it means no \
                    value, say `missing = [\"999\"]` under `[columns.age]`";
    assert_eq!(told("age"), [expected]);
    let settings = format!("{}\n[columns.age]\nmissing = [999]\n", bench.read("winback.toml"));
    bench.write("winback.toml", &settings);
    assert_eq!(told("age"), [""; 0]);
}

/// A month of the clean table: every customer once, the moment in a column of its own.
fn month(bench: &Bench, month: u32) {
    let text = std::fs::read_to_string(folder().join("clean.csv")).unwrap();
    let rows = text.lines().skip(1).map(|line| format!("2026-{month:02}-01,{line}\n"));
    let rows: String = rows.collect();
    bench.write(
        &format!("hist/2026-{month:02}.csv"),
        &format!("as_of,id,age,balance,city,since,left\n{rows}"),
    );
}

#[test]
fn a_history_of_months_is_named_by_a_pattern() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path().join("hist")).unwrap();
    (1..=6).for_each(|number| month(&bench, number));
    bench.write("hist/notes.txt", "not a month");
    bench.json(&["init", "hist/2026-01.csv", "--root", "file:.", "--key", "id", "--time", "as_of"]);
    bench.edit("winback.toml", "history = \"hist/2026-01.csv\"", "history = \"hist/*.csv\"");
    // A customer stands once in each month; a second row of one month is rejected, the other months' are kept.
    let mut doubled = bench.read("hist/2026-03.csv");
    doubled.push_str("2026-03-01,C0001,44,200.1,Rome,2020-01-01,no\n");
    bench.write("hist/2026-03.csv", &doubled);
    let trained = bench.run(&["train", "--learner", "linear"]);
    assert_eq!(trained.code, Some(0), "{}", trained.stderr);
    assert!(trained.stderr.contains("1 rows of the history were rejected"), "{}", trained.stderr);
    let metrics = bench.read("models/churn/1/profile.json");
    assert!(metrics.contains("\"rows\": 960"), "{metrics}");
    bench.edit("winback.toml", "hist/*.csv", "hist/*.parquet");
    let said = bench.refused(&["train"]);
    assert!(said.contains("no file matches") && said.contains("hist/*.parquet"), "{said}");
}

#[test]
fn weeks_are_scored_by_a_pattern_in_order() {
    let bench = Bench::new();
    let model = folder().join("package");
    let text = std::fs::read_to_string(folder().join("clean.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let (first, second) = rows.split_at(rows.find("C0081").unwrap());
    bench.write("b.csv", &format!("{header}\n{second}"));
    bench.write("a.csv", &format!("{header}\n{first}"));
    bench.write("whole.csv", &text);
    let model = model.to_str().unwrap();
    bench.json(&["score", "[ab].csv", "--model", model, "-o", "parts.csv"]);
    bench.json(&["score", "whole.csv", "--model", model, "-o", "all.csv"]);
    assert_eq!(bench.read("parts.csv"), bench.read("all.csv"));
    let said = bench.refused(&["score", "weeks/*.csv", "--model", model]);
    assert!(said.contains("no file matches `weeks/*.csv`"), "{said}");
}

#[test]
fn the_limits_of_packed_files_are_settings() {
    let bench = with("packed.csv.gz");
    bench.json(&["init", "packed.csv.gz", "--root", "file:."]);
    let mut swelling = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::copy(&mut std::io::Read::take(std::io::repeat(b'0'), 80 << 20), &mut swelling).unwrap();
    std::fs::write(bench.path().join("bomb.gz"), swelling.finish().unwrap()).unwrap();
    let model = folder().join("package");
    let score = ["score", "bomb.gz", "--model", model.to_str().unwrap()];
    let said = bench.refused(&score);
    assert!(said.contains("`bomb.gz` unpacks to more than 1000 times its size"), "{said}");
    assert!(said.contains("raise `unpacked_ratio_limit` under `[data]`"), "{said}");
    bench.edit(
        "winback.toml",
        "[data]\n",
        "[data]\nunpacked_limit = \"1 GB\"\nunpacked_ratio_limit = 5000\n",
    );
    let said = bench.refused(&score);
    assert!(
        said.contains("the header of `bomb.gz` has a quote that never closes, or is longer than 1 MiB"),
        "{said}"
    );
    bench.edit("winback.toml", "unpacked_limit = \"1 GB\"", "unpacked_limit = \"10 MB\"");
    let said = bench.refused(&score);
    assert!(said.contains("`bomb.gz` unpacks to more than 10 MB"), "{said}");
    bench.edit("winback.toml", "unpacked_limit = \"10 MB\"", "unpacked_limit = \"much\"");
    let said = bench.refused(&score);
    assert!(said.contains("`much` is no size; write it as `800 MB`, `500 GB` or `2 TB`"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let bench = Bench::new();
    let pipe = bench.path().join("history.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // A program that waits for a writer gets one some day, and fails the test.
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(30));
        std::fs::write(pipe, "not,to\nbe,read\n")
    });
    let refused = bench.refused(&["init", "history.csv"]);
    assert!(refused.contains("it is a pipe, a socket or a device; name a file"), "{refused}");
}
