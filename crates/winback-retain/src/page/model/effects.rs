//! What moves the scores: importance, a beeswarm of exact effects, and how effects follow the values.

use maud::{Markup, html};

use super::super::parts::{Figure, Swatch, Table, figure};
use super::super::words::{count, decimals, percent};
use super::Section;
use crate::charts::{self, Described};
use crate::report::{Dependence, ModelReport, SwarmDot};

/// Columns with a bar.
const BARS: usize = 12;

pub(super) fn importance(report: &ModelReport) -> Section {
    let top: Vec<&str> = report.importance.iter().take(3).map(|(name, _)| name.shown.as_str()).collect();
    let share: f64 = report.importance.iter().take(3).map(|(_, column)| column.share).sum();
    let title = match top.as_slice() {
        [] => "What moves the scores".to_owned(),
        [one] => format!("{one} moves all scores"),
        [first, rest @ ..] => {
            let rest = rest.join(" and ");
            format!("{first}, {rest} carry {} of what moves the scores", percent(share))
        }
    };
    let body = html! {
        p { "Each customer's score is an average customer's plus one exact effect a column. An effect says what the score is made of; it does not say that changing the column would keep the customer. Effects are compared with: " (report.compared_with) "." }
        div.figures { (bars(report)) (swarm(report)) }
    };
    Section { id: "columns", name: "What moves the scores", title, body }
}

fn bars(report: &ModelReport) -> Markup {
    let (drawn, rest) = report.importance.split_at(BARS.min(report.importance.len()));
    let mut shown: Vec<(String, f64)> =
        drawn.iter().map(|(name, column)| (name.shown.clone(), column.share)).collect();
    if !rest.is_empty() {
        let share = rest.iter().map(|(_, column)| column.share).sum();
        shown.push((format!("{} other columns together", count(rest.len() as u64)), share));
    }
    let row = |(name, column): &(crate::report::Named, winback_learn::importance::ColumnImportance)| {
        vec![name.column.clone(), percent(column.share), decimals(column.mean_effect_size, 4)]
    };
    let table = Table {
        columns: vec![("column", false), ("share", true), ("mean size in log-odds", true)],
        rows: report.importance.iter().take(200).map(row).collect(),
    };
    let description = "The share that each column has in the mean size of all effects, the largest first.";
    let about = Described { id: "importance", title: "Importance of the columns", description };
    figure(&Figure {
        title: "How much each column moves the scores",
        note: description,
        svg: charts::importance(&about, &shown),
        legend: &[],
        table: Some(table),
    })
}

fn swarm(report: &ModelReport) -> Markup {
    let description = "Each dot is the effect of a column on one customer of a sample: to the right it raises the odds of leaving, to the left it lowers them.";
    let mean = |dots: &[&SwarmDot]| {
        let sum: f64 = dots.iter().map(|dot| dot.effect).sum();
        if dots.is_empty() { String::new() } else { decimals(sum / dots.len() as f64, 3) }
    };
    let rows = report.effects.swarms.iter().map(|swarm| {
        let among = |from: f64, to: f64| -> Vec<&SwarmDot> {
            let is_among = |dot: &&SwarmDot| dot.rank.is_some_and(|rank| from <= rank && rank < to);
            swarm.dots.iter().filter(is_among).collect()
        };
        let extreme = |dot: Option<&SwarmDot>| dot.map_or_else(String::new, |dot| decimals(dot.effect, 3));
        vec![
            swarm.name.shown.clone(),
            extreme(swarm.dots.first()),
            extreme(swarm.dots.last()),
            mean(&among(0.0, 0.2)),
            mean(&among(0.8, 1.1)),
        ]
    });
    let columns = vec![
        ("column", false),
        ("lowest effect", true),
        ("highest", true),
        ("mean of low values", true),
        ("mean of high values", true),
    ];
    let table = Table { columns, rows: rows.collect() };
    let about = Described { id: "swarm", title: "Effects by column", description };
    figure(&Figure {
        title: "Which way each column pushes",
        note: description,
        svg: charts::swarm(&about, &report.effects.swarms),
        legend: &[
            (Swatch::Fill("#0072B2"), "low value"),
            (Swatch::Fill("#9AA0A6"), "middle"),
            (Swatch::Fill("#D55E00"), "high value"),
            (Swatch::Fill("#CC79A7"), "a category, or missing"),
        ],
        table: Some(table),
    })
}

pub(super) fn dependence(report: &ModelReport) -> Option<Section> {
    let shown = &report.effects.dependences;
    if shown.is_empty() {
        return None;
    }
    let points = || shown.iter().flat_map(|dependence| &dependence.points);
    let lowest = points().map(|point| point.low.min(point.mean)).fold(-1e-6, f64::min);
    let highest = points().map(|point| point.high.max(point.mean)).fold(1e-6, f64::max);
    let reach = (lowest * 1.1, highest * 1.1);
    let body = html! {
        p { "The line is the mean effect among customers with like values, the band holds eight of ten of them. All charts have the same scale: × 2 doubles the odds of leaving, ÷ 2 halves them. Told from " (count(report.effects.rows as u64)) " rows evenly chosen from the history; values that fewer than 20 of them have are not drawn." }
        div.figures { @for (place, dependence) in shown.iter().enumerate() { (one(dependence, place, reach)) } }
    };
    let title = "How the risk follows the values".to_owned();
    Some(Section { id: "values", name: "By value", title, body })
}

fn one(dependence: &Dependence, place: usize, reach: (f64, f64)) -> Markup {
    let id = format!("values-{}", place + 1);
    let title = finding(dependence);
    let name = format!("Effect of {}", dependence.name.shown);
    let svg =
        charts::dependence(&Described { id: &id, title: &name, description: &title }, dependence, reach);
    let row = |point: &crate::report::DependencePoint| {
        vec![
            point.label.clone(),
            count(point.rows as u64),
            decimals(point.mean, 3),
            decimals(point.low, 3),
            decimals(point.high, 3),
        ]
    };
    let table = Table {
        columns: vec![
            ("values", false),
            ("rows", true),
            ("mean effect", true),
            ("10 % below", true),
            ("10 % above", true),
        ],
        rows: dependence.points.iter().map(row).collect(),
    };
    figure(&Figure { title: &title, note: "", svg, legend: &[], table: Some(table) })
}

/// What a chart of dependence shows, in a sentence: the values with the highest and the lowest mean effect.
fn finding(dependence: &Dependence) -> String {
    let by_mean = |left: &&crate::report::DependencePoint, right: &&crate::report::DependencePoint| {
        left.mean.total_cmp(&right.mean)
    };
    let name = &dependence.name.shown;
    let (low, high) = (dependence.points.iter().min_by(by_mean), dependence.points.iter().max_by(by_mean));
    match (low, high) {
        (Some(low), Some(high)) if low.label != high.label => {
            format!("{name}: riskiest {}, safest {}", high.label, low.label)
        }
        _ => name.clone(),
    }
}
