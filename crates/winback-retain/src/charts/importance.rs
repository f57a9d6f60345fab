//! What moves the scores: a bar a column, its name above it so that long names have room.

use super::theme::{BLUE, Described, GRID, INK, MUTED, Side, WIDTH, chart, fitted};

const ROW: f64 = 48.0;

/// Bars of shares (0 to 1), named.
pub(crate) fn importance(about: &Described<'_>, bars: &[(String, f64)]) -> String {
    let largest = bars.iter().map(|(_, share)| *share).fold(1e-9, f64::max);
    let height = bars.len() as f64 * ROW + 4.0;
    chart(about, (WIDTH, height), |paper| {
        for (row, (name, share)) in bars.iter().enumerate() {
            let top = row as f64 * ROW;
            paper.word(&fitted(name, WIDTH - 70.0), (0.0, top + 10.0), Side::Left, INK)?;
            paper.word(&format!("{:.1} %", 100.0 * share), (WIDTH, top + 10.0), Side::Right, MUTED)?;
            paper.bar((0.0, top + 20.0), (WIDTH, top + 29.0), GRID)?;
            paper.bar((0.0, top + 20.0), (WIDTH * share / largest, top + 29.0), BLUE)?;
        }
        Some(())
    })
}
