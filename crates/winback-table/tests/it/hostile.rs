//! The corpus of `testdata/hostile`: every file is looked at, understood and read, and what comes of it is held against
//! `expected.toml`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use winback_table::Schema;
use winback_table::infer::{Hints, infer};
use winback_table::input::{FileInput, Input};
use winback_table::profile::profile;
use winback_table::reader::{Options, Repeats, TableReader};

#[derive(Deserialize)]
struct Manifest {
    file: Vec<Expected>,
}

/// The answer expected of a file; what only the program's own test looks at is left out.
#[derive(Deserialize)]
struct Expected {
    name: String,
    about: String,
    /// Why it is refused as a whole, without the file's name.
    refused: Option<String>,
    #[serde(default)]
    read: u64,
    #[serde(default)]
    kept: u64,
    /// Rejected rows: line and reason.
    #[serde(default)]
    rejected: Vec<String>,
    /// What is said of the file, from the line on, up to a full sentence's first semicolon.
    #[serde(default)]
    odd: Vec<String>,
    /// Columns that are not what they are in the clean table: name, kind, role, notation.
    #[serde(default)]
    columns: Vec<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/hostile"))
}

fn manifest() -> Manifest {
    toml::from_str(&std::fs::read_to_string(folder().join("expected.toml")).unwrap()).unwrap()
}

/// What came of a file.
#[derive(Debug, Default, PartialEq)]
struct Found {
    refused: Option<String>,
    read: u64,
    kept: u64,
    rejected: Vec<String>,
    odd: Vec<String>,
    columns: Vec<String>,
}

fn look(name: &str) -> winback_table::Result<Found> {
    let path = folder().join(name);
    let inputs: Vec<Arc<dyn Input>> = vec![Arc::new(FileInput::new(&path))];
    let missing = Schema::MISSING.map(str::to_owned);
    let table = profile(&inputs, Options::default(), &missing, &mut |_| {})?;
    if table.rows == 0 {
        // Nothing can be told of columns without rows; the program refuses such a file itself.
        return Ok(Found { read: table.malformed, ..Found::default() });
    }
    let names = |name: &str| table.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
    let named = |name: &str| names(name).map(|column| column.name.clone());
    let hints = Hints { key: named("id"), label: named("left"), ..Hints::default() };
    let schema = infer(&table, &hints, &missing)?.schema;
    let mut reader =
        TableReader::new(inputs, &schema, Options { repeats: Repeats::Rejected, ..Options::default() });
    let mut rejected = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        let told = batch.rejects.iter().map(|reject| format!("{}: {}", reject.line, reject.reason));
        rejected.extend(told);
    }
    let tally = reader.tally();
    assert_eq!(tally.read, tally.kept + tally.rejected, "{name}");
    assert_eq!(
        tally.read,
        table.rows + table.malformed,
        "{name}: a profile sees the rows that a reader sees"
    );
    // Hundreds of rejected rows are told by the first few.
    let more = rejected.len().saturating_sub(4);
    rejected.truncate(4);
    rejected.extend((more > 0).then(|| format!("and {more} more")));
    let place = format!("`{}`", path.display());
    let odd = table.oddities.iter().map(|oddity| {
        let message = oddity.message().replace(&place, "");
        assert!(oddity.line.is_some() || name.ends_with(".parquet"), "{message}");
        message.split(';').next().unwrap_or_default().trim().trim_start_matches(", ").to_owned()
    });
    let columns = schema.fields.iter().map(|field| {
        let notation =
            if field.notation.is_plain() { String::new() } else { format!(" {}", field.notation.example()) };
        format!("{} {} {}{notation}", field.name, field.kind.name(), field.role.name())
    });
    Ok(Found {
        refused: None,
        read: tally.read,
        kept: tally.kept,
        rejected,
        odd: odd.collect(),
        columns: columns.collect(),
    })
}

fn found(name: &str) -> Found {
    let usual = [
        "id identifier key",
        "age number feature",
        "balance number feature",
        "city category feature",
        "since time feature",
        "left flag label",
    ];
    match look(name) {
        Ok(mut found) => {
            found.columns.retain(|column| !usual.contains(&column.as_str()));
            found
        }
        Err(error) => {
            assert!(error.is_users(), "{name}: {error}");
            let message = error.to_string();
            let place = format!("`{}`", folder().join(name).display());
            assert!(message.contains(&place), "{name}: the message names the file: {message}");
            let refused = Some(message.replace(&place, "FILE"));
            Found { refused, ..Found::default() }
        }
    }
}

#[test]
fn every_file_gets_the_answer_expected_of_it() {
    let mut wrong = Vec::new();
    for expected in manifest().file {
        let Expected { name, about, refused, read, kept, rejected, odd, columns } = expected;
        let expected = Found { refused, read, kept, rejected, odd, columns };
        let found = found(&name);
        if found != expected {
            wrong.push(format!("{name} ({about})\nexpected {expected:#?}\nfound {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_file_has_an_answer() {
    let listed: BTreeSet<String> = manifest().file.into_iter().map(|file| file.name).collect();
    let others = ["README.md", "expected.toml", "package"].map(str::to_owned);
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !others.contains(name))
        .collect();
    assert_eq!(there, listed);
}
