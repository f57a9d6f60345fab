//! Small files in memory, and what is proposed for them.

use std::sync::Arc;

use super::*;
use crate::input::{Input, MemoryInput};
use crate::profile::profile;
use crate::reader::Options;

fn propose(text: String, hints: &Hints) -> Result<Proposal> {
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m", text))];
    let missing = Schema::MISSING.map(str::to_owned);
    infer(&profile(&inputs, Options::default(), &missing, &mut |_| {})?, hints, &missing)
}

fn bank() -> String {
    let mut text = "RowNumber,CustomerId,Surname,Age,Zip,Active,as_of,Note,Constant,Exited\n".to_owned();
    for row in 0..400 {
        let (age, active, exited) = (20 + row % 50, row % 2, u8::from(row % 5 == 0));
        let surname = row / 2 * 7;
        text.push_str(&format!(
            "{row},{},Name{surname},{age},0{},{active},2026-01-31,a b c {row},x,{exited}\n",
            9_000_000 + row * 37,
            1000 + row % 9,
        ));
    }
    text
}

#[test]
fn a_bank_file_is_understood() {
    let proposal = propose(bank(), &Hints::default()).unwrap();
    let found: Vec<(&str, &str, &str)> = proposal
        .schema
        .fields
        .iter()
        .map(|field| (field.name.as_str(), field.kind.name(), field.role.name()))
        .collect();
    let expected = [
        ("RowNumber", "identifier", "excluded"),
        ("CustomerId", "identifier", "key"),
        ("Surname", "category", "feature"),
        ("Age", "number", "feature"),
        ("Zip", "category", "feature"),
        ("Active", "flag", "feature"),
        ("as_of", "time", "time"),
        ("Note", "identifier", "excluded"),
        ("Constant", "category", "excluded"),
        ("Exited", "flag", "label"),
    ];
    assert_eq!(found, expected);
    assert_eq!(proposal.schema.positive.as_deref(), Some("1"));
    assert_eq!(proposal.perhaps_protected, ["Age"]);
}

#[test]
fn what_the_user_names_is_taken_or_refused() {
    let hints = Hints { key: Some("Customer".to_owned()), ..Hints::default() };
    let error = propose(bank(), &hints).unwrap_err().to_string();
    assert_eq!(error, "schema: there is no column `Customer`; the nearest is `CustomerId`");
    let hints = Hints { label: Some("Zip".to_owned()), ..Hints::default() };
    let error = propose(bank(), &hints).unwrap_err().to_string();
    assert!(error.contains("name the one that means left with --positive"), "{error}");
}

#[test]
fn the_positive_value_is_told_by_its_words_or_its_rarity() {
    let (left, stayed) = ("Attrited Customer".to_owned(), "Existing Customer".to_owned());
    assert_eq!(likely_positive(&[(&left, 900), (&stayed, 100)]), left);
    let (a, b) = ("A".to_owned(), "B".to_owned());
    assert_eq!(likely_positive(&[(&a, 10), (&b, 90)]), a);
}

#[test]
fn words_of_a_name_are_parted() {
    assert!(has_word("Customer_Age", &["age"]));
    assert!(has_word("customerAge", &["age"]));
    assert!(!has_word("Average", &["age"]));
    assert!(!has_word("Percentage", &["age"]));
}

/// The kind, the role and the reason of the column `name` in a table of `rows` lines.
fn told(
    name: &str,
    rows: u64,
    value: &dyn Fn(u64) -> String,
) -> (&'static str, &'static str, Option<String>) {
    let mut text = format!("{name},churn\n");
    for row in 0..rows {
        text.push_str(&format!("{},{}\n", value(row), u8::from(row % 7 == 0)));
    }
    let proposal = propose(text, &Hints::default()).unwrap();
    let field = &proposal.schema.fields[0];
    (field.kind.name(), field.role.name(), proposal.reasons[0].clone())
}

#[test]
fn a_number_named_as_positive_counts_by_value() {
    let text = "age,y\n30,1.0\n40,0.0\n50,0.0\n".to_owned();
    let hints = Hints { label: Some("y".to_owned()), positive: Some("1".to_owned()), ..Hints::default() };
    assert_eq!(propose(text.clone(), &hints).unwrap().schema.positive.as_deref(), Some("1.0"));
    let hints = Hints { positive: Some("2".to_owned()), ..hints };
    let error = propose(text, &hints).unwrap_err().to_string();
    assert_eq!(error, "schema: `2` is no value of `y`, which has `0.0`, `1.0`");
}

#[test]
fn a_stray_zero_makes_no_code_of_a_number() {
    let amount = |row: u64| if row == 3 { "007".to_owned() } else { (row % 90).to_string() };
    assert_eq!(told("balance", 400, &amount), ("number", "feature", None));
    let code = |row: u64| format!("{:03}", row % 300);
    assert_eq!(told("branch", 400, &code).0, "category");
}

#[test]
fn amounts_are_no_identifiers_however_many_there_are() {
    // One value in a hundred comes twice.
    let amount = |row: u64| (1_000_000 + row - u64::from(row % 100 == 99)).to_string();
    assert_eq!(told("balance", 80_000, &amount).0, "number");
    assert_eq!(told("customer_id", 80_000, &amount).1, "key", "doubled customers are found when read");
}

#[test]
fn the_key_of_many_customers_is_known() {
    let (why, rows) = (Some("the key: every value is different".to_owned()), 70_000);
    assert_eq!(told("id", rows, &|row| format!("C{row:08}")), ("identifier", "key", why.clone()));
    assert_eq!(told("CustomerId", rows, &|row| (row + 5_000_000).to_string()).2, why);
    assert_eq!(told("number_of_it", rows, &|row| (row * 7 + 100_000).to_string()).1, "key");
}

#[test]
fn a_key_that_repeats_is_known_by_its_name() {
    let why = Some("the key, by its name; its values repeat".to_owned());
    let snapshot = |row: u64| (7000 + row / 4).to_string();
    for name in ["CustomerId", "CLIENTNUM", "account_number", "id_client", "cust key"] {
        assert_eq!(told(name, 800, &snapshot), ("identifier", "key", why.clone()), "{name}");
    }
    for name in ["customers", "num_user_logins", "client_balance", "id"] {
        assert_eq!(told(name, 800, &snapshot).0, "number", "{name}");
    }
    assert_eq!(told("customer_id", 800, &|row| (row % 50).to_string()).0, "number", "too few");
    assert_eq!(told("customer_id", 800, &|row| format!("C{:05}", row / 4)).2, why);
    let text: String = (0..400).map(|row| format!("{row},{},{}\n", 100 + row / 2, row % 2)).collect();
    let proposal = propose(format!("RowNumber,CustomerId,churn\n{text}"), &Hints::default()).unwrap();
    assert_eq!(proposal.schema.with_role(Role::Key).unwrap().name, "CustomerId");
    let hints = Hints { exclude: vec!["customer_id".to_owned()], ..Hints::default() };
    let text: String = (0..400).map(|row| format!("{},{}\n", row / 2, row % 2)).collect();
    let proposal = propose(format!("customer_id,churn\n{text}"), &hints).unwrap();
    assert_eq!(proposal.schema.fields[0].role, Role::Excluded);
}
