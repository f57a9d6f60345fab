//! Weeks in the life of a bank, from outside: what lands in the folders, and what comes of it without anybody's doing.

use std::time::Duration;

use serde_json::Value;

use crate::bank;
use crate::csv::Csv;
use crate::run::Bench;

/// A bank whose model is a scorecard, which is learnt in a moment, with its one weekly file put aside.
fn bank() -> (Bench, String) {
    let bench = bank::made();
    bench.edit("winback.toml", "learner = \"auto\"", "learner = \"linear\"");
    let week = bench.read(bank::WEEK);
    std::fs::remove_file(bench.path().join(bank::WEEK)).unwrap();
    (bench, week)
}

/// Puts a file into the weekly folder as if it had lain there for a while; whole at once, for a busy machine may let the
/// writer rest so long that what is there counts as whole.
pub(crate) fn drop_file(bench: &Bench, name: &str, text: &str) {
    let folder = bench.path().join("weekly_folder");
    let unseen = folder.join(format!(".{name}"));
    std::fs::write(&unseen, text).unwrap();
    age(&unseen);
    std::fs::rename(unseen, folder.join(name)).unwrap();
}

/// Makes a file look as if nobody had written to it for a while.
fn age(path: &std::path::Path) {
    let file = std::fs::File::options().append(true).open(path).unwrap();
    let now = file.metadata().unwrap().modified().unwrap();
    file.set_modified(now - Duration::from_secs(10)).unwrap();
}

/// The same customers without the first: another file.
pub(crate) fn shorter(text: &str, by: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    format!("{}\n{}\n", lines[0], lines[1 + by..].join("\n"))
}

fn pending(bench: &Bench) -> Vec<Value> {
    bench.json(&["run", "weekly", "--pending"])["runs"].as_array().unwrap().clone()
}

/// The one run of a drop, with its outcome.
fn one(bench: &Bench, outcome: &str) -> Value {
    let runs = pending(bench);
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0]["outcome"], outcome, "{}", runs[0]);
    runs[0].clone()
}

fn state(run: &Value, step: &str) -> String {
    let steps = run["steps"].as_array().unwrap();
    let found = steps.iter().find(|told| told["step"] == step);
    found.unwrap_or_else(|| panic!("no {step} in {run}"))["state"].as_str().unwrap().to_owned()
}

/// What was published is whole: the manifest names each file by its digest, and all customers are there.
fn check_published(bench: &Bench, run: &Value, customers: usize) -> Value {
    use sha2::Digest as _;
    let folder = run["published"].as_str().unwrap();
    let manifest: Value = serde_json::from_str(&bench.read(&format!("{folder}/manifest.json"))).unwrap();
    for (name, told) in manifest["files"].as_object().unwrap() {
        let bytes = std::fs::read(bench.path().join(folder).join(name)).unwrap();
        assert_eq!(told["sha256"], hex::encode(sha2::Sha256::digest(&bytes)), "{name}");
    }
    assert_eq!(Csv::parse(&bench.read(&format!("{folder}/scores.csv"))).rows.len(), customers);
    assert_eq!(manifest["run"], run["run"]);
    manifest
}

#[test]
fn a_week_that_nobody_watches() {
    let (bench, week) = bank();
    let customers = Csv::parse(&week).rows.len();
    assert_eq!(pending(&bench).len(), 0, "nothing has landed");

    drop_file(&bench, "w1.csv", &week);
    let first = one(&bench, "succeeded");
    assert_eq!(
        (&first["new"], &first["trained"], &first["model"]),
        (&true.into(), &true.into(), &"churn/1".into())
    );
    check_published(&bench, &first, customers);
    assert_eq!(bench.json(&["models"])[0]["aliases"][0], "champion");

    assert_eq!(pending(&bench).len(), 0, "the same file is not scored again");
    drop_file(&bench, "w1.csv", &week);
    let seen = pending(&bench);
    assert_eq!(seen.len(), 0, "nor when it is copied once more: {seen:?}");

    drop_file(&bench, "w2.csv", &shorter(&week, 1));
    let second = one(&bench, "succeeded");
    assert_eq!((&second["trained"], state(&second, "train/fit")), (&false.into(), "skipped".to_owned()));
    assert_eq!(state(&second, "deploy/promote"), "left out");
    check_published(&bench, &second, customers - 1);
    let why = bench.json(&["runs", "why", second["run"].as_str().unwrap(), "train/fit"]);
    assert!(why["why"].as_str().unwrap().contains(first["run"].as_str().unwrap()), "{why}");

    bench.edit("winback.toml", "seed = 1", "seed = 2");
    bench.edit("winback.toml", "risk_high = 3.0", "risk_high = 2.5");
    drop_file(&bench, "w3.csv", &shorter(&week, 2));
    let third = one(&bench, "succeeded");
    assert_eq!(state(&third, "train/fit"), "done", "other settings are another training");
    let why = bench.json(&["runs", "why", third["run"].as_str().unwrap(), "train/fit"]);
    assert!(why["changes"].to_string().contains("seed: 1 → 2"), "{why}");
    assert_eq!(bench.json(&["models"]).as_array().unwrap().len(), 2);
    let manifest = check_published(&bench, &third, customers - 2);
    assert_eq!(manifest["failures"], serde_json::json!({}));

    // A changed file under the same name is a new publication beside the old one.
    drop_file(&bench, "w1.csv", &shorter(&week, 3));
    let again = one(&bench, "succeeded");
    check_published(&bench, &again, customers - 3);
    check_published(&bench, &first, customers);
    let forced = bench.json(&["run", "weekly", "--file", "w1.csv", "--force"])["runs"][0].clone();
    assert!(forced["published"].as_str().unwrap().ends_with("-r2"), "{forced}");
    // Whichever pipeline a file is asked of, it is published once; and `score` alone looks at no history.
    let known = bench.json(&["run", "score", "--file", "w2.csv"])["runs"][0].clone();
    assert_eq!((&known["run"], &known["new"]), (&second["run"], &false.into()));
    drop_file(&bench, "w4.csv", &shorter(&week, 4));
    let scored = bench.json(&["run", "score", "--file", "w4.csv"])["runs"][0].clone();
    assert_eq!((&scored["outcome"], &scored["trained"]), (&"succeeded".into(), &Value::Null));
    assert_eq!(pending(&bench).len(), 0);
}

#[test]
fn a_bad_file_is_put_aside_and_the_next_one_scored() {
    let (bench, week) = bank();
    drop_file(&bench, "good.csv", &week);
    drop_file(&bench, "bad.csv", "a,b\n1,2\n");
    drop_file(&bench, ".hidden.csv", &week);
    drop_file(&bench, "half.csv.part", &week);
    let runs = pending(&bench);
    let of = |name: &str| runs.iter().find(|run| run["file"] == name).unwrap_or_else(|| panic!("{runs:?}"));
    assert_eq!(
        (runs.len(), &of("good.csv")["outcome"], &of("bad.csv")["outcome"]),
        (2, &"succeeded".into(), &"refused".into())
    );
    let folder = of("bad.csv")["quarantine"].as_str().unwrap();
    let reason: Value = serde_json::from_str(&bench.read(&format!("{folder}/reason.json"))).unwrap();
    assert!(reason["reasons"]["score/score"].as_str().unwrap().contains("has no column"), "{reason}");
    assert_eq!(bench.read(&format!("{folder}/bad.csv")), "a,b\n1,2\n", "nothing is lost");
    assert!(!bench.path().join("output_folder/bad.csv").exists());
    assert_eq!(pending(&bench).len(), 0, "what was refused is not tried again");
}

#[test]
fn a_file_that_was_replaced_too_early_is_scored_when_it_is_put_back() {
    let (bench, week) = bank();
    std::fs::remove_file(bench.path().join(bank::HISTORY)).unwrap();
    drop_file(&bench, "w.csv", &week);
    let first = one(&bench, "waits");
    // Before there is a model, somebody replaces the file and thinks better of it.
    drop_file(&bench, "w.csv", "a,b\n1,2\n");
    let (other, _) = self::bank();
    bench.write(bank::HISTORY, &other.read(bank::HISTORY));
    age(&bench.path().join(bank::HISTORY));
    let runs = pending(&bench);
    assert!(runs.iter().all(|run| run["outcome"] == "refused") && runs.len() == 2, "{runs:?}");
    drop_file(&bench, "w.csv", &week);
    let again = one(&bench, "succeeded");
    assert_eq!(again["run"], first["run"]);
    check_published(&bench, &again, Csv::parse(&week).rows.len());
}

#[test]
fn too_many_bad_rows_are_told_without_a_customers_value() {
    let (bench, week) = bank();
    let spoiled: Vec<String> = week
        .lines()
        .enumerate()
        .map(|(row, line)| {
            if row > 0 && row % 3 == 0 {
                line.replacen(',', ",secret of somebody,", 1)
            } else {
                line.to_owned()
            }
        })
        .collect();
    drop_file(&bench, "spoiled.csv", &(spoiled.join("\n") + "\n"));
    let run = one(&bench, "refused");
    assert!(run.to_string().contains("rows were rejected"), "{run}");
    let rows = bench.read(&format!("{}/rows.csv", run["quarantine"].as_str().unwrap()));
    assert!(rows.contains("secret of somebody"), "whoever mends the file needs them");
    assert!(rows.contains("spoiled.csv,") && !rows.contains(&*bench.path().to_string_lossy()), "{rows}");
    for entry in walk(&bench.path().join("state")) {
        let text = std::fs::read_to_string(&entry).unwrap();
        assert!(!text.contains("secret of somebody"), "{}", entry.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[cfg(unix)]
#[test]
fn what_can_never_be_taken_up_is_told_and_stops_nothing() {
    let (bench, week) = bank();
    drop_file(&bench, "w.csv", &week);
    drop_file(&bench, "back\\slash.csv", &week);
    std::os::unix::fs::symlink(".", bench.path().join("weekly_folder/loop")).unwrap();
    // Whoever opened it would wait for ever.
    let pipe = bench.path().join("weekly_folder/pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let seen = bench.run(&["run", "weekly", "--pending"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    for name in ["back\\\\slash.csv", "loop", "pipe.csv"] {
        let said = format!("`weekly_folder/{name}`: it is never taken up");
        assert!(seen.stderr.contains(&said), "{said} in {}", seen.stderr);
    }
    assert!(!seen.stderr.contains("is left"), "{}", seen.stderr);
    let refused = bench.refused(&["run", "weekly", "--file", "pipe.csv"]);
    assert!(refused.contains("it is no file"), "{refused}");
    assert!(bench.path().join("output_folder/w.csv/latest.json").exists());
    let again = bench.run(&["run", "weekly", "--pending"]);
    assert!(again.stdout.starts_with("nothing waits in `weekly_folder` of `file://"), "{}", again.stdout);
    let refused = bench.refused(&["run", "weekly", "--file", "../winback.toml"]);
    assert!(refused.contains("cannot take up `../winback.toml`"), "{refused}");
}

#[test]
fn a_disk_that_cannot_be_used_keeps_a_run_open() {
    let (bench, week) = bank();
    drop_file(&bench, "w1.csv", &week);
    one(&bench, "succeeded");
    for (number, folder) in ["artifacts", "output_folder"].into_iter().enumerate() {
        let (folder, aside) = (bench.path().join(folder), bench.path().join("aside"));
        std::fs::rename(&folder, &aside).unwrap();
        std::fs::write(&folder, "in the place of a folder").unwrap();
        drop_file(&bench, &format!("n{number}.csv"), &shorter(&week, 1 + number));
        let seen = bench.run(&["run", "weekly", "--pending", "--json"]);
        assert_eq!(seen.code, Some(2), "{}", seen.stderr);
        let told: Value = serde_json::from_str(&seen.stdout).unwrap();
        assert_eq!((&told["runs"][0]["outcome"], &told["left"]), (&"waits".into(), &0.into()), "{told}");
        assert!(seen.stderr.contains("it stays open"), "{}", seen.stderr);

        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(&aside, &folder).unwrap();
        let run = one(&bench, "succeeded");
        assert_eq!(run["run"], told["runs"][0]["run"]);
        check_published(&bench, &run, Csv::parse(&week).rows.len() - 1 - number);
    }
}

#[test]
fn without_a_model_files_wait_and_a_failed_training_stops_nobody() {
    let (bench, week) = bank();
    let history = bench.read(bank::HISTORY);
    std::fs::remove_file(bench.path().join(bank::HISTORY)).unwrap();
    drop_file(&bench, "w1.csv", &week);
    let waits = one(&bench, "waits");
    assert_eq!((state(&waits, "train/history"), &waits["quarantine"]), ("failed".to_owned(), &Value::Null));

    // One that was written just now is waited for.
    bench.write(bank::HISTORY, &history);
    let run = one(&bench, "succeeded");
    assert_eq!((&run["run"], &run["model"]), (&waits["run"], &"churn/1".into()));

    // From here on there is a champion, and the history breaks.
    bench.write(bank::HISTORY, "nothing,of\nthe,kind\n");
    drop_file(&bench, "w2.csv", &shorter(&week, 1));
    let second = one(&bench, "succeeded");
    assert_eq!((state(&second, "train/ingest"), &second["model"]), ("failed".to_owned(), &"churn/1".into()));
    let manifest = check_published(&bench, &second, Csv::parse(&week).rows.len() - 1);
    assert!(manifest["failures"]["train/ingest"].is_string(), "{manifest}");
}

#[test]
fn a_person_may_roll_back_and_a_copied_package_is_deployed_like_any_other() {
    let (bench, week) = bank();
    drop_file(&bench, "w1.csv", &week);
    one(&bench, "succeeded");
    let none = bench.refused(&["models", "rollback", "--reason", "x", "--by", "ada"]);
    assert!(none.contains("no other champion before"), "{none}");

    bench.edit("winback.toml", "risk_medium = 1.0", "risk_medium = 0.9");
    bench.json(&["run", "train"]);
    bench.json(&["models", "promote", "2", "--reason", "tried", "--by", "ada"]);
    let back = bench.json(&["models", "rollback", "--reason", "worse than thought", "--by", "grace"]);
    let further = bench.refused(&["models", "rollback", "--reason", "x", "--by", "grace"]);
    assert!(further.contains("no other champion before"), "a second way back does not lead forth: {further}");
    assert_eq!((&back["version"], &back["aliases"][0]), (&1.into(), &"champion".into()));
    drop_file(&bench, "w2.csv", &shorter(&week, 1));
    assert_eq!(one(&bench, "succeeded")["model"], "churn/1", "what a person decided is not undone");

    // The package goes to another bank by hand.
    let (other, _) = self::bank();
    copy(&bench.path().join("models/churn/1"), &other.path().join("models/churn/7"));
    let deployed = other.json(&["run", "deploy", "--model", "7"]);
    assert_eq!(deployed["runs"][0]["outcome"], "succeeded", "{deployed}");
    assert_eq!(other.json(&["models"])[0]["aliases"][0], "champion");
    // One that was altered on the way is not.
    copy(&bench.path().join("models/churn/2"), &other.path().join("models/churn/8"));
    std::fs::write(other.path().join("models/churn/8/card.md"), "altered").unwrap();
    let refused = other.refused_by_run(&["run", "deploy", "--model", "8"]);
    assert!(refused.contains("cut or altered"), "{refused}");
    // And one that cannot be compared with the champion needs a person.
    copy(&bench.path().join("models/churn/2"), &other.path().join("models/churn/9"));
    assert_eq!(other.json(&["run", "deploy", "--model", "9"])["runs"][0]["outcome"], "succeeded");
    let nine = other.json(&["models"])[1].clone();
    assert_eq!((&nine["version"], &nine["refusals"][0]["gates"][0]["gate"]), (&9.into(), &"unjudged".into()));
    other.json(&["models", "promote", "9", "--challenger", "--reason", "worth a try", "--by", "ada"]);
    drop_file(&other, "w1.csv", &week);
    let run = one(&other, "succeeded");
    let manifest = check_published(&other, &run, Csv::parse(&week).rows.len());
    // The weekly training of that bank made the very package that was copied there first.
    assert!(manifest["shadow"]["customers"].is_number(), "{manifest}");
    let page = other.read(&format!("{}/report.html", run["published"].as_str().unwrap()));
    assert!(page.contains("The challenger") && page.contains("churn/9"), "the page tells of the challenger");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn runs_are_listed_shown_cancelled_and_tried_again() {
    let (bench, week) = bank();
    assert_eq!(bench.json(&["runs"]), serde_json::json!([]));
    std::fs::remove_file(bench.path().join(bank::HISTORY)).unwrap();
    drop_file(&bench, "w1.csv", &week);
    let run = one(&bench, "waits")["run"].as_str().unwrap().to_owned();
    assert_eq!(bench.json(&["runs"])[0]["outcome"], "open");
    let shown = bench.run(&["runs", "show", &run]);
    assert!(shown.stdout.contains("train\n") && shown.stdout.contains("to come"), "{}", shown.stdout);
    assert_eq!(
        bench.json(&["runs", "cancel", &run, "--by", "ada", "--reason", "wrong week"])["cancelled"],
        true
    );
    assert_eq!(one(&bench, "cancelled")["run"], run.as_str());
    let shown = bench.json(&["runs", "show", &run]);
    assert_eq!((&shown["outcome"], &shown["cancelled"]["by"]), (&"cancelled".into(), &"ada".into()));
    assert_eq!(bench.json(&["runs", "retry", &run, "--by", "ada"])["reopened"], true);
    assert_eq!(one(&bench, "waits")["run"], run.as_str());
    let unknown = bench.refused(&["runs", "show", "weekly-000000000000"]);
    assert!(unknown.contains("there is no run `weekly-000000000000`"), "{unknown}");
    let odd = bench.refused(&["runs", "why", &run, "no-step"]);
    assert!(odd.contains("has no step `no-step`"), "{odd}");
    for senseless in [
        &["run", "train", "--file", "x"][..],
        &["run", "weekly", "--model", "1"],
        &["run", "deploy", "--model", "x"],
    ] {
        bench.refused(senseless);
    }
    let odd = bench.refused(&["run", "nothing"]);
    assert!(odd.contains("there is no pipeline `nothing`") && odd.contains("`weekly`"), "{odd}");
}

#[test]
fn pipelines_can_be_looked_at() {
    let bench = Bench::new();
    let shown = bench.run(&["pipelines", "show", "weekly"]).stdout;
    assert!(shown.contains("train/fit") && shown.contains("waits for a champion"), "{shown}");
    let dot = bench.run(&["pipelines", "show", "weekly", "--dot"]).stdout;
    assert!(
        dot.starts_with("digraph \"weekly\" {") && dot.contains("\"train/fit\" -> \"train/register\""),
        "{dot}"
    );
    assert_eq!(bench.json(&["pipelines", "show", "deploy"])["name"], "deploy");
    assert_eq!(bench.json(&["pipelines"]).as_array().unwrap().len(), 5);
}

#[test]
fn outcomes_are_recorded() {
    let (bench, _) = bank();
    std::fs::create_dir(bench.path().join("outcomes_folder")).unwrap();
    bench.write("outcomes_folder/o.csv", "customer,left\n1,yes\n2,no\n");
    let runs = bench.json(&["run", "measure", "--pending"]);
    assert_eq!(runs["runs"][0]["outcome"], "succeeded", "{runs}");
    assert_eq!(bench.json(&["run", "measure", "--pending"])["runs"], serde_json::json!([]));
}

#[test]
fn only_the_newest_is_scored_where_that_is_wanted() {
    let (bench, week) = bank();
    let toml = bench.read("winback.toml");
    bench.write("winback.toml", &format!("{toml}\n[pipelines]\nbacklog = \"newest\"\n"));
    drop_file(&bench, "old.csv", &week);
    std::thread::sleep(Duration::from_millis(20));
    drop_file(&bench, "new.csv", &shorter(&week, 1));
    assert_eq!(one(&bench, "succeeded")["file"], "new.csv");
    assert_eq!(pending(&bench).len(), 0, "also the next time");
    drop_file(&bench, "newer.csv", &shorter(&week, 2));
    assert_eq!(one(&bench, "succeeded")["file"], "newer.csv");
}

#[test]
fn a_step_runs_alone_as_in_a_container() {
    let (bench, _) = bank();
    let found = bench.run(&["step", "history"]);
    assert_eq!(found.code, Some(0), "{}", found.stderr);
    bench.write("in.json", &found.stdout);
    let seen = bench.run(&["step", "ingest", "--inputs", "in.json", "--outputs", "out.json"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let given: Value = serde_json::from_str(&bench.read("out.json")).unwrap();
    assert!(given["schema"]["file"]["digest"].is_string(), "{given}");
    let refused = bench.refused(&["step", "ingest"]);
    assert!(refused.contains("it needs the input `files`"), "{refused}");
    let refused = bench.refused(&["step", "nothing"]);
    assert!(refused.contains("there is no component `nothing`"), "{refused}");
}

#[test]
fn what_nothing_names_is_cleaned_up_and_the_next_week_still_scored() {
    let (bench, week) = bank();
    drop_file(&bench, "w1.csv", &week);
    one(&bench, "succeeded");
    let kept = bench.json(&["clean"]);
    assert_eq!(kept["objects"], 0, "all of it is young: {kept}");
    let toml = bench.read("winback.toml");
    bench.write("winback.toml", &format!("{toml}\n[pipelines]\nlease = \"1 s\"\n"));
    std::thread::sleep(Duration::from_millis(2_100));
    let gone = bench.json(&["clean", "--older-than", "1 s"]);
    assert!(gone["objects"].as_u64().unwrap() > 5, "{gone}");
    drop_file(&bench, "w2.csv", &shorter(&week, 1));
    let run = one(&bench, "succeeded");
    assert_eq!(
        (state(&run, "train/fit"), &run["model"]),
        ("done".to_owned(), &"churn/1".into()),
        "made again, and the same"
    );
    assert_eq!(bench.json(&["models"]).as_array().unwrap().len(), 1);
}
