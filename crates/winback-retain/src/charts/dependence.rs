//! How a column's effect follows its values: a line with a band for numbers, a dot with a bar for levels.

use super::theme::{
    Axes, BLUE, Described, GRID, INK, MUTED, Paper, REFERENCE, Scale, Side, Tick, WIDTH, chart, fitted,
    odds_ticks, round_values,
};
use crate::reasons::number::shown;
use crate::report::{Dependence, DependencePoint};

const HEIGHT: f64 = 270.0;
const ROW: f64 = 26.0;

/// `most` is the size of the largest effect among the charts that are seen together.
pub(crate) fn dependence(about: &Described<'_>, what: &Dependence, most: f64) -> String {
    let ranges: Vec<&DependencePoint> = what.points.iter().filter(|point| point.at.is_some()).collect();
    if ranges.len() > 2 {
        chart(about, (WIDTH, HEIGHT), |paper| draw_line(paper, what, &ranges, most))
    } else {
        let height = what.points.len() as f64 * ROW + 48.0;
        chart(about, (WIDTH, height), |paper| draw_levels(paper, &what.points, most))
    }
}

fn draw_line(paper: &Paper<'_>, what: &Dependence, ranges: &[&DependencePoint], most: f64) -> Option<()> {
    let place = |point: &&DependencePoint| point.at.unwrap_or(0.0);
    let (from, to) = (place(ranges.first()?), place(ranges.last()?));
    // Missing values stand apart, at the right.
    let missing = what.points.iter().find(|point| point.at.is_none());
    let end = WIDTH - if missing.is_some() { 76.0 } else { 14.0 };
    let x = Scale { from, to, start: 60.0, end };
    let y = Scale { from: -most, to: most, start: HEIGHT - 46.0, end: 34.0 };
    let x_ticks: Vec<Tick> = if what.kind == "time" {
        let date = |value: f64| crate::report::date_shown(value);
        [from, (from + to) / 2.0, to].map(|value| (value, date(value))).to_vec()
    } else {
        round_values(from, to, 5.0).into_iter().map(|value| (value, shown(rounded(value)))).collect()
    };
    let y_ticks = odds_ticks(most);
    Axes {
        x,
        y,
        x_ticks: &x_ticks,
        y_ticks: &y_ticks,
        x_name: &fitted(&what.name.shown, 300.0),
        y_name: "odds of leaving",
    }
    .draw(paper)?;
    paper.line(&[(x.start, y.at(0.0)), (x.end, y.at(0.0))], REFERENCE, 1.25)?;
    let upper = ranges.iter().map(|point| (x.at(place(point)), y.at(point.high)));
    let lower = ranges.iter().rev().map(|point| (x.at(place(point)), y.at(point.low)));
    paper.area(&upper.chain(lower).collect::<Vec<_>>(), BLUE, 0.2)?;
    let line: Vec<(f64, f64)> = ranges.iter().map(|point| (x.at(place(point)), y.at(point.mean))).collect();
    paper.line(&line, BLUE, 2.0)?;
    for point in &line {
        paper.dot(*point, 2.5, BLUE, 1.0)?;
    }
    if let Some(missing) = missing {
        let along = WIDTH - 34.0;
        paper.line(&[(along, y.at(missing.low)), (along, y.at(missing.high))], BLUE, 2.0)?;
        paper.dot((along, y.at(missing.mean)), 3.5, BLUE, 1.0)?;
        paper.word("missing", (along, HEIGHT - 31.0), Side::Middle, MUTED)?;
    }
    Some(())
}

fn draw_levels(paper: &Paper<'_>, points: &[DependencePoint], most: f64) -> Option<()> {
    let x = Scale { from: -most, to: most, start: 190.0, end: WIDTH - 12.0 };
    let floor = points.len() as f64 * ROW + 4.0;
    let mut before = f64::NEG_INFINITY;
    for (value, word) in odds_ticks(most) {
        let along = x.at(value);
        let colour = if value.abs() < 1e-9 { REFERENCE } else { GRID };
        paper.line(&[(along, 0.0), (along, floor)], colour, 1.0)?;
        let half = super::theme::width_of(&word) / 2.0;
        if before + 6.0 < along - half {
            paper.word(&word, (along, floor + 13.0), Side::Middle, MUTED)?;
            before = along + half;
        }
    }
    paper.word("odds of leaving", (WIDTH - 12.0, floor + 33.0), Side::Right, MUTED)?;
    for (row, point) in points.iter().enumerate() {
        let middle = row as f64 * ROW + ROW / 2.0;
        paper.word(&fitted(&point.label, 178.0), (0.0, middle), Side::Left, INK)?;
        paper.line(&[(x.at(point.low), middle), (x.at(point.high), middle)], BLUE, 2.0)?;
        paper.dot((x.at(point.mean), middle), 4.0, BLUE, 1.0)?;
    }
    Some(())
}

/// A round value without the dust of binary arithmetic.
fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}
