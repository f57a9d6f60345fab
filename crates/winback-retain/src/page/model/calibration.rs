//! Whether probabilities can be taken at their word.

use maud::html;

use super::super::parts::{Figure, Swatch, Table, figure};
use super::super::words::{about, bound, count, decimals, interval, percent, percent_interval};
use super::Section;
use crate::charts::{self, Described};
use crate::gates::SLOPES;
use crate::report::{CalibrationBin, Figure as Measured, ModelReport};

/// An intercept within so many log-odds of 0, all of its interval, is as good as 0.
const INTERCEPT: f64 = 0.25;

/// The line of calibration in a sentence. Probabilities are praised only where slope and intercept are known to be
/// near 1 and 0; that an interval holds the perfect value may only mean that it is wide.
pub(super) fn verdict(slope: Measured, intercept: Measured) -> String {
    let holds = |figure: Measured, perfect: f64| figure.low <= perfect && perfect <= figure.high;
    let is_within = |figure: Measured, low: f64, high: f64| low <= figure.low && figure.high <= high;
    if !holds(slope, 1.0) && slope.value < 1.0 {
        "Its probabilities are somewhat too extreme: high ones too high, low ones too low.".to_owned()
    } else if !holds(slope, 1.0) {
        "Its probabilities are somewhat too timid: high ones too low, low ones too high.".to_owned()
    } else if !holds(intercept, 0.0) {
        let way = if intercept.value > 0.0 { "low" } else { "high" };
        format!("Its probabilities near one half are too {way}: the intercept of calibration is not 0.")
    } else if is_within(slope, *SLOPES.start(), *SLOPES.end()) && is_within(intercept, -INTERCEPT, INTERCEPT)
    {
        "Its probabilities can be taken at their word.".to_owned()
    } else {
        "Nothing shows that its probabilities are wrong, but they are not known well enough to be taken at their word.".to_owned()
    }
}

pub(super) fn section(report: &ModelReport) -> Section {
    let calibration = &report.calibration;
    let metrics = &report.report.metrics.calibration;
    let holds =
        |bin: &CalibrationBin| bin.observed.low <= bin.predicted && bin.predicted <= bin.observed.high;
    let held = calibration.bins.iter().filter(|bin| holds(bin)).count();
    let title = match calibration.bins.last() {
        Some(last) => {
            format!("Of customers told {}, {} left", about(last.predicted), about(last.observed.value))
        }
        None => "What was foretold, and what happened".to_owned(),
    };
    let description = format!(
        "In {held} of {} bins the share that left agrees with the foretold probability within its 95 % interval",
        calibration.bins.len()
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

    #[test]
    fn probabilities_are_praised_only_where_they_are_known_to_be_right() {
        let around = |value: f64, by: f64| Measured { value, low: value - by, high: value + by };
        let said = |slope, intercept| verdict(slope, intercept);
        assert!(said(around(1.02, 0.1), around(0.05, 0.1)).ends_with("taken at their word."));
        assert!(said(around(1.1, 0.6), around(0.05, 0.1)).starts_with("Nothing shows"));
        assert!(said(around(1.0, 0.1), around(0.3, 0.7)).starts_with("Nothing shows"));
        assert!(said(around(1.0, 0.1), around(0.4, 0.2)).contains("near one half are too low"));
        assert!(said(around(1.0, 0.1), around(-0.4, 0.2)).contains("near one half are too high"));
        assert!(said(around(0.7, 0.1), around(0.0, 0.1)).contains("too extreme"));
        assert!(said(around(1.4, 0.1), around(0.0, 0.1)).contains("too timid"));
    }
}
