//! Foretold against observed, with the distribution of the probabilities beneath.
//!
//! Both axes are square roots: most customers have a small risk, and there the chart needs room. What is as foretold
//! still lies on the diagonal.

use super::theme::{
    Axes, BLUE, Described, MUTED, Paper, RED, REFERENCE, SOFT_BLUE, Scale, Side, WIDTH, chart,
};
use super::ticks::Tick;
use crate::report::{Calibration, ScoreBin};

const HEIGHT: f64 = 430.0;
/// Where the upper part ends.
const UPPER: f64 = 286.0;
/// Where the bars of the lower part stand.
const FLOOR: f64 = HEIGHT - 46.0;

pub(crate) fn calibration(about: &Described<'_>, what: &Calibration) -> String {
    chart(about, (WIDTH, HEIGHT), |paper| {
        let x = Scale { from: 0.0, to: what.limit.sqrt(), start: 60.0, end: WIDTH - 30.0 };
        draw_bins(paper, what, x)?;
        draw_scores(paper, what, x)
    })
}

/// Shares up to a limit, closer together where the square root stretches less.
fn root_ticks(limit: f64) -> Vec<Tick> {
    const SHARES: [f64; 9] = [0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0];
    let word = |share: f64| (share.sqrt(), format!("{:.0} %", 100.0 * share));
    SHARES.into_iter().filter(|share| *share <= limit + 1e-9).map(word).collect()
}

fn draw_bins(paper: &Paper<'_>, what: &Calibration, x: Scale) -> Option<()> {
    let y = Scale { start: UPPER, end: 34.0, ..x };
    let ticks = root_ticks(what.limit);
    Axes { x, y, x_ticks: &[], y_ticks: &ticks, x_name: "", y_name: "share that left" }.draw(paper)?;
    paper.line(&[(x.start, y.start), (x.end, y.end)], REFERENCE, 1.5)?;
    for bin in &what.bins {
        let along = x.at(bin.predicted.sqrt());
        let (low, high) = (y.at(bin.observed.low.sqrt()), y.at(bin.observed.high.sqrt()));
        paper.line(&[(along, low), (along, high)], BLUE, 1.75)?;
        paper.dot((along, y.at(bin.observed.value.sqrt())), 4.0, BLUE, 1.0)?;
    }
    Some(())
}

fn draw_scores(paper: &Paper<'_>, what: &Calibration, x: Scale) -> Option<()> {
    // Each outcome is drawn as shares of its own rows: leavers are few, and would not be seen beside the others.
    let share = |of: &dyn Fn(&ScoreBin) -> u64| -> Vec<f64> {
        let total = what.scores.iter().map(of).sum::<u64>().max(1) as f64;
        what.scores.iter().map(|bar| of(bar) as f64 / total).collect()
    };
    let (stayed, left) = (share(&|bar| bar.stayed), share(&|bar| bar.left));
    let tallest = stayed.iter().chain(&left).copied().fold(1e-9, f64::max);
    let y = Scale { from: 0.0, to: tallest, start: FLOOR, end: UPPER + 38.0 };
    paper.word("where they were foretold", (0.0, UPPER + 20.0), Side::Left, MUTED)?;
    let step = (x.end - x.start) / what.scores.len() as f64;
    let mut outline = vec![(x.start, FLOOR)];
    for (place, (stayed, left)) in stayed.iter().zip(&left).enumerate() {
        let from = x.start + place as f64 * step;
        if *stayed > 0.0 {
            paper.bar((from + 0.5, FLOOR), (from + step - 0.5, y.at(*stayed)), SOFT_BLUE)?;
        }
        outline.extend([(from, y.at(*left)), (from + step, y.at(*left))]);
    }
    outline.push((x.end, FLOOR));
    paper.line(&outline, RED, 1.75)?;
    let ticks = root_ticks(what.limit);
    let y = Scale { from: 0.0, to: 1.0, start: FLOOR, end: FLOOR };
    Axes { x, y, x_ticks: &ticks, y_ticks: &[], x_name: "foretold probability of leaving", y_name: "" }
        .draw(paper)
}
