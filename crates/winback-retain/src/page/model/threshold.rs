//! Whom to contact: a threshold, what follows from it, and a slider to try others.

use maud::{Markup, PreEscaped, html};

use super::super::parts::{Figure, Swatch, Table, figure};
use super::super::words::{about, at_least, count, decimals, percent};
use super::{Section, tenth};
use crate::charts::{CurveChart, Described, Reading, curve};
use crate::report::{ModelReport, Point, Threshold};

/// Customers that sentences speak of.
const CUSTOMERS: f64 = 10_000.0;
/// Shares of customers contacted that the table without script lists.
const LISTED: [f64; 11] = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75];

pub(super) fn section(report: &ModelReport) -> Section {
    let chosen = tenth(report);
    let leaving = leaving(report);
    let at = report.thresholds.iter().position(|threshold| Some(threshold) == chosen).unwrap_or(0);
    let body = html! {
        p { "A threshold is a choice: a lower one finds more of those who leave and bothers more of those who would have stayed. Figures are per 10,000 customers like those of the history, of rows the model had not learnt from." }
        @if let Some(chosen) = chosen {
            div.panel {
                div #threshold-control hidden {
                    label for="threshold" { "Move the threshold: customers contacted" }
                    input #threshold type="range" min="0" max=(report.thresholds.len() - 1) step="1" value=(at);
                }
                (sentence(chosen, leaving))
            }
        }
        div.figures { (gains(report, chosen)) (lift(report)) }
        (listed(report))
        (data(&report.thresholds))
    };
    Section {
        id: "whom",
        name: "Whom to contact",
        title: "Whom to contact, and what follows from it".to_owned(),
        body,
    }
}

/// Customers of 10,000 who leave.
fn leaving(report: &ModelReport) -> f64 {
    let all = report.thresholds.last();
    (CUSTOMERS * all.map_or(0.0, |all| all.precision)).round()
}

fn whole(number: f64) -> String {
    count(number.round().max(0.0) as u64)
}

/// Customers of 10,000 who leave and are contacted; never more than are contacted.
fn leavers(threshold: &Threshold) -> f64 {
    CUSTOMERS * threshold.contacted * threshold.precision
}

/// The marked words are those that the script replaces.
fn sentence(threshold: &Threshold, leaving: f64) -> Markup {
    html! {
        p aria-live="polite" {
            "Contact the " b data-say="contacted" { (whole(CUSTOMERS * threshold.contacted)) }
            " of 10,000 customers with a risk of " b data-say="risk" { (at_least(threshold.probability)) }
            " or more: " b data-say="found" { (whole(leavers(threshold))) }
            " of the " b { (whole(leaving)) } " who leave are among them, "
            b data-say="lift" { (decimals(threshold.lift, 1)) } " times as many as by chance; "
            b data-say="stayed" { (percent(1.0 - threshold.precision)) } " of the contacted would have stayed anyway."
        }
    }
}

fn points(points: &[Point], names: [&'static str; 2], shown: impl Fn(f64) -> String) -> Table {
    let rows = points.iter().enumerate().filter(|(place, _)| place % 10 == 0 || place + 1 == points.len());
    let row = |(_, point): (usize, &Point)| {
        vec![percent(point.x), shown(point.y), shown(point.low), shown(point.high)]
    };
    Table {
        columns: vec![(names[0], true), (names[1], true), ("95 % from", true), ("to", true)],
        rows: rows.map(row).collect(),
    }
}

pub(super) fn curve_table(of: &[Point], x: &'static str, y: &'static str) -> Table {
    points(of, [x, y], percent)
}

pub(super) const LEGEND: [(Swatch, &str); 3] =
    [(Swatch::Line, "model"), (Swatch::Band, "95 % band"), (Swatch::Reference, "by chance")];

fn gains(report: &ModelReport, chosen: Option<&Threshold>) -> Markup {
    let finding = |chosen: &Threshold| {
        let (contacted, found) = (about(chosen.contacted), percent(chosen.found));
        format!(" Contacting {contacted} finds {found} of the leavers.")
    };
    // The point can be moved, so the title holds wherever it stands.
    let note = format!(
        "Gains: the highest risks are contacted first.{} The marked point is the threshold above.",
        chosen.map_or_else(String::new, finding)
    );
    let description = "Cumulative gains: the share of leavers found rises steeply with the share of customers contacted, above the diagonal of chance.";
    let svg = curve(
        &Described { id: "gains", title: "Gains", description },
        &CurveChart {
            points: &report.curves.gains,
            chance: [(0.0, 0.0), (1.0, 1.0)],
            x_name: "share of customers contacted",
            y_name: "share of the leavers found",
            reading: Reading::Share,
            marker: chosen.map(|chosen| (chosen.contacted, chosen.found)),
        },
    );
    figure(&Figure {
        title: "How many of the leavers are found",
        note: &note,
        svg,
        legend: &LEGEND,
        table: Some(curve_table(&report.curves.gains, "contacted", "leavers found")),
    })
}

fn lift(report: &ModelReport) -> Markup {
    let first = report.curves.lift.get(4).map_or(1.0, |point| point.y);
    let title = format!("The riskiest 5 % leave {} times as often as all", decimals(first, 1));
    let svg = curve(
        &Described {
            id: "lift",
            title: "Lift",
            description: "Lift: how many times more often the contacted leave than all customers; it falls towards 1 as more are contacted.",
        },
        &CurveChart {
            points: &report.curves.lift,
            chance: [(0.0, 1.0), (1.0, 1.0)],
            x_name: "share of customers contacted",
            y_name: "times as often as all",
            reading: Reading::Factor,
            marker: None,
        },
    );
    figure(&Figure {
        title: &title,
        note: "Lift: what is gained over contacting as many at random.",
        svg,
        legend: &LEGEND,
        table: Some(points(&report.curves.lift, ["contacted", "lift"], |value| decimals(value, 2))),
    })
}

/// The thresholds as a table, for paper and for browsers without script.
fn listed(report: &ModelReport) -> Markup {
    let nearest = |share: f64| {
        let off = |threshold: &&Threshold| (threshold.contacted - share).abs();
        report.thresholds.iter().min_by(|left, right| off(left).total_cmp(&off(right)))
    };
    let mut chosen: Vec<&Threshold> = LISTED.into_iter().filter_map(nearest).collect();
    chosen.dedup_by(|left, right| left == right);
    let row = |threshold: &&Threshold| {
        vec![
            at_least(threshold.probability),
            whole(CUSTOMERS * threshold.contacted),
            whole(leavers(threshold)),
            percent(threshold.found),
            percent(threshold.precision),
            format!("× {}", decimals(threshold.lift, 1)),
        ]
    };
    let columns = [
        ("risk at least", false),
        ("contacted of 10,000", true),
        ("leavers among them", true),
        ("of all leavers", true),
        ("of the contacted leave", true),
        ("lift", true),
    ];
    let table = Table { columns: columns.to_vec(), rows: chosen.iter().map(row).collect() };
    html! {
        h3.apart { "Thresholds side by side" }
        (super::super::parts::table(&table, "Thresholds side by side"))
    }
}

/// The figures behind the slider: numbers only.
fn data(thresholds: &[Threshold]) -> Markup {
    let row = |threshold: &Threshold| {
        let Threshold { probability, contacted, found, precision, lift } = threshold;
        format!("[{probability:.8},{contacted:.7},{found:.7},{precision:.7},{lift:.3}]")
    };
    let rows: Vec<String> = thresholds.iter().map(row).collect();
    html! { script #threshold-data type="application/json" { (PreEscaped(format!("[{}]", rows.join(",")))) } }
}
