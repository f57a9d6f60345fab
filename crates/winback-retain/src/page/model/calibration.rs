//! Whether probabilities can be taken at their word.

use maud::html;

use super::super::parts::{Figure, Swatch, Table, figure};
use super::super::words::{about, bound, count, decimals, interval, percent, percent_interval};
use super::Section;
use crate::charts::{self, Described};
use crate::report::{self, CalibrationBin, ModelReport};

/// The slope in a sentence.
pub(super) fn verdict(slope: report::Figure) -> String {
    if slope.low <= 1.0 && 1.0 <= slope.high {
        "Its probabilities can be taken at their word.".to_owned()
    } else if slope.value < 1.0 {
        "Its probabilities are somewhat too extreme: high ones too high, low ones too low.".to_owned()
    } else {
        "Its probabilities are somewhat too timid: high ones too low, low ones too high.".to_owned()
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
                p.sub { "A slope below 1 means that the probabilities are too extreme, above 1 that they are too timid. The intercept says whether they are too high or too low as a whole." }
                p.sub {
                    "A risk is called high from " (bound(report.bands[0])) " on and medium from " (bound(report.bands[1])) " on."
                }
            }
        }
    };
    Section { id: "calibration", name: "Calibration", title, body }
}
