//! Charts that stand in the cell of a table.

use super::theme::{BLUE, Described, GRID, RED, REFERENCE, Scale, chart};

/// The bar of one effect: to the right of the middle it raises the risk, to the left it lowers it.
pub(crate) fn effect_bar(about: &Described<'_>, effect: f64, most: f64) -> String {
    chart(about, (120.0, 12.0), |paper| {
        let x = Scale { from: -most, to: most, start: 0.0, end: 120.0 };
        paper.bar((0.0, 5.5), (120.0, 6.5), GRID)?;
        let colour = if effect < 0.0 { BLUE } else { RED };
        paper.bar((x.at(0.0), 1.5), (x.at(effect), 10.5), colour)?;
        paper.line(&[(x.at(0.0), 0.0), (x.at(0.0), 12.0)], REFERENCE, 1.0)
    })
}

/// Counts as a row of small bars.
pub(crate) fn sparkline(about: &Described<'_>, counts: &[f64]) -> String {
    let tallest = counts.iter().copied().fold(1e-9, f64::max);
    let step = 100.0 / counts.len().max(1) as f64;
    chart(about, (100.0, 22.0), |paper| {
        for (place, count) in counts.iter().enumerate() {
            let from = place as f64 * step;
            let height = if *count > 0.0 { (20.0 * count / tallest).max(1.0) } else { 0.0 };
            if height > 0.0 {
                paper.bar((from, 21.0), (from + step - (step * 0.15).min(1.0), 21.0 - height), BLUE)?;
            }
        }
        paper.line(&[(0.0, 21.5), (100.0, 21.5)], GRID, 0.75)
    })
}
