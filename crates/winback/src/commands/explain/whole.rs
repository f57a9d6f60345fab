//! The model as a whole: what each column moves, and what pairs of columns move together.

use std::path::PathBuf;

use serde_json::json;
use winback_learn::importance::{self, ColumnImportance, Group, Values};
use winback_learn::interactions::{Interactions, Strength};
use winback_learn::package::Package;
use winback_retain::{in_percent, rows_of};
use winback_table::Kind;

use super::{BAR, DRAWN, Explained, TOGETHER, check_rows, each_batch};
use crate::commands::Context;
use crate::config::Settings;
use crate::error::Result;
use crate::printer::{Align, bar};
use crate::wire::named;

/// What each column moves among the rows of the training, as the package has it.
pub(super) fn of_training(context: &Context, explained: &Explained) -> Result<()> {
    columns(context, explained, &explained.package.importance, None)
}

/// The same among the rows of some files.
pub(super) fn of_rows(
    context: &Context,
    settings: &Settings,
    explained: &Explained,
    files: &[PathBuf],
) -> Result<()> {
    let mut gathering = importance::Gathering::new(&explained.package.model);
    each_batch(context, settings, &explained.package, files, &mut |batch| gathering.add(batch))?;
    check_rows(gathering.rows(), files)?;
    columns(context, explained, &gathering.finish(), Some((gathering.rows(), named(files))))
}

/// The columns with their shares; `among` names the rows whose scores they move, unless these are the training's.
fn columns(
    context: &Context,
    explained: &Explained,
    importance: &[ColumnImportance],
    among: Option<(u64, String)>,
) -> Result<()> {
    let Explained { package, version, compared_with } = explained;
    let learner = &package.report.learner;
    let mut importance: Vec<&ColumnImportance> = importance.iter().collect();
    importance.sort_by(|left, right| right.share.total_cmp(&left.share));
    context.printer.json(&json!({
        "model_version": version,
        "learner": learner,
        "compared_with": compared_with,
        "rows": among.as_ref().map(|(rows, _)| rows),
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
    context.printer.data(&format!("what moves the scores of `{version}` ({learner})"))?;
    let among = among.map_or_else(String::new, |(rows, file)| format!("; among {}", rows_of(rows, &file)));
    context.printer.data(&format!("compared with: {compared_with}{among}"))?;
    let columns =
        [("column", Align::Left), ("share", Align::Right), ("", Align::Left), ("direction", Align::Left)];
    context.printer.table(&columns, rows.collect())
}

/// What pairs of columns move together among the rows of some files.
pub(super) fn interactions(
    context: &Context,
    settings: &Settings,
    explained: &Explained,
    files: &[PathBuf],
) -> Result<()> {
    let Explained { package, version, compared_with } = explained;
    let learner = &package.report.learner;
    let mut gathering = Interactions::new(&package.model).gather();
    each_batch(context, settings, package, files, &mut |batch| gathering.add(batch))?;
    let mut strengths = gathering.finish();
    check_rows(strengths.rows, files)?;
    for parts in [&mut strengths.alone, &mut strengths.pairs] {
        parts.sort_by(|left, right| right.share.total_cmp(&left.share));
    }
    context.printer.json(&json!({
        "model_version": version,
        "learner": learner,
        "compared_with": compared_with,
        "rows": strengths.rows,
        "pairs": strengths.pairs,
        "alone": strengths.alone,
    }))?;
    let printer = &context.printer;
    printer.data(&format!("what pairs of columns do together in `{version}` ({learner})"))?;
    let among = rows_of(strengths.rows, &named(files));
    printer.data(&format!("compared with: {compared_with}; among {among}"))?;
    if strengths.pairs.is_empty() {
        let why = match learner.as_str() {
            "linear" => "a scorecard adds up what each column does alone",
            _ => "no tree asks about two columns",
        };
        return printer.data(&format!("nothing: {why}"));
    }
    let (drawn, rest) = strengths.pairs.split_at(DRAWN.min(strengths.pairs.len()));
    let largest = drawn.first().map_or(0.0, |pair| pair.share);
    let mut rows: Vec<Vec<String>> = drawn
        .iter()
        .map(|pair| vec![pair.columns.join(TOGETHER), in_percent(pair.share), bar(pair.share, largest, BAR)])
        .collect();
    let sum = |parts: &[Strength]| in_percent(parts.iter().map(|part| part.share).sum());
    if !rest.is_empty() {
        rows.push(vec![format!("{} other pairs", rest.len()), sum(rest), String::new()]);
    }
    rows.push(vec!["each column alone".to_owned(), sum(&strengths.alone), String::new()]);
    printer.table(&[("pair", Align::Left), ("share", Align::Right), ("", Align::Left)], rows)
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
