//! `winback explain`: one customer's score with what makes it, or the model as a whole.

use std::path::PathBuf;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, TimestampSecondType};
use clap::Args;
use serde_json::{Value, json};
use winback_learn::importance::{ColumnImportance, Group, Values};
use winback_learn::package::Package;
use winback_retain::{REASONS, in_percent};
use winback_table::cell::show_seconds;
use winback_table::csv::decimal;
use winback_table::reader::{Repeats, TableReader};
use winback_table::{Kind, Role};

use super::Context;
use super::score::{Opened, open_model, teller};
use crate::config::{Overrides, Settings};
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::{Align, bar, count, two_sided_bar};
use crate::steps::train::options;
use crate::wire::{Bucket, expand, inputs};

/// What `winback explain` is told.
#[derive(Debug, Args)]
#[command(after_help = "Example: winback explain --key C00001234 --in week-2026-04-06.csv")]
pub(crate) struct Arguments {
    /// The customer; without one, the model as a whole is explained
    #[arg(long, value_name = "K")]
    key: Option<String>,
    /// The file that has the customer; may be given again [default: the history]
    #[arg(long = "in", value_name = "FILE", requires = "key")]
    files: Vec<PathBuf>,
    /// The model: a version (`3`, `churn/3`) or the folder of a package [default: the champion]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let settings = context.settings(Overrides::default())?;
    let Opened { package, version, .. } = open_model(&settings, arguments.model.as_deref())?;
    match &arguments.key {
        Some(key) => explain_customer(context, &settings, &package, &version, key, &arguments.files),
        None => explain_model(context, &package, &version),
    }
}

/// Columns drawn; the rest are summed.
const DRAWN: usize = 15;
const BAR: usize = 24;

fn explain_customer(
    context: &Context,
    settings: &Settings,
    package: &Package,
    version: &str,
    key: &str,
    files: &[PathBuf],
) -> Result<()> {
    let row = find(context, settings, package, key, files)?;
    let explanation = package.model.explain(&row)?;
    let effects = explanation.of_row(0);
    let teller = teller(settings, package);
    let told = teller.of(&row).tell(0, effects, REASONS);
    let names: Vec<&str> = package.model.encoder.columns.iter().map(|column| column.name.as_str()).collect();
    let by_column: serde_json::Map<String, Value> =
        names.iter().zip(effects).map(|(name, effect)| ((*name).to_owned(), json!(effect))).collect();
    context.printer.json(&json!({
        "key": key,
        "model_version": version,
        "probability": explanation.probability(0),
        "log_odds": explanation.log_odds[0],
        "base": explanation.base,
        "effects": by_column,
        "reasons": told.reasons.iter().map(|reason| json!({
            "words": reason.words, "column": reason.column, "effect": reason.effect,
        })).collect::<Vec<_>>(),
        "other_effect": told.other_effect,
    }))?;
    let printer = &context.printer;
    let probability = in_percent(explanation.probability(0));
    printer.data(&format!("`{key}` leaves with a probability of {probability}, says `{version}`"))?;
    for reason in &told.reasons {
        printer.data(&format!("  {}", reason.words))?;
    }
    let mut order: Vec<usize> = (0..effects.len()).filter(|column| effects[*column].abs() > 0.0).collect();
    order.sort_by(|left, right| effects[*right].abs().total_cmp(&effects[*left].abs()));
    let (drawn, rest) = order.split_at(DRAWN.min(order.len()));
    let largest = drawn.first().map_or(0.0, |column| effects[*column].abs());
    let line = |name: &str, value: String, effect: f64| {
        vec![name.to_owned(), value, format!("{effect:+.3}"), two_sided_bar(effect, largest, BAR)]
    };
    let mut rows = vec![vec![
        "an average customer".to_owned(),
        String::new(),
        format!("{:+.3}", explanation.base),
        String::new(),
    ]];
    rows.extend(
        drawn.iter().map(|column| line(names[*column], shown(&row, names[*column]), effects[*column])),
    );
    if !rest.is_empty() {
        let sum: f64 = rest.iter().map(|column| effects[*column]).sum();
        rows.push(line(&format!("{} other columns", rest.len()), String::new(), sum));
    }
    rows.push(vec![
        "sum".to_owned(),
        String::new(),
        format!("{:+.3}", explanation.log_odds[0]),
        String::new(),
    ]);
    let columns = [
        ("column", Align::Left),
        ("value", Align::Left),
        ("log-odds", Align::Right),
        ("less ← → more likely to leave", Align::Left),
    ];
    printer.table(&columns, rows)
}

/// The customer's row, from the first file that has it.
fn find(
    context: &Context,
    settings: &Settings,
    package: &Package,
    key: &str,
    files: &[PathBuf],
) -> Result<RecordBatch> {
    let schema = package.model.encoder.scoring_schema(&package.schema);
    let Some(column) = schema.with_role(Role::Key).map(|field| field.name.clone()) else {
        return Err(UserError::new("the model's data has no key to find a customer by").into());
    };
    let files = if files.is_empty() { Bucket::open(settings)?.history(settings)? } else { expand(files)? };
    let progress = context.printer.progress("looking for the customer", "rows", None);
    let mut reader =
        TableReader::new(inputs(&files, settings.data.limits), &schema, options(settings, Repeats::Kept));
    while let Some(batch) = reader.next_batch()? {
        progress.set(reader.tally().read);
        let keys = batch.rows.column_by_name(&column).map(|keys| keys.as_string::<i32>());
        if let Some(row) = keys.and_then(|keys| keys.iter().position(|found| found == Some(key.trim()))) {
            return Ok(batch.rows.slice(row, 1));
        }
    }
    let names: Vec<String> = files.iter().map(|file| format!("`{}`", file.display())).collect();
    let message = format!("no row that can be used has the key `{key}` in {}", names.join(", "));
    let way_out = format!("name the file that has the customer with --in; its key stands in `{column}`");
    let missed = Err(UserError::new(message)).hint(way_out);
    match reader.tally().rejected {
        0 => missed,
        rows => missed.hint(format!(
            "rows that cannot be used: {}; `winback score FILE` lists them with their reasons",
            count(rows)
        )),
    }
}

/// A cell as a person reads it.
fn shown(row: &RecordBatch, name: &str) -> String {
    let Some(column) = row.column_by_name(name).filter(|column| !column.is_null(0)) else {
        return "missing".to_owned();
    };
    match column.data_type() {
        DataType::Float64 => decimal(column.as_primitive::<Float64Type>().value(0)),
        DataType::Boolean => if column.as_boolean().value(0) { "yes" } else { "no" }.to_owned(),
        DataType::Timestamp(..) => show_seconds(column.as_primitive::<TimestampSecondType>().value(0)),
        _ => column.as_string_opt::<i32>().map_or_else(String::new, |texts| texts.value(0).to_owned()),
    }
}

fn explain_model(context: &Context, package: &Package, version: &str) -> Result<()> {
    let mut importance: Vec<&ColumnImportance> = package.importance.iter().collect();
    importance.sort_by(|left, right| right.share.total_cmp(&left.share));
    context.printer.json(&json!({
        "model_version": version,
        "learner": package.report.learner,
        "columns": importance.iter().map(|column| {
            let mut described = serde_json::to_value(column)?;
            described["direction"] = json!(direction(column, is_flag(package, column)));
            Ok(described)
        }).collect::<Result<Vec<_>>>()?,
    }))?;
    let largest = importance.first().map_or(0.0, |column| column.share);
    let rows = importance.iter().map(|column| {
        vec![
            column.name.clone(),
            format!("{:.1} %", 100.0 * column.share),
            bar(column.share, largest, BAR),
            direction(column, is_flag(package, column)),
        ]
    });
    context.printer.data(&format!("what moves the scores of `{version}` ({})", package.report.learner))?;
    let columns =
        [("column", Align::Left), ("share", Align::Right), ("", Align::Left), ("direction", Align::Left)];
    context.printer.table(&columns, rows.collect())
}

fn is_flag(package: &Package, column: &ColumnImportance) -> bool {
    package.schema.field(&column.name).is_some_and(|field| field.kind == Kind::Flag)
}

/// Which way a column's values push, in a few words.
fn direction(column: &ColumnImportance, is_flag: bool) -> String {
    let numbers: Vec<&Group> =
        column.groups.iter().filter(|group| matches!(group.values, Values::Between(..))).collect();
    if let (Some(first), Some(last)) = (numbers.first(), numbers.last())
        && numbers.len() > 1
    {
        let effects: Vec<f64> = numbers.iter().map(|group| group.mean_effect).collect();
        let rising = effects.windows(2).all(|pair| pair[0] <= pair[1]);
        let falling = effects.windows(2).all(|pair| pair[0] >= pair[1]);
        return match (rising, falling) {
            (true, false) if is_flag => "yes is likelier to leave than no".to_owned(),
            (false, true) if is_flag => "no is likelier to leave than yes".to_owned(),
            (true, false) => "the higher, the likelier to leave".to_owned(),
            (false, true) => "the lower, the likelier to leave".to_owned(),
            (true, true) => String::new(),
            _ if first.mean_effect < last.mean_effect => "rather the higher, with turns".to_owned(),
            _ => "rather the lower, with turns".to_owned(),
        };
    }
    let level = |group: &&Group| match &group.values {
        Values::Level(level) => Some((group.mean_effect, level.clone())),
        _ => None,
    };
    let by_effect = |left: &(f64, String), right: &(f64, String)| left.0.total_cmp(&right.0);
    let levels = || column.groups.iter().collect::<Vec<_>>().into_iter().filter_map(|group| level(&group));
    match (levels().max_by(by_effect), levels().min_by(by_effect)) {
        (Some((_, most)), Some((_, least))) if most != least => format!("most: {most}; least: {least}"),
        _ => String::new(),
    }
}
