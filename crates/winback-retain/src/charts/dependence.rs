//! How a column's effect follows its values: a line with a band for numbers, a dot with a bar for levels.

use super::theme::{
    Axes, BLUE, Described, INK, MUTED, Paper, REFERENCE, Scale, Side, WIDTH, chart, down, fitted, room,
};
use super::ticks::{Tick, odds_reach, odds_ticks, round_values};
use crate::reasons::number::shown;
use crate::report::{Dependence, DependencePoint};

const HEIGHT: f64 = 270.0;
const ROW: f64 = 26.0;

/// `reach` are the lowest and the highest effect of the charts that are seen together.
pub(crate) fn dependence(about: &Described<'_>, what: &Dependence, reach: (f64, f64)) -> String {
    let ranges: Vec<&DependencePoint> = what.points.iter().filter(|point| point.at.is_some()).collect();
    if ranges.len() > 2 {
        chart(about, (WIDTH, HEIGHT), |paper| draw_line(paper, what, &ranges, reach))
    } else {
        let height = what.points.len() as f64 * ROW + 48.0;
        chart(about, (WIDTH, height), |paper| draw_levels(paper, &what.points, reach))
    }
}

fn draw_line(
    paper: &Paper<'_>,
    what: &Dependence,
    ranges: &[&DependencePoint],
    reach: (f64, f64),
) -> Option<()> {
    let place = |point: &&DependencePoint| point.at.unwrap_or(0.0);
    let (from, to) = (place(ranges.first()?), place(ranges.last()?));
    // Missing values stand apart, at the right.
    let missing = what.points.iter().find(|point| point.at.is_none());
    let end = WIDTH - if missing.is_some() { 76.0 } else { 16.0 };
    let y_ticks = odds_ticks(reach);
    let words = room(y_ticks.iter().map(|(_, word)| word.as_str()), 120.0).max(44.0);
    let x = Scale { from, to, start: words + 16.0, end };
    let (lowest, highest) = odds_reach(reach);
    let y = Scale { from: lowest, to: highest, start: HEIGHT - 46.0, end: 34.0 };
    let x_ticks: Vec<Tick> = if what.kind == "time" {
        let date = |value: f64| crate::report::date_shown(value);
        [from, (from + to) / 2.0, to].map(|value| (value, date(value))).to_vec()
    } else {
        round_values(from, to, 5.0).into_iter().map(|value| (value, shown(rounded(value)))).collect()
    };
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

fn draw_levels(paper: &Paper<'_>, points: &[DependencePoint], reach: (f64, f64)) -> Option<()> {
    let words = room(points.iter().map(|point| point.label.as_str()), 180.0);
    let (from, to) = odds_reach(reach);
    let x = Scale { from, to, start: words + 14.0, end: WIDTH - 16.0 };
    let floor = points.len() as f64 * ROW + 4.0;
    down(paper, x, &odds_ticks(reach), floor, Some(0.0))?;
    paper.word("odds of leaving", (WIDTH - 16.0, floor + 33.0), Side::Right, MUTED)?;
    for (row, point) in points.iter().enumerate() {
        let middle = row as f64 * ROW + ROW / 2.0;
        paper.word(&fitted(&point.label, words), (0.0, middle), Side::Left, INK)?;
        paper.line(&[(x.at(point.low), middle), (x.at(point.high), middle)], BLUE, 2.0)?;
        paper.dot((x.at(point.mean), middle), 4.0, BLUE, 1.0)?;
    }
    Some(())
}

/// A round value without the dust of binary arithmetic.
fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}
