//! The training data, column by column.

use maud::{Markup, html};
use winback_learn::profile::{ColumnProfile, Distribution};
use winback_table::Kind;

use super::super::parts::distribution;
use super::super::words::{count, percent};
use super::Section;
use crate::reasons::number::shown;
use crate::report::{ModelReport, Named, date_shown, is_whole};

/// Columns listed; a page is not the place for more.
const LISTED: usize = 250;
/// Bars of a distribution.
const BARS: usize = 20;

pub(super) fn section(report: &ModelReport) -> Section {
    let columns = &report.profile.columns;
    let missing = columns.iter().filter(|column| column.missing > 0).count();
    let title = format!(
        "The model learnt from {} columns; {} values missing",
        count(columns.len() as u64),
        match missing {
            0 => "none has".to_owned(),
            1 => "one has".to_owned(),
            missing => format!("{missing} have"),
        }
    );
    let rows = report.profile.rows.max(1);
    let body = html! {
        p { "What the training data looked like. Every weekly file is held against it." }
        @if let Some(trends) = &report.trends { p { (trends) } }
        div.scroll tabindex="0" role="region" aria-label="Columns" {
            table {
                thead { tr {
                    th scope="col" { "column" } th scope="col" { "kind" } th scope="col" { "role" }
                    th.n scope="col" { "missing" } th scope="col" { "typical values" } th scope="col" { "distribution" }
                } }
                tbody { @for (place, (column, (name, role))) in columns.iter().zip(&report.columns).take(LISTED).enumerate() {
                    (row(column, name, role, place, rows))
                } }
            }
        }
        @if columns.len() > LISTED {
            p { "And " (count((columns.len() - LISTED) as u64)) " more, which " code { "profile.json" } " beside this page describes." }
        }
    };
    Section { id: "data", name: "Training data", title, body }
}

fn row(column: &ColumnProfile, name: &Named, role: &str, place: usize, rows: u64) -> Markup {
    let bars = bars(column);
    html! {
        tr {
            th scope="row" { (name.column) @if name.shown != name.column { span.sub { (name.shown) } } }
            td { (column.kind.name()) }
            td { (role) }
            td.n { (percent(column.missing as f64 / rows as f64)) }
            td { (typical(column, rows)) }
            td { (distribution(&format!("data-{}", place + 1), &name.shown, &bars)) }
        }
    }
}

fn value(kind: Kind, value: f64) -> String {
    if kind == Kind::Time { date_shown(value) } else { shown(value) }
}

/// Where nine of ten values lie; the commonest levels.
fn typical(column: &ColumnProfile, rows: u64) -> String {
    match &column.distribution {
        Distribution::Numbers { rows: bins, .. } if column.kind == Kind::Flag => {
            let present: u64 = bins.iter().skip(1).sum();
            let yes = bins.get(2).copied().unwrap_or(0);
            format!("yes {}", percent(yes as f64 / present.max(1) as f64))
        }
        Distribution::Numbers { quantiles, .. } => match quantiles.as_slice() {
            [_, _, low, _, median, _, high, ..] => {
                let kind = column.kind;
                format!("{} (90 %: {} to {})", value(kind, *median), value(kind, *low), value(kind, *high))
            }
            _ => "no value".to_owned(),
        },
        Distribution::Levels { levels, rows: counts, other } => {
            let mut order: Vec<usize> = (0..levels.len()).collect();
            order.sort_by_key(|level| std::cmp::Reverse(counts[*level]));
            let told: Vec<String> = order
                .iter()
                .take(3)
                .map(|level| format!("{} {}", levels[*level], percent(counts[*level] as f64 / rows as f64)))
                .collect();
            let rest = levels.len().saturating_sub(3);
            let others = match other {
                0 => String::new(),
                other => format!("; rare ones {}", percent(*other as f64 / rows as f64)),
            };
            match (told.is_empty(), rest) {
                (true, _) => "rare levels only".to_owned(),
                (_, 0) => told.join(", ") + &others,
                _ => format!("{}; {} more{others}", told.join(", "), count(rest as u64)),
            }
        }
    }
}

/// Rows by equal steps between the first and the last hundredth of the values, from bins that are not equal.
fn bars(column: &ColumnProfile) -> Vec<f64> {
    match &column.distribution {
        Distribution::Levels { rows, .. } => {
            let mut counts: Vec<f64> = rows.iter().map(|rows| *rows as f64).collect();
            counts.sort_by(|left, right| right.total_cmp(left));
            counts.truncate(BARS);
            counts
        }
        Distribution::Numbers { quantiles, borders, rows } => {
            let (Some(low), Some(high)) = (quantiles.get(1), quantiles.get(7)) else { return Vec::new() };
            let are_few_and_whole = borders.len() < BARS && is_whole(borders);
            if are_few_and_whole || high <= low {
                return rows.iter().skip(1).map(|rows| *rows as f64).collect();
            }
            let step = (high - low) / BARS as f64;
            let mut counts = vec![0.0; BARS];
            for (code, rows) in rows.iter().enumerate().skip(1) {
                let from = if code == 1 { *low } else { f64::from(borders[code - 2]).clamp(*low, *high) };
                let to = borders.get(code - 1).map_or(*high, |border| f64::from(*border).clamp(*low, *high));
                spread(&mut counts, (from - low) / step, (to - low) / step, *rows as f64);
            }
            counts
        }
    }
}

/// Spreads rows evenly over the bars between two places.
fn spread(counts: &mut [f64], from: f64, to: f64, rows: f64) {
    let last = counts.len() - 1;
    let (first, end) = ((from.floor() as usize).min(last), (to.floor() as usize).min(last));
    if to - from < 1e-9 {
        counts[first] += rows;
        return;
    }
    for (bar, count) in counts.iter_mut().enumerate().take(end + 1).skip(first) {
        let inside = (to.min(bar as f64 + 1.0) - from.max(bar as f64)).max(0.0);
        *count += rows * inside / (to - from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_spread_and_none_is_lost() {
        let mut counts = vec![0.0; 4];
        spread(&mut counts, 0.5, 2.5, 10.0);
        spread(&mut counts, 4.0, 4.0, 3.0);
        assert_eq!(counts, [2.5, 5.0, 2.5, 3.0]);
    }
}
