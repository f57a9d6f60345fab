//! Whether probabilities can be taken at their word.

use std::cmp::Ordering;

use maud::html;
use winback_learn::probability;

use super::super::parts::{Figure, Swatch, Table, figure};
use super::super::words::{about, bound, count, decimals, interval, percent, percent_interval};
use super::Section;
use super::chance::{most_by_chance, place};
use crate::charts::{self, Described};
use crate::gates::SLOPES;
use crate::report::{CalibrationBin, Figure as Measured, ModelReport};

/// An intercept within so many log-odds of 0, all of its interval, is as good as 0.
const INTERCEPT: f64 = 0.25;

/// The line of calibration and its bins in a sentence. Probabilities are praised only where slope and intercept are known
/// to be near 1 and 0, for that an interval holds the perfect value may only mean that it is wide, and where no more bins
/// are off than chance brings.
pub(super) fn verdict(report: &ModelReport) -> String {
    let line = &report.report.metrics.calibration;
    judged(line.slope, line.intercept, &report.calibration.bins)
}

/// Whether the probabilities are shown to be wrong.
pub(super) fn is_wrong(report: &ModelReport) -> bool {
    let line = &report.report.metrics.calibration;
    let misses = |figure: Measured, perfect: f64| place(perfect, figure).is_ne();
    misses(line.slope, 1.0) || misses(line.intercept, 0.0) || off(&report.calibration.bins).is_some()
}

fn judged(slope: Measured, intercept: Measured, bins: &[CalibrationBin]) -> String {
    let holds = |figure: Measured, perfect: f64| place(perfect, figure).is_eq();
    let is_within = |figure: Measured, low: f64, high: f64| low <= figure.low && figure.high <= high;
    if !holds(slope, 1.0) {
        tilted(slope, intercept)
    } else if !holds(intercept, 0.0) {
        let way = if intercept.value > 0.0 { "low" } else { "high" };
        format!("Its probabilities near one half are too {way}: the intercept of calibration is not 0.")
    } else if let Some(off) = off(bins) {
        format!("Its probabilities are right on the whole but not throughout: {off}.")
    } else if is_within(slope, *SLOPES.start(), *SLOPES.end()) && is_within(intercept, -INTERCEPT, INTERCEPT)
    {
        "Its probabilities can be taken at their word.".to_owned()
    } else {
        "Nothing shows that its probabilities are wrong, but they are not known well enough to be taken at their word.".to_owned()
    }
}

/// What is wrong where the slope is not 1: the line crosses what is perfect at one probability, and on either side of
/// it errs in another way.
fn tilted(slope: Measured, intercept: Measured) -> String {
    let (what, above, below) =
        if slope.value < 1.0 { ("extreme", "high", "low") } else { ("timid", "low", "high") };
    let is_far = slope.high < *SLOPES.start() || *SLOPES.end() < slope.low;
    let how = if is_far { "far" } else { "somewhat" };
    let crossing = probability(intercept.value / (1.0 - slope.value));
    let where_off = if crossing < 0.01 {
        format!("nearly all are too {above}")
    } else if crossing > 0.99 {
        format!("nearly all are too {below}")
    } else {
        let crossing = about(crossing);
        format!("those above {crossing} are too {above}, those below it too {below}")
    };
    format!("Its probabilities are {how} too {what}: {where_off}.")
}

/// What the bins say against the probabilities; nothing where no more of them are off than chance brings.
fn off(bins: &[CalibrationBin]) -> Option<String> {
    let (mut under, mut over) = (Vec::new(), Vec::new());
    for (number, bin) in bins.iter().enumerate() {
        match place(bin.predicted, bin.observed) {
            Ordering::Less => under.push((number, bin)),
            Ordering::Greater => over.push((number, bin)),
            Ordering::Equal => {}
        }
    }
    let (missed, most) = (under.len() + over.len(), most_by_chance(bins.len()));
    if missed <= most {
        return None;
    }
    // The first, second and last third of the bins.
    let third = |(number, _): &(usize, &CalibrationBin)| ["low", "middling", "high"][3 * number / bins.len()];
    let told = |bins: Vec<(usize, &CalibrationBin)>, stated: &str| {
        let (_, first) = bins.first()?;
        let mut names: Vec<&str> = bins.iter().map(third).collect();
        names.dedup();
        Some(format!(
            "{} risks are {stated} ({} foretold, {} left)",
            names.join(" and "),
            percent(first.predicted),
            percent(first.observed.value)
        ))
    };
    let parts: Vec<String> = told(under, "understated").into_iter().chain(told(over, "overstated")).collect();
    Some(format!(
        "in {missed} of {} bins another share left than foretold, by chance it would be {most} at most; {}",
        bins.len(),
        parts.join(", ")
    ))
}

pub(super) fn section(report: &ModelReport) -> Section {
    let calibration = &report.calibration;
    let metrics = &report.report.metrics.calibration;
    let held = calibration.bins.iter().filter(|bin| place(bin.predicted, bin.observed).is_eq()).count();
    let title = match calibration.bins.last() {
        Some(last) => {
            format!("Of customers told {}, {} left", about(last.predicted), about(last.observed.value))
        }
        None => "What was foretold, and what happened".to_owned(),
    };
    let description = format!(
        "In {held} of {} bins the share that left agrees with the foretold probability within its 95 % interval; by chance it would be {} or more",
        calibration.bins.len(),
        calibration.bins.len() - most_by_chance(calibration.bins.len())
    );
    let row = |bin: &CalibrationBin| {
        vec![
            count(bin.rows),
            percent(bin.predicted),
            percent(bin.observed.value),
            percent_interval(bin.observed),
        ]
    };
    let table = Table {
        columns: vec![("rows", true), ("foretold", true), ("left", true), ("95 % interval", true)],
        rows: calibration.bins.iter().map(row).collect(),
    };
    let about = Described { id: "calibration-chart", title: "Calibration", description: &description };
    let body = html! {
        div.figures {
            (figure(&Figure {
                title: &description,
                note: "Above, bins of like size by probability; equal probabilities are never parted; below, which probabilities those who stayed and those who left were given. The axes are stretched near zero, where most customers are.",
                svg: charts::calibration(&about, calibration),
                legend: &[
                    (Swatch::Dot, "a bin, with its 95 % interval"),
                    (Swatch::Reference, "as foretold"),
                    (Swatch::Fill("#8FC1DF"), "those who stayed"),
                    (Swatch::Fill("#D55E00"), "those who left"),
                ],
                table: Some(table),
            }))
            div {
                h3 { "How far probabilities are from frequencies" }
                (super::super::parts::table(&Table {
                    columns: vec![("figure", false), ("value", true), ("95 % interval", true)],
                    rows: vec![
                        vec!["Slope (1 is perfect)".to_owned(), decimals(metrics.slope.value, 3), interval(metrics.slope, 3)],
                        vec!["Intercept (0 is perfect)".to_owned(), decimals(metrics.intercept.value, 3), interval(metrics.intercept, 3)],
                        vec!["Expected error (0 is perfect)".to_owned(), percent(metrics.ece), String::new()],
                        vec!["Brier score".to_owned(), decimals(report.report.metrics.brier.value, 4), interval(report.report.metrics.brier, 4)],
                    ],
                }, "How far probabilities are from frequencies"))
                p.sub { "A slope below 1 means that the probabilities are too extreme, above 1 that they are too timid. The intercept says, in log-odds, by how much those of one half are too low (above 0) or too high (below 0)." }
                p.sub {
                    "A risk is called high from " (bound(report.bands[0])) " on and medium from " (bound(report.bands[1])) " on."
                }
            }
        }
    };
    Section { id: "calibration", name: "Calibration", title, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(value: f64, by: f64) -> Measured {
        Measured { value, low: value - by, high: value + by }
    }

    #[test]
    fn probabilities_are_praised_only_where_they_are_known_to_be_right() {
        let said = |slope, intercept| judged(slope, intercept, &[]);
        assert!(said(around(1.02, 0.1), around(0.05, 0.1)).ends_with("taken at their word."));
        assert!(said(around(1.1, 0.6), around(0.05, 0.1)).starts_with("Nothing shows"));
        assert!(said(around(1.0, 0.1), around(0.3, 0.7)).starts_with("Nothing shows"));
        assert!(said(around(1.0, 0.1), around(0.4, 0.2)).contains("near one half are too low"));
        assert!(said(around(1.0, 0.1), around(-0.4, 0.2)).contains("near one half are too high"));
    }

    #[test]
    fn a_slope_that_is_off_says_how_far_and_which_probabilities_err_which_way() {
        let said = |slope, intercept| judged(slope, intercept, &[]);
        let extreme = said(around(0.85, 0.1), around(0.0, 0.1));
        assert!(extreme.contains("somewhat too extreme: those above 50\u{a0}% are too high"), "{extreme}");
        assert!(extreme.ends_with("those below it too low."), "{extreme}");
        let timid = said(around(1.4, 0.1), around(0.0, 0.1));
        assert!(timid.contains("far too timid: those above 50\u{a0}% are too low"), "{timid}");
        // True log-odds of -4 + 0.24 times those foretold: all but the very smallest are too high.
        let all = said(around(0.24, 0.05), around(-4.0, 0.1));
        assert!(all.ends_with("far too extreme: nearly all are too high."), "{all}");
        let all = said(around(0.24, 0.05), around(4.0, 0.1));
        assert!(all.ends_with("far too extreme: nearly all are too low."), "{all}");
    }

    #[test]
    fn probabilities_are_not_praised_where_more_bins_are_off_than_by_chance() {
        let bins = |off: usize| -> Vec<CalibrationBin> {
            let bin = |number: usize| {
                let observed = around(0.035 + 0.05 * number as f64, 0.007);
                let predicted = observed.value - if number < off { 0.011 } else { 0.0 };
                CalibrationBin { rows: 800, predicted, observed }
            };
            (0..12).map(bin).collect()
        };
        let said = |off: usize| judged(around(1.02, 0.05), around(0.05, 0.1), &bins(off));
        assert!(said(2).ends_with("taken at their word."));
        let four = said(4);
        assert!(four.contains("in 4 of 12 bins another share left than foretold"), "{four}");
        assert!(four.contains("low risks are understated (2.4\u{a0}% foretold, 3.5\u{a0}% left)"), "{four}");
        assert!(said(5).contains("low and middling risks are understated"), "{}", said(5));
    }
}
