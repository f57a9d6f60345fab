//! The page of a history nobody has learnt from yet: its columns, and what to know before training.

use maud::{Markup, html};

use super::parts::{distribution, findings, marked, tiles};
use super::words::{count, counted, decimals, percent};
use super::{Content, Section, shell};
use crate::report::{ProfileColumn, ProfileReport};

/// Columns listed; a page is not the place for more.
const LISTED: usize = 300;

/// The page of a history.
#[must_use]
pub fn page(report: &ProfileReport) -> String {
    let sections = [Some(found(report)), Some(columns(report)), assumptions(report)];
    shell(&Content {
        kicker: format!("Winback history report · {}", report.source),
        title: title(report),
        opening: opening(report),
        sections: sections.into_iter().flatten().collect(),
        with_slider: false,
    })
}

fn grave(report: &ProfileReport, severity: &str) -> usize {
    report.findings.iter().filter(|finding| finding.severity == severity).count()
}

fn title(report: &ProfileReport) -> String {
    match (grave(report, "block"), grave(report, "warn")) {
        (0, 0) if report.label.is_none() => "The history has no label that was recognised".to_owned(),
        (0, 0) => "The history can be learnt from".to_owned(),
        (0, warn) => format!(
            "The history can be learnt from; {} at",
            if warn == 1 {
                "one thing should be looked".to_owned()
            } else {
                format!("{warn} things should be looked")
            }
        ),
        (1, _) => "One thing must be mended before training".to_owned(),
        (block, _) => format!("{block} things must be mended before training"),
    }
}

fn opening(report: &ProfileReport) -> Markup {
    let rate = report.positives as f64 / report.rows.max(1) as f64;
    let strongest = report
        .columns
        .iter()
        .filter_map(|column| Some((column, column.strength?)))
        .max_by(|left, right| left.1.total_cmp(&right.1));
    html! {
        p.lead {
            (counted(report.rows, "row", "rows")) " in " (counted(report.columns.len() as u64, "column", "columns")) "."
            @if let Some(label) = &report.label {
                " Leaving means that " (label) ", which is so in " (percent(rate)) " of rows."
            }
            @if let Some((column, strength)) = strongest {
                " The strongest column by itself is " code { (column.name) } ": it alone ranks a leaver above a stayer in " (percent(strength)) " of pairs."
            }
        }
        (tiles(&[
            ("Rows", count(report.rows), String::new()),
            ("Left", count(report.positives), percent(rate)),
            ("Columns", count(report.columns.len() as u64), String::new()),
            ("Rows that cannot be used", count(report.rejected), String::new()),
        ]))
    }
}

fn found(report: &ProfileReport) -> Section {
    let title = match report.findings.len() {
        0 => "Nothing was found that speaks against learning from it".to_owned(),
        1 => "One finding".to_owned(),
        many => format!("{many} findings"),
    };
    let body = html! {
        @if report.findings.is_empty() {
            p { "In the rows looked at no column was seen to give the outcome away, to copy another, or to be a clock." }
        } @else { (findings(&report.findings)) }
    };
    Section { id: "findings", name: "Findings", title, body }
}

fn columns(report: &ProfileReport) -> Section {
    let told = report.columns.iter().any(|column| column.strength.is_some());
    let noted = report.columns.iter().any(|column| !column.note.is_empty());
    let body = html! {
        @if told {
            p { "Strength says how well the column alone tells who leaves: the share of pairs in which it ranks the leaver first, on rows not looked at before; 50 % is chance." }
        }
        div.scroll tabindex="0" role="region" aria-label="Columns" {
            table {
                thead { tr {
                    th scope="col" { "column" } th scope="col" { "kind" } th scope="col" { "role" }
                    th.n scope="col" { "missing" } th.n scope="col" { "different" }
                    th scope="col" { "values" } th scope="col" { "distribution" }
                    @if told { th.n scope="col" { "strength" } }
                    @if noted { th scope="col" { "note" } }
                } }
                tbody { @for (place, column) in report.columns.iter().take(LISTED).enumerate() {
                    (row(column, place, told, noted))
                } }
            }
        }
        @if report.columns.len() > LISTED {
            p { "And " (count((report.columns.len() - LISTED) as u64)) " more." }
        }
    };
    Section { id: "columns", name: "Columns", title: "The columns, and what each is for".to_owned(), body }
}

fn row(column: &ProfileColumn, place: usize, told: bool, noted: bool) -> Markup {
    let counts: Vec<f64> = column.histogram.iter().map(|rows| *rows as f64).collect();
    html! {
        tr {
            th scope="row" { (column.name) }
            td { (column.kind) }
            td { (column.role) }
            td.n { (percent(column.missing)) }
            td.n { (count(column.distinct)) }
            td { (column.range) }
            td { (distribution(&format!("column-{}", place + 1), &column.name, &counts)) }
            @if told {
                td.n { @if let Some(strength) = column.strength { (decimals(100.0 * strength, 1)) "\u{a0}%" } @else { "–" } }
            }
            @if noted { td { (marked(&column.note)) } }
        }
    }
}

fn assumptions(report: &ProfileReport) -> Option<Section> {
    if report.assumptions.is_empty() {
        return None;
    }
    let body = html! {
        ul { @for assumption in report.assumptions.iter().take(LISTED) { li { (marked(assumption)) } } }
        @if let Some(more @ 1..) = report.assumptions.len().checked_sub(LISTED) {
            p { "And " (count(more as u64)) " more, which " code { "winback init" } " prints." }
        }
    };
    let title = "What was assumed, and can be changed in the settings".to_owned();
    Some(Section { id: "assumptions", name: "Assumptions", title, body })
}
