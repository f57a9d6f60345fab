//! Settings and a history, joined.

use std::path::Path;
use std::sync::Arc;

use winback_table::input::{Input, MemoryInput};
use winback_table::profile::profile;
use winback_table::reader::Options;
use winback_table::{Schema, Trend};

use super::*;

fn table() -> TableProfile {
    let mut text = "CustomerId,Surname,Zip,Score,Gender,as_of,Exited\n".to_owned();
    for row in 0..200 {
        let gender = ["f", "m"][row % 2];
        let exited = u8::from(row % 5 == 0);
        text.push_str(&format!(
            "{row},N{row},{},{}.5,{gender},2026-01-31,{exited}\n",
            1000 + row % 9,
            row % 50
        ));
    }
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m", text))];
    profile(&inputs, Options::default(), &Schema::MISSING.map(str::to_owned), &mut |_| {}).unwrap()
}

const LABEL: &str = "label = { column = \"Exited\", positive = \"1\" }\n";

fn join(data: &str, rest: &str) -> Result<Schema> {
    let text = format!("[data]\n{LABEL}{data}\n{rest}");
    let settings = Settings::parse(&text, Path::new("winback.toml"))?;
    settings.schema(&table()).map(|proposal| proposal.schema)
}

fn column(schema: &Schema, name: &str) -> (Kind, Role) {
    let Field { kind, role, .. } = schema.field(name).unwrap();
    (*kind, *role)
}

fn told(data: &str, rest: &str) -> String {
    let error = join(data, rest).unwrap_err();
    format!("{error} | {}", crate::error::hints(&error).join(" | "))
}

#[test]
fn roles_come_from_the_settings_alone() {
    let schema = join("", "").unwrap();
    assert_eq!(column(&schema, "CustomerId"), (Kind::Identifier, Role::Excluded));
    assert_eq!(column(&schema, "as_of"), (Kind::Time, Role::Feature));
    assert_eq!(column(&schema, "Exited"), (Kind::Flag, Role::Label));
    assert_eq!((schema.with_role(Role::Key), schema.with_role(Role::Time)), (None, None));
    let named = "key = \"CustomerId\"\ntime = \"as_of\"\nexclude = [\"Zip\"]\nprotected = [\"Gender\"]";
    let schema = join(named, "").unwrap();
    assert_eq!(column(&schema, "CustomerId"), (Kind::Identifier, Role::Key));
    assert_eq!(column(&schema, "as_of"), (Kind::Time, Role::Time));
    assert_eq!(column(&schema, "Zip"), (Kind::Number, Role::Excluded));
    assert_eq!(column(&schema, "Gender"), (Kind::Category, Role::Protected));
    assert_eq!(column(&schema, "Surname"), (Kind::Identifier, Role::Excluded));
}

#[test]
fn a_kind_that_is_said_wins() {
    let schema = join("", "[columns.Zip]\nkind = \"category\"\nname = \"postal code\"").unwrap();
    assert_eq!(column(&schema, "Zip"), (Kind::Category, Role::Feature));
    assert_eq!(schema.field("Zip").unwrap().wording.name.as_deref(), Some("postal code"));
    let schema = join("", "[columns.Surname]\nkind = \"category\"\n[columns.Zip]\nkind = \"text\"").unwrap();
    assert_eq!(column(&schema, "Surname"), (Kind::Category, Role::Feature));
    assert_eq!(column(&schema, "Zip"), (Kind::Text, Role::Excluded));
    let message = told("key = \"CustomerId\"", "[columns.CustomerId]\nkind = \"number\"");
    let expected =
        "`winback.toml` calls the key `CustomerId` a number | take `kind` out of `[columns.CustomerId]`";
    assert_eq!(message, expected);
}

#[test]
fn a_trend_needs_an_order_and_a_column_that_is_learnt_from() {
    let schema = join("", "[columns.Score]\nmonotone = \"falling\"").unwrap();
    assert_eq!(schema.field("Score").unwrap().monotone, Some(Trend::Falling));
    assert_eq!(schema.field("Zip").unwrap().monotone, None);
    let message = told("", "[columns.Gender]\nmonotone = \"rising\"");
    assert_eq!(
        message,
        "`winback.toml` calls `Gender` monotone, but it is a category, and such values have no order | take \
         `monotone` out of `[columns.Gender]`, or add `kind = \"number\"` if its values are numbers"
    );
    let message = told("exclude = [\"Score\"]", "[columns.Score]\nmonotone = \"rising\"");
    assert_eq!(
        message,
        "`winback.toml` calls `Score` monotone, but its role is excluded, so that it is not learnt from | take \
         `monotone` out of `[columns.Score]`"
    );
    let message = told("", "[columns.Score]\nmonotone = \"upwards\"");
    assert!(message.starts_with("cannot understand `winback.toml`"), "{message}");
}

#[test]
fn a_weight_is_a_number_that_is_not_learnt_from() {
    let schema = join("weight = \"Score\"", "").unwrap();
    assert_eq!(column(&schema, "Score"), (Kind::Number, Role::Weight));
    let message = told("weight = \"Score\"", "[columns.Score]\nkind = \"category\"");
    assert!(message.starts_with("`winback.toml` calls the weight `Score` a category"), "{message}");
    let message = told("weight = \"Zip\"\nexclude = [\"Zip\"]", "");
    assert!(message.contains("names `Zip` as `weight` and as `exclude`"), "{message}");
    let message = told("weight = \"Score\"", "[columns.Score]\nmonotone = \"rising\"");
    assert!(message.contains("its role is weight, so that it is not learnt from"), "{message}");
}

#[test]
fn unknown_columns_are_named_with_the_nearest() {
    let place = "in `winback.toml` names the column `Surnam`, which the history does not have";
    let nearest = "the nearest is `Surname`";
    assert_eq!(told("exclude = [\"Surnam\"]", ""), format!("`[data] exclude` {place} | {nearest}"));
    assert_eq!(told("protected = [\"Surnam\"]", ""), format!("`[data] protected` {place} | {nearest}"));
    assert_eq!(told("", "[columns.Surnam]"), format!("`[columns.Surnam]` {place} | {nearest}"));
    assert!(
        told("time = \"qqq\"", "")
            .ends_with("its columns begin with `CustomerId`, `Surname`, `Zip`, `Score`, `Gender`")
    );
}

#[test]
fn a_column_has_one_role_and_a_history_a_label() {
    let message = told("exclude = [\"Zip\"]\nprotected = [\"Zip\"]", "");
    assert!(message.starts_with("`winback.toml` names `Zip` as `exclude` and as `protected`"), "{message}");
    let settings = Settings::parse("", Path::new("winback.toml")).unwrap();
    let error = settings.schema(&table()).unwrap_err();
    assert_eq!(error.to_string(), "`winback.toml` names no label");
}

#[test]
fn the_spelling_of_a_column_comes_from_values_and_settings() {
    let rows: String = (0..60).map(|row| format!("1,{:03};{}\n", 100 + row, row % 2)).collect();
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m", format!("amount;Exited\n{rows}")))];
    let table =
        profile(&inputs, Options::default(), &Schema::MISSING.map(str::to_owned), &mut |_| {}).unwrap();
    let schema = |rest: &str| {
        let text = format!("[data]\n{LABEL}\n{rest}");
        let settings = Settings::parse(&text, Path::new("winback.toml")).unwrap();
        settings.schema(&table).unwrap().schema
    };
    assert_eq!(column(&schema(""), "amount"), (Kind::Identifier, Role::Excluded));
    let told = schema("[columns.amount]\nnumbers = \"point\"\nmissing = [999]");
    assert_eq!(column(&told, "amount"), (Kind::Number, Role::Feature));
    let amount = told.field("amount").unwrap();
    assert_eq!(
        (amount.notation.number("1,234"), amount.missing.as_slice()),
        (Some(1234.0), &["999".to_owned()][..])
    );
    let told = schema("[columns.amount]\nnumbers = \"comma\"");
    assert_eq!(told.field("amount").unwrap().notation.number("1,234"), Some(1.234));
}
