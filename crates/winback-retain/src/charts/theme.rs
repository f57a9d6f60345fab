//! The one look of all charts: colours, sizes, axes, and the paper they are drawn on.
//!
//! Colours are those of Okabe and Ito (2008), which the colour-blind can tell apart; the page's style sheet maps each
//! of them to its dark counterpart by the value written here, so a colour that is not in this file is not drawn.
//! Plotters places by whole numbers: everything is drawn at four times its size, and the view box scales it back.

use std::fmt::Write;

use maud::{PreEscaped, html};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, IntoTextStyle, RGBColor, ShapeStyle};

use super::ticks::Tick;

/// Words and axes that must be read.
pub(super) const INK: RGBColor = RGBColor(0x1b, 0x1f, 0x24);
/// Words that say where one is.
pub(super) const MUTED: RGBColor = RGBColor(0x57, 0x60, 0x6a);
/// Lines to measure by.
pub(super) const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xeb);
/// What is compared with: chance, zero, the training.
pub(super) const REFERENCE: RGBColor = RGBColor(0x8c, 0x95, 0x9f);
/// The model; low values; what lowers a risk.
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// Those who leave; high values; what raises a risk.
pub(super) const RED: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
/// The model's colour where much of it is needed.
pub(super) const SOFT_BLUE: RGBColor = RGBColor(0x8f, 0xc1, 0xdf);
/// The middle of three.
pub(super) const AMBER: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
/// What has no order: categories, missing values.
pub(super) const UNRANKED: RGBColor = RGBColor(0xcc, 0x79, 0xa7);
/// Ranks from low to high.
pub(super) const RANKS: [RGBColor; 5] =
    [BLUE, RGBColor(0x56, 0x9f, 0xcb), RGBColor(0x9a, 0xa0, 0xa6), RGBColor(0xe0, 0x8f, 0x51), RED];

/// The width of a chart.
pub(super) const WIDTH: f64 = 480.0;
/// The size of words, in the same units.
pub(super) const SMALL: f64 = 14.0;
const SCALE: f64 = 4.0;
/// Plotters writes the size of a font divided by this.
const FONT_SCALE: f64 = 1.24;

/// What a chart is called, and what it says to those who do not see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described<'a> {
    /// Unique in its page.
    pub(crate) id: &'a str,
    /// A few words.
    pub(crate) title: &'a str,
    /// The finding in a sentence.
    pub(crate) description: &'a str,
}

/// On which side of its place a word stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Left,
    Middle,
    Right,
}

/// Paper to draw on, in units of which a chart is [`WIDTH`] wide.
pub(super) struct Paper<'a>(DrawingArea<SVGBackend<'a>, Shift>);

/// Draws a chart; nothing when the drawing library refuses, since the table beside the chart says the same.
pub(super) fn chart(
    about: &Described<'_>,
    (width, height): (f64, f64),
    draw: impl FnOnce(&Paper<'_>) -> Option<()>,
) -> String {
    let mut svg = String::new();
    {
        let backend = SVGBackend::with_string(&mut svg, (place(width) as u32, place(height) as u32));
        let paper = Paper(backend.into_drawing_area());
        if draw(&paper).is_none() || paper.0.present().is_err() {
            return String::new();
        }
    }
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let Described { id, title, description } = about;
    let (title_id, text_id) = (format!("{id}-title"), format!("{id}-text"));
    let names = html! {
        title id=(title_id) { (title) }
        desc id=(text_id) { (description) }
    };
    let mut whole = String::with_capacity(body.len());
    // Writing into a string cannot fail.
    let _written = write!(
        whole,
        "<svg id=\"{id}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{title_id} {text_id}\">{}",
        place(width),
        place(height),
        names.into_string()
    );
    // What is so by default need not be said; words written by others hold no bare quotes, so none of them is cut.
    let lean = body
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\" stroke-width=\"1\"", "")
        .replace(" stroke=\"none\"", "")
        .replace(" font-family=\"sans-serif\"", "")
        .replace("\n", "");
    whole.push_str(&lean);
    whole
}

/// A chart with something that the page's script moves, as its last part.
pub(super) fn with_marker(svg: &str, marker: PreEscaped<String>) -> String {
    match svg.strip_suffix("</svg>") {
        Some(start) => format!("{start}{}</svg>", marker.into_string()),
        None => svg.to_owned(),
    }
}

/// Where a number of the chart's units lies in the SVG's.
pub(super) fn place(units: f64) -> i32 {
    (units * SCALE).round() as i32
}

fn at((x, y): (f64, f64)) -> (i32, i32) {
    (place(x), place(y))
}

impl Paper<'_> {
    pub(super) fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: f64) -> Option<()> {
        let style = ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: place(width) as u32 };
        let points: Vec<(i32, i32)> = points.iter().copied().map(at).collect();
        self.0.draw(&PathElement::new(points, style)).ok()
    }

    pub(super) fn area(&self, points: &[(f64, f64)], colour: RGBColor, alpha: f64) -> Option<()> {
        let points: Vec<(i32, i32)> = points.iter().copied().map(at).collect();
        self.0.draw(&Polygon::new(points, colour.mix(alpha).filled())).ok()
    }

    pub(super) fn bar(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor) -> Option<()> {
        // A bar may be given from either end; SVG knows no negative width.
        let (left, right) = (from.0.min(to.0), from.0.max(to.0));
        let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
        self.0.draw(&Rectangle::new([at((left, top)), at((right, bottom))], colour.filled())).ok()
    }

    pub(super) fn dot(&self, centre: (f64, f64), radius: f64, colour: RGBColor, alpha: f64) -> Option<()> {
        self.0.draw(&Circle::new(at(centre), place(radius), colour.mix(alpha).filled())).ok()
    }

    pub(super) fn word(&self, text: &str, place: (f64, f64), side: Side, colour: RGBColor) -> Option<()> {
        let side = match side {
            Side::Left => HPos::Left,
            Side::Middle => HPos::Center,
            Side::Right => HPos::Right,
        };
        let font = ("sans-serif", SMALL * SCALE * FONT_SCALE).into_font();
        let style = font.into_text_style(&self.0).color(&colour).pos(Pos::new(side, VPos::Center));
        self.0.draw(&Text::new(text, at(place), style)).ok()
    }
}

/// From values to places along one axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Scale {
    /// The place of a value; values beyond the ends stand at the ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        let span = self.to - self.from;
        let share = if span > 0.0 { ((value - self.from) / span).clamp(0.0, 1.0) } else { 0.5 };
        // A value that is no number is drawn where the axis begins.
        let share = if share.is_finite() { share } else { 0.0 };
        self.start + share * (self.end - self.start)
    }
}

/// Lines down a chart at some ticks, and the words below them; words that would touch are left out.
pub(super) fn down(paper: &Paper<'_>, x: Scale, ticks: &[Tick], floor: f64, zero: Option<f64>) -> Option<()> {
    let mut before = f64::NEG_INFINITY;
    for (value, word) in ticks {
        let along = x.at(*value);
        paper.line(&[(along, 0.0), (along, floor)], GRID, 1.0)?;
        let half = width_of(word) / 2.0;
        let middle = along.min(WIDTH - half).max(half);
        if before + 6.0 < middle - half {
            paper.word(word, (middle, floor + 13.0), Side::Middle, MUTED)?;
            before = middle + half;
        }
    }
    if let Some(zero) = zero {
        paper.line(&[(x.at(zero), 0.0), (x.at(zero), floor)], REFERENCE, 1.5)?;
    }
    Some(())
}

/// How much room names at the left of a chart need, up to a bound.
pub(super) fn room<'a>(names: impl IntoIterator<Item = &'a str>, most: f64) -> f64 {
    names.into_iter().map(width_of).fold(24.0, f64::max).min(most)
}

/// A chart's axes.
pub(super) struct Axes<'a> {
    pub(super) x: Scale,
    pub(super) y: Scale,
    pub(super) x_ticks: &'a [Tick],
    pub(super) y_ticks: &'a [Tick],
    pub(super) x_name: &'a str,
    pub(super) y_name: &'a str,
}

impl Axes<'_> {
    /// Lines across, words beside and below them, and the names of both axes.
    pub(super) fn draw(&self, paper: &Paper<'_>) -> Option<()> {
        let (left, right, bottom, top) = (self.x.start, self.x.end, self.y.start, self.y.end);
        for (value, word) in self.y_ticks {
            let y = self.y.at(*value);
            paper.line(&[(left, y), (right, y)], GRID, 1.0)?;
            paper.word(word, (left - 8.0, y), Side::Right, MUTED)?;
        }
        let mut before = f64::NEG_INFINITY;
        for (value, word) in self.x_ticks {
            let x = self.x.at(*value);
            let half = width_of(word) / 2.0;
            // Words that would touch are left out, and no word leaves the paper.
            let middle = x.min(WIDTH - half - 1.0).max(half);
            paper.line(&[(x, bottom), (x, bottom + 4.0)], REFERENCE, 1.0)?;
            if before + 6.0 < middle - half {
                paper.word(word, (middle, bottom + 15.0), Side::Middle, MUTED)?;
                before = middle + half;
            }
        }
        paper.line(&[(left, bottom), (right, bottom)], REFERENCE, 1.0)?;
        paper.word(self.x_name, (right, bottom + 34.0), Side::Right, MUTED)?;
        paper.word(self.y_name, (0.0, top - 18.0), Side::Left, MUTED)
    }
}

/// About how wide a word is; system fonts differ little in this.
pub(super) fn width_of(word: &str) -> f64 {
    word.chars().count() as f64 * SMALL * 0.63
}

/// A word cut to fit a width.
pub(super) fn fitted(word: &str, width: f64) -> String {
    let most = (width / (SMALL * 0.63)).floor().max(2.0) as usize;
    if word.chars().count() <= most {
        return word.to_owned();
    }
    let kept: String = word.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_on_the_paper_whatever_the_value() {
        let scale = Scale { from: 0.0, to: 1.0, start: 10.0, end: 20.0 };
        for value in [f64::NAN, f64::INFINITY, -1e300, 0.5] {
            assert!((10.0..=20.0).contains(&scale.at(value)), "{value}");
        }
        let flat = Scale { from: 1.0, to: 1.0, start: 10.0, end: 20.0 };
        assert!((flat.at(1.0) - 15.0).abs() < 1e-12);
    }

    #[test]
    fn words_of_others_are_escaped() {
        let about = Described { id: "a", title: "<script>", description: "\"&" };
        let svg = chart(&about, (100.0, 20.0), |paper| {
            paper.word("<b> opacity=\"1\"", (0.0, 9.0), Side::Left, INK)
        });
        assert!(!svg.contains("<script>") && !svg.contains("<b>"), "{svg}");
        assert!(svg.contains("&lt;b&gt; opacity=&quot;1&quot;"), "{svg}");
    }
}
