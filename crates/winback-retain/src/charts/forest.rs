//! Figures with intervals, one a row, beside a line to compare them with.

use super::theme::{BLUE, Described, INK, MUTED, Scale, Side, WIDTH, chart, down, fitted, room};
use super::ticks::Tick;
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
    let words = room(rows.iter().map(|row| row.label.as_str()), WORDS - 12.0) + 12.0;
    chart(about, (WIDTH, floor + 44.0), |paper| {
        let x = Scale { from, to, start: words + 14.0, end: WIDTH - 14.0 };
        down(paper, x, ticks, floor, line)?;
        paper.word(name, (WIDTH - 14.0, floor + 33.0), Side::Right, MUTED)?;
        for (row, ForestRow { label, figure }) in rows.iter().enumerate() {
            let middle = row as f64 * ROW + ROW / 2.0;
            let Some(figure) = figure else {
                paper.word(&fitted(label, words), (0.0, middle + 2.0), Side::Left, MUTED)?;
                continue;
            };
            paper.word(&fitted(label, words - 12.0), (12.0, middle), Side::Left, INK)?;
            paper.line(&[(x.at(figure.low), middle), (x.at(figure.high), middle)], BLUE, 2.0)?;
            paper.dot((x.at(figure.value), middle), 4.0, BLUE, 1.0)?;
        }
        Some(())
    })
}
