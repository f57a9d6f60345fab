//! What should be known before the model is used: what the leak guard found, what its own figures say against it, and
//! which gates that closes.

use maud::html;

use super::super::parts::findings;
use super::Section;
use super::{calibration, segments};
use crate::gates::{self, Closed};
use crate::report::{ModelReport, ShownFinding};

/// The gates that the model's own figures close; whether it is worse than a champion is known only after the page is
/// written.
pub(super) fn closed(report: &ModelReport) -> Vec<Closed> {
    let calibration = gates::calibration(report.report.metrics.calibration.slope);
    gates::leak_shown(&report.findings).into_iter().chain(calibration).collect()
}

/// What was found, and what calibration and groups say against the model.
fn all(report: &ModelReport) -> Vec<ShownFinding> {
    let warn = |kind: &str, message: String, evidence: String| ShownFinding {
        severity: "warn".to_owned(),
        kind: kind.to_owned(),
        columns: Vec::new(),
        evidence,
        message,
    };
    let mut found = report.findings.clone();
    if calibration::is_wrong(report) {
        let said = calibration::verdict(report);
        found.push(warn("calibration", said, "see the part on calibration".to_owned()));
    }
    if let Some((said, evidence)) = segments::doubt(&report.segments) {
        found.push(warn("groups", said, evidence));
    }
    found
}

pub(super) fn section(report: &ModelReport) -> Section {
    let found = all(report);
    let of = |severity: &str| found.iter().filter(|finding| finding.severity == severity).count();
    let closed = closed(report);
    let body = html! {
        @if found.is_empty() {
            p { "The checks look at what the model learnt from, at what carries its scores, and at what was foretold and happened, by probability and by group." }
        } @else { (findings(&found)) }
        @for closed in &closed {
            p {
                "The gate " code { (closed.gate) } " stands closed"
                @match closed.gate {
                    "leak" => { ", as with every finding that blocks" }
                    _ => { ": " (closed.reason) }
                }
                ". The model does not become champion unless a person overrides it, with a name and a reason."
            }
        }
    };
    Section { id: "findings", name: "Findings", title: title(found.len(), of("block"), of("warn")), body }
}

fn title(all: usize, blocks: usize, warnings: usize) -> String {
    let block = match blocks {
        1 => "One finding blocks the model".to_owned(),
        blocks => format!("{blocks} findings block the model"),
    };
    match (blocks, warnings) {
        (0, 0) if all == 0 => "Nothing was found that speaks against using the model".to_owned(),
        (0, 0) => "Some things are good to know".to_owned(),
        (0, 1) => "One thing should be looked at before the model is used".to_owned(),
        (0, warnings) => format!("{warnings} things should be looked at before the model is used"),
        (_, 0) => block,
        (_, 1) => format!("{block}; one more should be looked at"),
        (_, warnings) => format!("{block}; {warnings} more should be looked at"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blocks_and_what_warns_are_counted_apart() {
        assert_eq!(title(0, 0, 0), "Nothing was found that speaks against using the model");
        assert_eq!(title(2, 0, 0), "Some things are good to know");
        assert_eq!(title(3, 2, 1), "2 findings block the model; one more should be looked at");
        assert_eq!(title(1, 1, 0), "One finding blocks the model");
        assert_eq!(title(4, 0, 3), "3 things should be looked at before the model is used");
    }
}
