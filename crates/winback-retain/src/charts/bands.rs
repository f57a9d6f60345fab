//! How many customers are in each risk band: one bar of three parts a population.

use super::theme::{AMBER, BLUE, Described, INK, MUTED, RED, Side, WIDTH, chart, width_of};

const ROW: f64 = 66.0;

/// One population.
#[derive(Debug, Clone)]
pub(crate) struct BandRow {
    pub(crate) label: String,
    /// At the right of the label.
    pub(crate) note: String,
    /// Shares: high, medium, low.
    pub(crate) shares: [f64; 3],
}

pub(crate) fn bands(about: &Described<'_>, rows: &[BandRow]) -> String {
    chart(about, (WIDTH, rows.len() as f64 * ROW), |paper| {
        for (row, BandRow { label, note, shares }) in rows.iter().enumerate() {
            let top = row as f64 * ROW;
            paper.word(label, (0.0, top + 9.0), Side::Left, INK)?;
            paper.word(note, (WIDTH, top + 9.0), Side::Right, MUTED)?;
            let mut from = 0.0;
            let mut free = 0.0;
            for (share, colour) in shares.iter().zip([RED, AMBER, BLUE]) {
                let to = from + share * WIDTH;
                if to - from > 0.5 {
                    // A gap between the parts tells them apart without colour.
                    paper.bar((from, top + 20.0), ((to - 1.5).max(from + 0.5), top + 36.0), colour)?;
                }
                let word = format!("{:.1} %", 100.0 * share);
                let left = from.max(free).min(WIDTH - width_of(&word));
                paper.word(&word, (left, top + 47.0), Side::Left, MUTED)?;
                free = left + width_of(&word) + 6.0;
                from = to;
            }
        }
        Some(())
    })
}
