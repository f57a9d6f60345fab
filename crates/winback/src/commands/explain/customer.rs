//! One customer: the score, the reasons, and effects that add up to it.

use std::path::PathBuf;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, TimestampSecondType};
use serde_json::{Map, Value, json};
use winback_learn::interactions::{Interactions, Parts};
use winback_retain::{ComparedWith, REASONS, in_percent};
use winback_table::Role;
use winback_table::cell::show_seconds;
use winback_table::csv::decimal;
use winback_table::reader::{Repeats, TableReader};

use super::{BAR, DRAWN, Explained, TOGETHER, quoted};
use crate::commands::Context;
use crate::config::Settings;
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::{Align, count, two_sided_bar};
use crate::steps::opened::teller;
use crate::steps::train::options;
use crate::wire::inputs;

/// A part of the score: of a column, or of two together.
struct Part {
    columns: Vec<usize>,
    effect: f64,
}

pub(super) fn explain(
    context: &Context,
    settings: &Settings,
    explained: &Explained,
    key: &str,
    files: &[PathBuf],
    with_interactions: bool,
) -> Result<()> {
    let Explained { package, version, compared_with } = explained;
    let row = find(context, settings, explained, key, files)?;
    let explanation = package.model.explain(&row)?;
    let effects = explanation.of_row(0);
    let teller = teller(settings, package);
    let told = teller.of(&row).tell(0, effects, REASONS);
    let parts = match with_interactions {
        true => Interactions::new(&package.model).of_rows(&row)?.pop(),
        false => None,
    };
    let names: Vec<&str> = package.model.encoder.columns.iter().map(|column| column.name.as_str()).collect();
    let mut result = json!({
        "key": key,
        "model_version": version,
        "compared_with": compared_with,
        "probability": explanation.probability(0),
        "log_odds": explanation.log_odds[0],
        "base": explanation.base,
        "effects": by_name(&names, effects),
        "reasons": told.reasons.iter().map(|reason| json!({
            "words": reason.words, "column": reason.column, "effect": reason.effect,
        })).collect::<Vec<_>>(),
        "other_effect": told.other_effect,
    });
    if let Some(Parts { alone, pairs }) = &parts {
        let pair = |([left, right], effect): &([usize; 2], f64)| json!({ "columns": [names[*left], names[*right]], "effect": effect });
        result["alone"] = by_name(&names, alone);
        result["interactions"] = pairs.iter().map(pair).collect();
    }
    context.printer.json(&result)?;
    let printer = &context.printer;
    let probability = in_percent(explanation.probability(0));
    printer.data(&format!("`{key}` leaves with a probability of {probability}, says `{version}`"))?;
    for reason in &told.reasons {
        printer.data(&format!("  {}", reason.words))?;
    }
    let (average, typical) = match compared_with {
        ComparedWith::Training => ("an average customer".to_owned(), ""),
        ComparedWith::Rows { file, .. } => {
            (format!("an average of {file}"), "; what is typical is the training's")
        }
    };
    printer.data(&format!("compared with: {compared_with}{typical}"))?;
    if parts.as_ref().is_some_and(|parts| parts.pairs.is_empty()) {
        printer
            .data("no two columns do anything together in this model: all effects are of columns alone")?;
    }
    let summed = [(average, explanation.base), ("sum".to_owned(), explanation.log_odds[0])];
    draw(context, &row, &names, parts_of(effects, parts), summed)
}

fn by_name(names: &[&str], effects: &[f64]) -> Value {
    let named = names.iter().zip(effects).map(|(name, effect)| ((*name).to_owned(), json!(effect)));
    Value::Object(named.collect::<Map<_, _>>())
}

/// What adds up to the score: the effects, or what each column does alone and each pair together.
fn parts_of(effects: &[f64], parts: Option<Parts>) -> Vec<Part> {
    let (alone, pairs) =
        parts.map_or_else(|| (effects.to_vec(), Vec::new()), |parts| (parts.alone, parts.pairs));
    let columns =
        alone.into_iter().enumerate().map(|(column, effect)| Part { columns: vec![column], effect });
    let pairs = pairs.into_iter().map(|(pair, effect)| Part { columns: pair.to_vec(), effect });
    columns.chain(pairs).filter(|part| part.effect.abs() > 0.0).collect()
}

/// Draws the largest parts between what stands first and last.
fn draw(
    context: &Context,
    row: &RecordBatch,
    names: &[&str],
    mut parts: Vec<Part>,
    [first, last]: [(String, f64); 2],
) -> Result<()> {
    parts.sort_by(|left, right| right.effect.abs().total_cmp(&left.effect.abs()));
    let (drawn, rest) = parts.split_at(DRAWN.min(parts.len()));
    let largest = drawn.first().map_or(0.0, |part| part.effect.abs());
    let plain =
        |(name, log_odds): (String, f64)| vec![name, String::new(), format!("{log_odds:+.3}"), String::new()];
    let line = |name: String, value: String, effect: f64| {
        vec![name, value, format!("{effect:+.3}"), two_sided_bar(effect, largest, BAR)]
    };
    let of_part = |part: &Part| {
        let name = part.columns.iter().map(|column| names[*column]).collect::<Vec<_>>().join(TOGETHER);
        let values: Vec<String> = part.columns.iter().map(|column| shown(row, names[*column])).collect();
        line(name, values.join(", "), part.effect)
    };
    let mut rows = vec![plain(first)];
    rows.extend(drawn.iter().map(of_part));
    if !rest.is_empty() {
        let sum: f64 = rest.iter().map(|part| part.effect).sum();
        let what = match rest.iter().any(|part| part.columns.len() > 1) {
            true => "columns and pairs",
            false => "columns",
        };
        rows.push(line(format!("{} other {what}", rest.len()), String::new(), sum));
    }
    rows.push(plain(last));
    let columns = [
        ("column", Align::Left),
        ("value", Align::Left),
        ("log-odds", Align::Right),
        ("less ← → more likely to leave", Align::Left),
    ];
    context.printer.table(&columns, rows)
}

/// The customer's row, from the first file that has it.
fn find(
    context: &Context,
    settings: &Settings,
    explained: &Explained,
    key: &str,
    files: &[PathBuf],
) -> Result<RecordBatch> {
    let package = &explained.package;
    let schema = package.model.encoder.scoring_schema(&package.schema);
    let Some(column) = schema.with_role(Role::Key).map(|field| field.name.clone()) else {
        return Err(UserError::new("the model's data has no key to find a customer by").into());
    };
    let progress = context.printer.progress("looking for the customer", "rows", None);
    let mut reader =
        TableReader::new(inputs(files, settings.data.limits), &schema, options(settings, Repeats::Kept));
    while let Some(batch) = reader.next_batch()? {
        progress.set(reader.tally().read);
        let keys = batch.rows.column_by_name(&column).map(|keys| keys.as_string::<i32>());
        if let Some(row) = keys.and_then(|keys| keys.iter().position(|found| found == Some(key.trim()))) {
            return Ok(batch.rows.slice(row, 1));
        }
    }
    let message = format!("no row that can be used has the key `{key}` in {}", quoted(files));
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
