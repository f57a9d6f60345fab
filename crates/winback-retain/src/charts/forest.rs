//! Figures with intervals, one a row, beside a line to compare them with.

use super::theme::{
    BLUE, Described, GRID, INK, MUTED, REFERENCE, Scale, Side, Tick, WIDTH, chart, fitted, width_of,
};
use crate::report::Figure;

const ROW: f64 = 26.0;
const WORDS: f64 = 186.0;

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct ForestRow {
    pub(crate) label: String,
    /// Nothing for the name of a group of rows.
    pub(crate) figure: Option<Figure>,
}

/// `line` is where figures are compared with, `ticks` the values written below.
pub(crate) fn forest(
    about: &Described<'_>,
    rows: &[ForestRow],
    (from, to): (f64, f64),
    line: Option<f64>,
    ticks: &[Tick],
    name: &str,
) -> String {
    let floor = rows.len() as f64 * ROW + 4.0;
    chart(about, (WIDTH, floor + 44.0), |paper| {
        let x = Scale { from, to, start: WORDS + 12.0, end: WIDTH - 12.0 };
        let mut before = f64::NEG_INFINITY;
        for (value, word) in ticks {
            let along = x.at(*value);
            paper.line(&[(along, 0.0), (along, floor)], GRID, 1.0)?;
            let half = width_of(word) / 2.0;
            if before + 6.0 < along - half {
                paper.word(word, (along.min(WIDTH - half), floor + 13.0), Side::Middle, MUTED)?;
                before = along + half;
            }
        }
        if let Some(line) = line {
            paper.line(&[(x.at(line), 0.0), (x.at(line), floor)], REFERENCE, 1.5)?;
        }
        paper.word(name, (WIDTH - 12.0, floor + 33.0), Side::Right, MUTED)?;
        for (row, ForestRow { label, figure }) in rows.iter().enumerate() {
            let middle = row as f64 * ROW + ROW / 2.0;
            let Some(figure) = figure else {
                paper.word(&fitted(label, WORDS), (0.0, middle + 2.0), Side::Left, MUTED)?;
                continue;
            };
            paper.word(&fitted(label, WORDS - 12.0), (12.0, middle), Side::Left, INK)?;
            paper.line(&[(x.at(figure.low), middle), (x.at(figure.high), middle)], BLUE, 2.0)?;
            paper.dot((x.at(figure.value), middle), 4.0, BLUE, 1.0)?;
        }
        Some(())
    })
}
