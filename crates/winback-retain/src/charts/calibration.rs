//! Foretold against observed, with the distribution of the probabilities beneath.

use super::theme::{
    Axes, BLUE, Described, GRID, MUTED, Paper, RED, REFERENCE, Scale, Side, WIDTH, chart, share_ticks,
};
use crate::report::Calibration;

const HEIGHT: f64 = 430.0;
/// Where the upper part ends.
const UPPER: f64 = 286.0;
/// Where the bars of the lower part stand.
const FLOOR: f64 = HEIGHT - 46.0;

pub(crate) fn calibration(about: &Described<'_>, what: &Calibration) -> String {
    chart(about, (WIDTH, HEIGHT), |paper| {
        let x = Scale { from: 0.0, to: what.limit, start: 52.0, end: WIDTH - 16.0 };
        draw_bins(paper, what, x)?;
        draw_scores(paper, what, x)
    })
}

fn draw_bins(paper: &Paper<'_>, what: &Calibration, x: Scale) -> Option<()> {
    let y = Scale { from: 0.0, to: what.limit, start: UPPER, end: 34.0 };
    let ticks = share_ticks(what.limit);
    Axes { x, y, x_ticks: &[], y_ticks: &ticks, x_name: "", y_name: "share that left" }.draw(paper)?;
    paper.line(&[(x.at(0.0), y.at(0.0)), (x.at(what.limit), y.at(what.limit))], REFERENCE, 1.5)?;
    for bin in &what.bins {
        let (along, low, high) = (x.at(bin.predicted), y.at(bin.observed.low), y.at(bin.observed.high));
        paper.line(&[(along, low), (along, high)], BLUE, 1.75)?;
        paper.dot((along, y.at(bin.observed.value)), 4.0, BLUE, 1.0)?;
    }
    Some(())
}

fn draw_scores(paper: &Paper<'_>, what: &Calibration, x: Scale) -> Option<()> {
    let tallest = what.scores.iter().map(|bar| bar.left + bar.stayed).max().unwrap_or(0) as f64;
    let y = Scale { from: 0.0, to: tallest, start: FLOOR, end: UPPER + 38.0 };
    paper.word("customers", (0.0, UPPER + 20.0), Side::Left, MUTED)?;
    let step = what.limit / what.scores.len() as f64;
    for (place, bar) in what.scores.iter().enumerate() {
        let (from, to) = (x.at(place as f64 * step) + 0.5, x.at((place + 1) as f64 * step) - 0.5);
        let left = y.at(bar.left as f64);
        if bar.left > 0 {
            paper.bar((from, FLOOR), (to, left), RED)?;
        }
        if bar.stayed > 0 {
            paper.bar((from, left), (to, y.at((bar.left + bar.stayed) as f64)), BLUE)?;
        }
    }
    paper.line(&[(x.start, FLOOR + 0.5), (x.end, FLOOR + 0.5)], GRID, 1.0)?;
    let ticks = share_ticks(what.limit);
    let y = Scale { from: 0.0, to: 1.0, start: FLOOR, end: FLOOR };
    Axes { x, y, x_ticks: &ticks, y_ticks: &[], x_name: "foretold probability of leaving", y_name: "" }
        .draw(paper)
}
