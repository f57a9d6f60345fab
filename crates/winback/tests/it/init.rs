//! `winback init` on made files: what is guessed, what is refused, what is written.

use crate::run::Bench;

fn history() -> String {
    let mut text = "RowNumber,CustomerId,Surname,Age,Zip,Income,Segment,Exited\n".to_owned();
    for row in 0..400 {
        let (age, income) = (20 + row % 50, if row % 40 == 0 { "?".to_owned() } else { format!("{row}.5") });
        let (segment, exited) = (["retail", "private", "Unknown"][row % 3], u8::from(row % 5 == 0));
        let (key, zip) = (9_000_000 + row * 37, 1000 + row % 9);
        text.push_str(&format!("{row},{key},Name{},{age},0{zip},{income},{segment},{exited}\n", row / 2 * 7));
    }
    text
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("history.csv", &history());
    bench
}

#[test]
fn a_file_is_shown_and_settings_are_written() {
    let bench = bench();
    let seen = bench.run(&["init", "history.csv"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(seen.stdout.starts_with("400 rows, 8 columns\n"), "{}", seen.stdout);
    assert!(
        seen.stdout.contains("`CustomerId` names the customer: every value is different"),
        "{}",
        seen.stdout
    );
    assert!(seen.stdout.contains("here `?`, `Unknown`"), "{}", seen.stdout);
    assert_eq!(seen.stderr, "wrote winback.toml; look it through\n");
    let written = bench.read("winback.toml");
    for line in [
        "history = \"history.csv\"",
        "label = { column = \"Exited\", positive = \"1\" }",
        "# protected = [\"Age\"]",
    ] {
        assert!(written.lines().any(|found| found == line), "{line}\n{written}");
    }
    assert!(
        written.contains("    \"RowNumber\",") && written.contains("# every value is different"),
        "{written}"
    );
}

#[test]
fn json_is_one_object() {
    let bench = bench();
    let found = bench.json(&["init", "history.csv"]);
    assert_eq!((&found["config"], &found["rows"]), (&"winback.toml".into(), &400.into()));
    let columns = found["columns"].as_array().unwrap();
    let column = |name: &str| columns.iter().find(|column| column["name"] == name).unwrap();
    assert_eq!(column("CustomerId")["role"], "key");
    assert_eq!((&column("Income")["kind"], &column("Income")["missing"]), (&"number".into(), &10.into()));
    assert_eq!(
        (&column("Zip")["kind"], &column("RowNumber")["role"]),
        (&"category".into(), &"excluded".into())
    );
    assert_eq!(column("Segment")["distinct"], 2);
    assert_eq!(found["missing_spellings"], serde_json::json!(["?", "Unknown"]));
    assert!(!found["assumed"].as_array().unwrap().is_empty());
}

#[test]
fn what_is_said_is_not_assumed() {
    let bench = bench();
    let arguments = [
        "init",
        "history.csv",
        "--key",
        "CustomerId",
        "--label",
        "Segment",
        "--positive",
        "private",
        "--exclude",
        "Zip",
        "--exclude",
        "Exited",
        "--protected",
        "Age",
        "--missing",
        "?",
        "--root",
        "gs://bank",
        "--delimiter",
        ",",
    ];
    let found = bench.json(&arguments);
    // With one spelling of a missing value, `Unknown` is a level like others.
    let segment = &found["columns"][6];
    assert_eq!((&segment["role"], &segment["distinct"]), (&"label".into(), &3.into()));
    assert_eq!(found["perhaps_protected"], serde_json::json!([]));
    let written = bench.read("winback.toml");
    for line in
        ["root = \"gs://bank\"", "missing = [\"\", \"?\"]", "protected = [\"Age\"]", "delimiter = \",\""]
    {
        assert!(written.lines().any(|found| found == line), "{line}\n{written}");
    }
}

#[test]
fn settings_are_not_overwritten_unasked() {
    let bench = bench();
    bench.write("winback.toml", "mine");
    let said = bench.refused(&["init", "history.csv"]);
    assert!(
        said.starts_with("error: `winback.toml` is already there\nhint: `--force` overwrites it"),
        "{said}"
    );
    assert_eq!(bench.read("winback.toml"), "mine");
    assert_eq!(bench.run(&["init", "history.csv", "--force"]).code, Some(0));
    assert!(bench.read("winback.toml").contains("CustomerId"));
}

#[test]
fn settings_may_lie_elsewhere() {
    let bench = bench();
    let seen = bench.run(&["init", "history.csv", "--config", "deep/down/winback.toml"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let expected = format!("history = \"{}/history.csv\"", bench.path().canonicalize().unwrap().display());
    let written = bench.read("deep/down/winback.toml");
    assert!(written.contains(&expected), "{written}");
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_helps() {
    let bench = bench();
    let said = bench.refused(&["init", "histroy.csv"]);
    assert!(said.starts_with("error: cannot open `histroy.csv`\n  caused by: "), "{said}");
    assert!(said.ends_with("hint: there is a file `history.csv`\n"), "{said}");
    bench.write("empty.csv", "");
    let said = bench.refused(&["init", "empty.csv"]);
    assert_eq!(
        said,
        "error: `empty.csv` is empty: it has no header line; the first line must hold the column names\n"
    );
    bench.write("header.csv", "a,churn\n");
    let said = bench.refused(&["init", "header.csv"]);
    assert!(said.starts_with("error: `header.csv` has no rows that could be read\nhint: "), "{said}");
    assert!(!bench.path().join("winback.toml").exists());
}

#[test]
fn columns_that_are_not_there_are_named_with_the_nearest() {
    let bench = bench();
    let said = bench.refused(&["init", "history.csv", "--key", "Customer_Id"]);
    assert_eq!(said, "error: schema: there is no column `Customer_Id`; the nearest is `CustomerId`\n");
    let said = bench.refused(&["init", "history.csv", "--exclude", "surename"]);
    assert!(said.contains("no column `surename`; the nearest is `Surname`"), "{said}");
    let said = bench.refused(&["init", "history.csv", "--label", "Exited", "--positive", "yes"]);
    assert!(said.contains("`yes` is no value of `Exited`, which has `0`, `1`"), "{said}");
}

#[test]
fn a_history_without_a_label_is_refused_with_the_candidates() {
    let bench = Bench::new();
    bench.write("a.csv", "id,flag,kind\n1,yes,a\n2,no,b\n3,no,c\n");
    let said = bench.refused(&["init", "a.csv"]);
    assert!(said.contains("name it with --label and --positive"), "{said}");
    assert!(said.ends_with("hint: columns with two values: `flag`\n"), "{said}");
}

#[test]
fn broken_rows_are_counted_and_warned_of() {
    let bench = bench();
    bench.write("history.csv", &(history() + "1,2,3\n"));
    let seen = bench.run(&["init", "history.csv"]);
    assert!(seen.stdout.starts_with("400 rows, 1 more could not be read, 8 columns\n"), "{}", seen.stdout);
    assert!(
        seen.stderr.contains("warning: rows that cannot be read: 1; they will be rejected"),
        "{}",
        seen.stderr
    );
}

#[test]
fn a_pattern_names_a_history_and_stays_a_pattern() {
    let bench = bench();
    let text = bench.read("history.csv");
    let (header, rows) = text.split_once('\n').unwrap();
    let (first, second) = rows.split_at(rows.match_indices('\n').nth(199).unwrap().0 + 1);
    bench.write("month-1.csv", &format!("{header}\n{first}"));
    bench.write("month-2.csv", &format!("{header}\n{second}"));
    bench.write("month-2.csv.scored.csv", "not,a,history\n1,2,3\n");
    let found = bench.json(&["init", "month-*.csv", "--unpacked-limit", "2 TB"]);
    assert_eq!(found["rows"], 400);
    let written = bench.read("winback.toml");
    assert!(written.contains("\nhistory = \"month-*.csv\"\n"), "{written}");
    assert!(written.contains("\nunpacked_limit = \"2 TB\"\n"), "{written}");
    let said = bench.refused(&["init", "year-*.csv", "--force"]);
    assert!(said.starts_with("error: no file matches `year-*.csv`\nhint: "), "{said}");
}

#[test]
fn a_page_is_written_where_it_is_wanted_and_nowhere_else() {
    let bench = bench();
    let found = bench.json(&["init", "history.csv", "--html", "look/history.html"]);
    assert_eq!(found["report"], "look/history.html");
    let page = bench.read("look/history.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("400 rows in 8 columns"), "{page}");
    let said = bench.refused(&["init", "history.csv", "--force", "--html", "./history.csv"]);
    assert!(said.starts_with("error: `./history.csv` is no place for the page"), "{said}");
    assert!(bench.read("history.csv").starts_with("RowNumber,"));
}

#[test]
fn nothing_of_a_key_is_shown() {
    let bench = bench();
    let text = bench.read("history.csv").replacen(",9000037,", ",A-17-secret,", 1);
    bench.write("history.csv", &text);
    let seen = bench.run(&["init", "history.csv", "--key", "CustomerId", "--html", "page.html"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(!seen.stdout.contains("A-17") && !bench.read("page.html").contains("A-17"), "{}", seen.stdout);
}

/// A history whose `phone` is written in two ways, is excluded, and whose moment is tied to a date.
fn with_dates_and_phones() -> String {
    let mut text = "id,phone,as_of,last_update,balance,left\n".to_owned();
    for row in 0..600_u64 {
        let mixed = |salt: u64| (row * 7919 + salt * 104_729) % 1009;
        let left = mixed(1) < 250;
        let (month, day) = (3 + mixed(2) % 3, 1 + mixed(3) % 28);
        let update = if left { month + 1 } else { month - 1 };
        let phone = match row {
            300 => "0049-SECRET-7".to_owned(),
            _ => format!("{}", 49_151_000_000_u64 + row * 1_000_003),
        };
        let answer = if left { "yes" } else { "no" };
        text.push_str(&format!(
            "C{row:04},{phone},2026-0{month}-15,2026-0{update}-{day:02},{}.5,{answer}\n",
            row * row * 31 % 997
        ));
    }
    text
}

#[test]
fn nothing_of_an_excluded_column_is_shown() {
    let bench = Bench::new();
    bench.write("history.csv", &with_dates_and_phones());
    let seen =
        bench.run(&["init", "history.csv", "--key", "id", "--exclude", "phone", "--html", "page.html"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let page = bench.read("page.html");
    assert!(
        seen.stdout.contains("line 302, column `phone`: ") && seen.stdout.contains("`…`"),
        "{}",
        seen.stdout
    );
    for shown in [&seen.stdout, &page] {
        assert!(!shown.contains("SECRET") && !shown.contains("49151"), "{shown}");
    }
}

#[test]
fn every_column_of_what_is_grave_is_marked_and_any_comment_can_be_taken_at_its_word() {
    let bench = Bench::new();
    bench.write("history.csv", &with_dates_and_phones());
    let found = bench.json(&["init", "history.csv", "--key", "id", "--time", "as_of"]);
    assert_eq!(found["findings"][0]["columns"], serde_json::json!(["last_update", "as_of"]));
    let note = |name: &str| {
        let columns = found["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap()["note"].as_str().unwrap().to_owned()
    };
    assert!(note("last_update").contains("block: pair-decides-label"), "{}", note("last_update"));
    assert!(note("as_of").contains("block: pair-decides-label"), "{}", note("as_of"));
    let written = bench.read("winback.toml");
    assert!(written.contains("    # \"last_update\",") && !written.contains("# \"as_of\""), "{written}");
    // All suspected columns left out at once are settings that can be used.
    bench.write("winback.toml", &written.replace("    # \"", "    \""));
    let seen = bench.run(&["train", "--learner", "linear"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
}

#[test]
fn a_page_in_the_wrong_place_stops_everything_before_it_is_written() {
    let bench = bench();
    for place in ["history.csv", "./winback.toml"] {
        let said = bench.refused(&["init", "history.csv", "--html", place]);
        assert!(said.contains("is no place for the page"), "{said}");
        assert!(!bench.path().join("winback.toml").exists(), "settings were written");
    }
}

#[test]
fn of_a_long_history_it_is_not_said_that_no_row_repeats() {
    let bench = Bench::new();
    let mut text = "age,income,left\n".to_owned();
    for row in 0..66_000 {
        text.push_str(&format!("{},{},{}\n", row % 50, row % 33_000, u8::from(row % 33_000 % 7 == 0)));
    }
    bench.write("history.csv", &text);
    let seen = bench.run(&["init", "history.csv", "--label", "left", "--positive", "1"]);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(seen.stdout.contains("whether rows repeat is not known"), "{}", seen.stdout);
}
