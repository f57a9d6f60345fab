//! The page of a model: how good it is, what follows from a threshold, what moves it, where it came from.

mod calibration;
mod chance;
mod columns;
mod effects;
mod findings;
mod learners;
mod origin;
mod ranking;
mod segments;
mod threshold;

use maud::{Markup, html};

use super::parts::tiles;
use super::words::{about, count, decimals, interval, percent, percent_interval};
use super::{Content, Section, shell};
use crate::report::{ModelReport, Point, Threshold};

/// The page of a model.
#[must_use]
pub fn page(report: &ModelReport) -> String {
    let sections = [
        Some(findings::section(report)),
        Some(threshold::section(report)),
        Some(ranking::section(report)),
        Some(calibration::section(report)),
        Some(effects::importance(report)),
        effects::dependence(report),
        segments::section(report),
        Some(learners::section(report)),
        Some(columns::section(report)),
        Some(origin::section(report)),
    ];
    shell(&Content {
        kicker: format!("Winback model report · {}", report.label),
        title: title(report),
        opening: opening(report),
        sections: sections.into_iter().flatten().collect(),
        with_slider: !report.thresholds.is_empty(),
    })
}

/// The threshold at which about a tenth of the customers are contacted.
fn tenth(report: &ModelReport) -> Option<&Threshold> {
    let off = |threshold: &&Threshold| (threshold.contacted - 0.1).abs();
    report.thresholds.iter().min_by(|left, right| off(left).total_cmp(&off(right)))
}

/// A curve at a place, between its points where it has none there.
fn read_at(points: &[Point], x: f64) -> Option<Point> {
    let after = points.partition_point(|point| point.x < x);
    let Some(next) = points.get(after) else { return points.last().copied() };
    let Some(before) = after.checked_sub(1).map(|before| points[before]) else { return Some(*next) };
    let share = (x - before.x) / (next.x - before.x);
    let between = |from: f64, to: f64| from + share * (to - from);
    let (y, low, high) =
        (between(before.y, next.y), between(before.low, next.low), between(before.high, next.high));
    Some(Point { x, y, low, high })
}

/// The point of a curve nearest to a place.
fn nearest(points: &[Point], x: f64) -> Option<&Point> {
    points.iter().min_by(|left, right| (left.x - x).abs().total_cmp(&(right.x - x).abs()))
}

/// Whether the leak guard found what makes every figure worthless.
fn is_blocked(report: &ModelReport) -> bool {
    report.findings.iter().any(|finding| finding.severity == "block")
}

fn title(report: &ModelReport) -> String {
    if is_blocked(report) {
        return "Do not trust these figures: the history gives the outcome away".to_owned();
    }
    match tenth(report) {
        Some(tenth) if 1.0 <= tenth.contacted => "The model gives all customers the same risk".to_owned(),
        Some(tenth) => format!(
            "The {} of customers with the highest risk hold {} of those who leave",
            about(tenth.contacted),
            about(tenth.found)
        ),
        None => "What the model knows of those who leave".to_owned(),
    }
}

/// How many leavers are among the highest risks, in a sentence that goes on where the title ends.
fn found_first(report: &ModelReport) -> Option<String> {
    let tenth = tenth(report).filter(|tenth| tenth.contacted < 1.0)?;
    let gain = read_at(&report.curves.gains, tenth.contacted)?;
    let lift = decimals(tenth.lift, 1);
    let sure = format!("(95 % sure: {} to {} of them)", about(gain.low), about(gain.high));
    Some(if is_blocked(report) {
        let (contacted, found) = (about(tenth.contacted), about(tenth.found));
        format!(
            "The {contacted} of customers with the highest risk hold {found} of those who leave, {lift} times as many as by chance {sure}. "
        )
    } else {
        format!("That is {lift} times as many as by chance {sure}. ")
    })
}

fn opening(report: &ModelReport) -> Markup {
    let metrics = &report.report.metrics;
    let (auc, slope) = (metrics.roc_auc, metrics.calibration.slope);
    let rows = report.report.rows.max(1);
    html! {
        p.lead {
            @if is_blocked(report) { "The figures below are what the history says, not what a week to come will bring. " }
            @if let Some(found) = found_first(report) { (found) }
            "Of a customer who left and one who stayed, the model gives the leaver the higher risk in "
            (percent(auc.value)) " of cases (" (percent_interval(auc)) "). "
            @if !is_blocked(report) || calibration::is_wrong(report) { (calibration::verdict(report)) }
            @for closed in findings::closed(report) {
                " The gate " code { (closed.gate) } " stands closed: the model does not become champion unless a person overrides it."
            }
        }
        (tiles(&[
            (if report.has_groups { "Rows learnt from" } else { "Customers learnt from" }, count(report.report.rows),
             format!("{} left ({})", count(report.report.positives), percent(report.report.positives as f64 / rows as f64))),
            ("ROC AUC", decimals(auc.value, 3), interval(auc, 3)),
            ("Average precision", decimals(metrics.average_precision.value, 3), interval(metrics.average_precision, 3)),
            ("Log loss", decimals(metrics.log_loss.value, 4), interval(metrics.log_loss, 4)),
            ("Slope of calibration", decimals(slope.value, 2), format!("{}; 1 is perfect", interval(slope, 2))),
            ("Lift, highest 10 %", format!("× {}", decimals(metrics.lift_at_10pct, 1)), "over contacting at random".to_owned()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_read_between_its_points() {
        let point = |x: f64| Point { x, y: 2.0 * x, low: x, high: 4.0 * x };
        let points = [point(0.0), point(0.25), point(0.5)];
        assert_eq!(read_at(&points, 0.375), Some(point(0.375)));
        assert_eq!((read_at(&points, 0.0), read_at(&points, 0.9)), (Some(point(0.0)), Some(point(0.5))));
        assert_eq!(read_at(&[], 0.5), None);
    }
}
