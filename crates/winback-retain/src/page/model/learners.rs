//! The learners that were tried, on the same rows.

use maud::{Markup, html};
use winback_learn::procedure::{Candidate, Chosen, Tried};

use super::super::parts::{Figure, Swatch, Table, figure, table};
use super::super::words::{decimals, interval};
use super::Section;
use crate::charts::{self, Described, ForestRow};
use crate::report::ModelReport;

pub(super) fn section(report: &ModelReport) -> Section {
    let candidates = &report.report.learners;
    let taken = &report.report.learner;
    let title = match (candidates.len(), report.report.tie) {
        (0 | 1, _) => format!("The learner is {taken}, the only one that was asked for"),
        (_, Some(true)) => format!("The learners tie, so the simpler one, {taken}, was taken"),
        _ => format!("The learner taken is {taken}, for its lower log loss"),
    };
    let row = |candidate: &Candidate| {
        let metrics = &candidate.metrics;
        vec![
            candidate.learner.clone(),
            format!("{} ({})", decimals(metrics.roc_auc.value, 4), interval(metrics.roc_auc, 4)),
            format!("{} ({})", decimals(metrics.log_loss.value, 4), interval(metrics.log_loss, 4)),
            format!(
                "{} ({})",
                decimals(metrics.calibration.slope.value, 2),
                interval(metrics.calibration.slope, 2)
            ),
        ]
    };
    let numbers = Table {
        columns: vec![
            ("learner", false),
            ("ROC AUC", true),
            ("log loss", true),
            ("slope of calibration", true),
        ],
        rows: candidates.iter().map(row).collect(),
    };
    let body = html! {
        @if report.report.weighted { p { (crate::WEIGHTED) } }
        p {
            (settings(report.report.settings))
            @if report.report.forests > 1 {
                " The model is the mean of " (report.report.forests) " such forests, each with half as many trees in steps twice as long, grown on rows of its own drawing."
            }
            @if let Some(gain) = report.report.trees_gain_percent {
                @if gain < 0.0 {
                    " On the inner folds the log loss of trees is " (decimals(-gain, 2)) " % higher than linear's."
                } @else {
                    " On the inner folds trees lower the log loss of linear by " (decimals(gain, 2)) " %."
                }
            }
        }
        (table(&numbers, "Learners compared"))
        @if candidates.len() > 1 { div.figures { (losses(candidates)) } }
        @if report.report.tried.len() > 1 { (tried(&report.report.tried, &report.report.effort)) }
    };
    Section { id: "learners", name: "Learners", title, body }
}

/// What the search for settings tried, the best first.
fn tried(tried: &[Tried], effort: &str) -> Markup {
    let mut sorted: Vec<&Tried> = tried.iter().collect();
    sorted.sort_by(|left, right| left.log_loss.total_cmp(&right.log_loss));
    let none = || "–".to_owned();
    let row = |tried: &&Tried| {
        let mut cells = match tried.settings {
            Chosen::Trees { rounds, depth, rate, l2, sample, pairs } => vec![
                "trees".to_owned(),
                rounds.to_string(),
                depth.to_string(),
                rate.to_string(),
                format!("{} %", decimals(sample * 100.0, 0)),
                if pairs > 0 { format!("up to {pairs}") } else { none() },
                l2.to_string(),
            ],
            Chosen::Linear { penalty } => {
                vec!["linear".to_owned(), none(), none(), none(), none(), none(), penalty.to_string()]
            }
        };
        cells.push(decimals(tried.log_loss, 5));
        cells
    };
    let numbers = Table {
        columns: vec![
            ("learner", false),
            ("trees", true),
            ("questions", true),
            ("correction", true),
            ("rows a tree", true),
            ("pairs", true),
            ("penalty", true),
            ("log loss", true),
        ],
        rows: sorted.iter().map(row).collect(),
    };
    html! {
        p {
            "The search for settings (effort " (effort) ") tried " (tried.len()) " of them on the inner folds. "
            "Their log losses are of rows held out from the trees, but not from the search, so the best of them flatters a little; the figures above do not."
        }
        (table(&numbers, "Settings tried, the best first"))
    }
}

fn settings(chosen: Chosen) -> String {
    match chosen {
        Chosen::Trees { rounds, depth, rate, l2, sample, pairs } => {
            let together = if pairs > 0 {
                format!(" They may ask about up to {pairs} pairs of categories together.")
            } else {
                String::new()
            };
            let drawn = if sample < 1.0 {
                format!(", grown on {} % of the rows", decimals(sample * 100.0, 0))
            } else {
                String::new()
            };
            format!(
                "The inner folds chose {rounds} trees of {depth} questions{drawn}, each applying {rate} of its correction, with a penalty of {l2}.{together}"
            )
        }
        Chosen::Linear { penalty } => {
            format!("The inner folds chose a scorecard with a penalty of {penalty}.")
        }
    }
}

fn losses(candidates: &[Candidate]) -> Markup {
    let rows: Vec<ForestRow> = candidates
        .iter()
        .map(|candidate| ForestRow {
            label: candidate.learner.clone(),
            figure: Some(candidate.metrics.log_loss),
        })
        .collect();
    let figures = candidates.iter().map(|candidate| candidate.metrics.log_loss);
    let low = figures.clone().map(|loss| loss.low).fold(f64::INFINITY, f64::min);
    let high = figures.map(|loss| loss.high).fold(0.0, f64::max);
    let room = (high - low) * 0.1;
    let (from, to) = (low - room, high + room);
    let ticks: Vec<(f64, String)> = [0.1, 0.5, 0.9]
        .map(|share| low + share * (high - low))
        .map(|value| (value, decimals(value, 3)))
        .to_vec();
    let about = Described {
        id: "losses",
        title: "Log loss by learner",
        description: "The log loss of each learner with its 95 % interval; lower is better.",
    };
    figure(&Figure {
        title: "Log loss by learner; lower is better",
        note: "The intervals are of each learner alone. The learners are judged on the same rows, so a small difference between them can be sure though the intervals overlap.",
        svg: charts::forest(&about, &rows, (from, to), None, &ticks, "log loss"),
        legend: &[(Swatch::Dot, "learner, with its 95 % interval")],
        table: None,
    })
}
