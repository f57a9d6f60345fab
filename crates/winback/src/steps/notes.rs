//! What a person should know of a scored file.

use std::collections::BTreeMap;

use winback_learn::package::Package;
use winback_learn::profile::{ColumnProfile, Distribution};
use winback_table::{Role, Schema};

use super::score::Summary;
use crate::printer::count;

/// What a person should know of the file: nothing here stopped it from being scored.
pub(crate) fn notes(summary: &Summary, schema: &Schema, expected: &BTreeMap<String, f64>) -> Vec<String> {
    let mut notes = Vec::new();
    let unused = || summary.tally.unused_columns.iter();
    if let Some(label) =
        schema.with_role(Role::Label).filter(|label| unused().any(|name| *name == label.name))
    {
        notes.push(format!("the file has the label `{}`, which scoring does not look at", label.name));
    }
    let extra: Vec<&String> = unused().filter(|name| schema.field(name).is_none()).collect();
    if !extra.is_empty() {
        let names: Vec<String> = extra.iter().map(|name| format!("`{name}`")).collect();
        notes.push(format!("columns that the model does not use: {}", names.join(", ")));
    }
    notes.extend(summary.tally.oddities().iter().map(ToString::to_string));
    for (column, rows) in &summary.unknown {
        // As many as in training, within three standard deviations, are nothing new.
        let usual = expected.get(column).copied().unwrap_or(0.0) * summary.tally.kept as f64;
        if *rows as f64 > usual + 3.0 * usual.sqrt() {
            let rows = count(*rows);
            notes
                .push(format!("`{column}` has values that training saw too seldom or never, in {rows} rows"));
        }
    }
    notes
}

/// The share of training rows whose level was too rare for the model to know, by column.
pub(crate) fn expected_unknown(package: &Package) -> BTreeMap<String, f64> {
    let rows = package.profile.rows.max(1) as f64;
    let share = |column: &ColumnProfile| match &column.distribution {
        Distribution::Levels { other, .. } => Some((column.name.clone(), *other as f64 / rows)),
        Distribution::Numbers { .. } => None,
    };
    package.profile.columns.iter().filter_map(share).collect()
}
