//! A curve with its band: ROC, precision by recall, gains, lift.

use maud::html;

use super::theme::{Axes, BLUE, Described, Paper, REFERENCE, Scale, WIDTH, chart, place, with_marker};
use super::ticks::{Tick, round_values, share_ticks};
use crate::report::Point;

const HEIGHT: f64 = 330.0;

/// How the values up the side are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Shares, 0 to 1.
    Share,
    /// Multiples.
    Factor,
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurveChart<'a> {
    pub(crate) points: &'a [Point],
    /// What chance would bring, as the ends of a line.
    pub(crate) chance: [(f64, f64); 2],
    pub(crate) x_name: &'a str,
    pub(crate) y_name: &'a str,
    pub(crate) reading: Reading,
    /// Where a marker that can be moved stands at first.
    pub(crate) marker: Option<(f64, f64)>,
}

pub(crate) fn curve(about: &Described<'_>, what: &CurveChart<'_>) -> String {
    let most = match what.reading {
        Reading::Share => 1.0,
        Reading::Factor => what.points.iter().map(|point| point.y.max(point.high)).fold(1.0, f64::max) * 1.05,
    };
    let x = Scale { from: 0.0, to: 1.0, start: 60.0, end: WIDTH - 30.0 };
    let y = Scale { from: 0.0, to: most, start: HEIGHT - 46.0, end: 34.0 };
    let svg = chart(about, (WIDTH, HEIGHT), |paper| draw(paper, what, x, y));
    let Some(marker) = what.marker else { return svg };
    let shown = |value: f64| place(value).to_string();
    let (here, up) = (shown(x.at(marker.0)), shown(y.at(marker.1)));
    let id = format!("{}-marker", about.id);
    with_marker(
        &svg,
        html! {
            g id=(id) data-left=(shown(x.start)) data-right=(shown(x.end)) data-bottom=(shown(y.start)) data-top=(shown(y.end)) {
                line x1=(here) x2=(here) y1=(shown(y.start)) y2=(up) stroke="#D55E00" stroke-width="6" {}
                circle cx=(here) cy=(up) r="22" fill="#D55E00" {}
            }
        },
    )
}

fn draw(paper: &Paper<'_>, what: &CurveChart<'_>, x: Scale, y: Scale) -> Option<()> {
    let y_ticks: Vec<Tick> = match what.reading {
        Reading::Share => share_ticks(1.0),
        Reading::Factor => round_values(0.0, y.to, 6.0)
            .into_iter()
            .map(|value| {
                (value, format!("× {}", crate::reasons::number::shown((value * 100.0).round() / 100.0)))
            })
            .collect(),
    };
    let (x_name, y_name) = (what.x_name, what.y_name);
    Axes { x, y, x_ticks: &share_ticks(1.0), y_ticks: &y_ticks, x_name, y_name }.draw(paper)?;
    let chance = what.chance.map(|(along, up)| (x.at(along), y.at(up)));
    paper.line(&chance, REFERENCE, 1.5)?;
    let upper = what.points.iter().map(|point| (x.at(point.x), y.at(point.high)));
    let lower = what.points.iter().rev().map(|point| (x.at(point.x), y.at(point.low)));
    paper.area(&upper.chain(lower).collect::<Vec<_>>(), BLUE, 0.2)?;
    let line: Vec<(f64, f64)> = what.points.iter().map(|point| (x.at(point.x), y.at(point.y))).collect();
    paper.line(&line, BLUE, 2.0)
}
