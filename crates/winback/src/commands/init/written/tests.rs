//! The text of the settings file: it means what was found, whatever the columns are called.

use std::sync::Arc;

use winback_retain::leaks::Examined;
use winback_table::Schema;
use winback_table::infer::{Hints, infer};
use winback_table::input::{Input, Limits, MemoryInput};
use winback_table::profile::profile;
use winback_table::reader::Options;

use super::*;

const ODD: &str = "say \"hi\"";

fn history() -> String {
    let mut text =
        format!("Row,Id,\"{}\",a#b = 1,\"new\nline\",as_of,Gender,Exited\n", ODD.replace('"', "\"\""));
    for row in 0..200 {
        let (level, exited) = (["x", "y", "?"][row % 3], u8::from(row % 5 == 0));
        text.push_str(&format!(
            "{row},C{row},{level},{},{row}.5,2026-01-0{},f,{exited}\n",
            row % 7,
            row % 9 + 1
        ));
    }
    text
}

fn look(text: String, hints: Hints) -> (Request, Look) {
    let request = Request {
        history: vec!["data/odd \"name\".csv".into()],
        hints,
        missing: Schema::MISSING.map(str::to_owned).to_vec(),
        missing_is_given: false,
        root: None,
        options: Options::default(),
        delimiter: Some("tab".to_owned()),
        encoding: None,
        limits: Limits::default(),
        unpacked_limit: Some("2 TB".to_owned()),
        unpacked_ratio_limit: Some(5000),
    };
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m", text))];
    let table = profile(&inputs, request.options, &request.missing, &mut |_| {}).unwrap();
    let proposal = infer(&table, &request.hints, &request.missing).unwrap();
    (request, Look { table, proposal, examined: Examined::default() })
}

#[test]
fn what_is_written_reads_back_as_what_was_shown() {
    let hints = Hints { exclude: vec![ODD.to_owned()], ..Hints::default() };
    let (request, look) = look(history(), hints);
    let text = text(&request, &look, Path::new("winback.toml")).unwrap();
    let settings = Settings::parse(&text, Path::new("winback.toml")).unwrap();
    assert_eq!(settings.schema(&look.table).unwrap().schema, look.proposal.schema);
    let roles = |role| {
        let fields = look.proposal.schema.fields.iter().filter(move |field| field.role == role);
        fields.map(|field| field.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((roles(Role::Key), roles(Role::Time)), (vec!["Id"], vec!["as_of"]));
    assert_eq!(roles(Role::Excluded), ["Row", ODD, "Gender"]);
}

#[test]
fn comments_can_be_taken_away_and_still_mean_something() {
    let text = {
        let (request, look) =
            look(history().replace(",f,", ",m,").replacen(",m,", ",f,", 9), Hints::default());
        text(&request, &look, Path::new("winback.toml")).unwrap()
    };
    assert!(text.contains("# protected = [\"Gender\"]\n"), "{text}");
    let uncommented = text.replace("# protected", "protected").replace("# horizon", "horizon");
    let uncommented = uncommented.replace("# [columns", "[columns").replace("# name = ", "name = ");
    let uncommented = uncommented.replace("# kind", "kind").replace("# reason", "reason");
    let uncommented = uncommented.replace("# monotone", "monotone");
    let settings = Settings::parse(&uncommented, Path::new("winback.toml")).unwrap();
    assert_eq!((settings.data.protected.len(), settings.columns.len()), (1, 1));
}

#[test]
fn a_path_is_seen_from_the_settings_file() {
    let seen = |config: &str, file: &str| seen_from(Path::new(config), Path::new(file)).unwrap();
    assert_eq!(seen("winback.toml", "a/b.csv"), "a/b.csv");
    assert_eq!(seen("./winback.toml", "b.csv"), "b.csv");
    assert_eq!(seen("a/winback.toml", "a/b.csv"), "b.csv");
    assert_eq!(seen("a/winback.toml", "/b.csv"), "/b.csv");
    let outside = std::path::absolute("b.csv").unwrap();
    assert_eq!(Path::new(&seen("a/winback.toml", "b.csv")), outside);
}

#[test]
fn the_root_is_the_bank_that_the_history_lies_in() {
    let root = |config: &str, files: &[&str]| {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        root_around(&files, Path::new(config)).unwrap()
    };
    let here = "winback.toml";
    assert_eq!(root(here, &["ours/input_folder/a.csv", "ours/input_folder/b.csv"]), "file:./ours");
    assert_eq!(root(here, &["input_folder/*.csv"]), "file:.");
    assert_eq!(root(here, &["../ours/input_folder/a.csv"]), "file:./../ours");
    assert_eq!(root(here, &["/ours/input_folder/a.csv"]), "file:/ours");
    assert_eq!(root(here, &["/input_folder/a.csv"]), "file:/");
    assert_eq!(root("ours/winback.toml", &["ours/input_folder/a.csv"]), "file:.");
    for files in [&["a.csv"][..], &["ours/a.csv"], &["a/input_folder/a.csv", "b/input_folder/b.csv"]] {
        assert_eq!(root(here, files), DEFAULT_ROOT, "{files:?}");
    }
}

#[test]
fn a_name_is_spoken_in_words() {
    let spoken: Vec<String> = ["CreditScore", "Total_Trans_Ct", "nr.employed", "AGE"].map(spoken).to_vec();
    assert_eq!(spoken, ["credit score", "total trans ct", "nr employed", "age"]);
}

#[test]
fn a_text_is_quoted_onto_one_line() {
    assert_eq!(quoted("a \"b\" \\ \n"), r#""a \"b\" \\ \u000A""#);
    assert_eq!((quoted_key("Total_Ct"), quoted_key("a b")), ("Total_Ct".to_owned(), "\"a b\"".to_owned()));
}
