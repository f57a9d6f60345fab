//! How well the model tells leavers from stayers: ROC and precision by recall.

use maud::{Markup, html};

use super::super::parts::{Figure, figure};
use super::super::words::{about, decimals, interval, percent};
use super::threshold::{LEGEND, curve_table};
use super::{Section, nearest};
use crate::charts::{CurveChart, Described, Reading, curve};
use crate::report::ModelReport;

pub(super) fn section(report: &ModelReport) -> Section {
    let metrics = &report.report.metrics;
    let title = format!("A leaver ranks above a stayer in {} of pairs", percent(metrics.roc_auc.value));
    let body = html! {
        p { "Judged on rows that were not learnt from (" (report.report.split) "). Bands are pointwise and hold the truth 95 times in 100." }
        div.figures { (roc(report)) (precision_recall(report)) }
    };
    Section { id: "ranking", name: "Ranking", title, body }
}

fn roc(report: &ModelReport) -> Markup {
    let points = &report.curves.roc;
    let tenth = nearest(points, 0.1).map_or(0.0, |point| point.y);
    let title = format!("{} of leavers are found at the price of {} of stayers", about(tenth), about(0.1));
    let auc = report.report.metrics.roc_auc;
    // The curve is drawn of all judged rows together, while each fold ranks its own rows only.
    let note = format!(
        "ROC curve of all judged rows together. The ROC AUC of {} ({}) is the mean of the areas of the folds, where there are several.",
        decimals(auc.value, 3),
        interval(auc, 3)
    );
    let svg = curve(
        &Described {
            id: "roc",
            title: "ROC curve",
            description: "The share of leavers found against the share of stayers wrongly named; the curve lies above the diagonal of chance.",
        },
        &CurveChart {
            points,
            chance: [(0.0, 0.0), (1.0, 1.0)],
            x_name: "share of stayers wrongly named",
            y_name: "share of leavers found",
            reading: Reading::Share,
            marker: None,
        },
    );
    let table = Some(curve_table(points, "stayers named", "leavers found"));
    figure(&Figure { title: &title, note: &note, svg, legend: &LEGEND, table })
}

fn precision_recall(report: &ModelReport) -> Markup {
    let points = &report.curves.precision_recall;
    let half = nearest(points, 0.5).map_or(0.0, |point| point.y);
    let rate = report.report.positives as f64 / report.report.rows.max(1) as f64;
    let title = format!("To find half of the leavers, {} of those named are leavers", about(half));
    let precision = report.report.metrics.average_precision;
    let note = format!(
        "Precision by recall of all judged rows together. The average precision of {} ({}) is the mean over the folds, where there are several.",
        decimals(precision.value, 3),
        interval(precision, 3)
    );
    let svg = curve(
        &Described {
            id: "precision",
            title: "Precision by recall",
            description: "The share of leavers among the named against the share of leavers found; it falls as more of them are to be found.",
        },
        &CurveChart {
            points,
            chance: [(0.0, rate), (1.0, rate)],
            x_name: "share of leavers found (recall)",
            y_name: "share of the named who leave (precision)",
            reading: Reading::Share,
            marker: None,
        },
    );
    let table = Some(curve_table(points, "recall", "precision"));
    figure(&Figure { title: &title, note: &note, svg, legend: &LEGEND, table })
}
