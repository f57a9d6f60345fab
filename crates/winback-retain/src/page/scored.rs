//! The page of a scored file: how many at which risk, who and why, and how the customers have changed.

use maud::{Markup, PreEscaped, html};

use super::parts::{Figure, Swatch, Table, capitalised, figure, marked, table, tiles};
use super::words::{bound, count, counted, decimals, percent};
use super::{Content, Section, shell};
use crate::charts::{BandRow, Described, bands, dumbbell, effect_bar};
use crate::report::{BandShares, ColumnShift, ScoredReport, TopCustomer, Verdict};

/// Columns whose groups are drawn.
const DRAWN: usize = 6;
/// Columns listed.
const LISTED: usize = 250;

/// The page of a scored file.
#[must_use]
pub fn page(report: &ScoredReport) -> String {
    let sections = [bands_section(report), top(report), population(report), quarantine(report)];
    shell(&Content {
        kicker: format!("Winback scored file · {} · {}", report.file, report.model_version),
        title: title(report),
        opening: opening(report),
        sections: sections.into_iter().collect(),
        with_slider: false,
    })
}

fn all(shares: &BandShares) -> u64 {
    shares.customers.iter().sum()
}

fn of_all(shares: &BandShares) -> [f64; 3] {
    let all = all(shares).max(1) as f64;
    shares.customers.map(|customers| customers as f64 / all)
}

fn title(report: &ScoredReport) -> String {
    if all(&report.now) == 0 {
        return "The file has no customers that could be scored".to_owned();
    }
    let verb = if report.now.customers[0] == 1 { "is" } else { "are" };
    format!(
        "{} of {} customers {verb} at high risk of leaving",
        count(report.now.customers[0]),
        count(all(&report.now))
    )
}

fn opening(report: &ScoredReport) -> Markup {
    let now = report.now.mean_probability;
    let (name, then) = match &report.previous {
        Some(previous) => ("the file before", previous.shares.mean_probability),
        None => ("the training", report.training.mean_probability),
    };
    let changed =
        report.shifts.iter().filter(|shift| matches!(shift.verdict, Verdict::Some | Verdict::Much)).count();
    html! {
        @if let Some(warning) = &report.warning {
            ul.findings { li.block { strong { "Warning:" } (marked(&capitalised(warning))) "." } }
        }
        p.lead {
            (percent(now)) " of the customers are expected to leave; in " (name) " it was " (percent(then)) ". "
            @if let Some(new) = report.previous.as_ref().and_then(|previous| previous.newly_high) {
                @if new == 0 { "No customer is" } @else { (counted(new, "customer is", "customers are")) } " newly at high risk. "
            }
            @match changed {
                0 => "No column differs much from the customers that the model learnt from.",
                1 => "One column differs from the customers that the model learnt from: look at it below.",
                _ => { (count(changed as u64)) " columns differ from the customers that the model learnt from: look at them below." },
            }
        }
        (tiles(&[
            ("Customers scored", count(all(&report.now)), format!("of {} read", count(report.read))),
            ("High risk", count(report.now.customers[0]), format!("from {} on", bound(report.bands[0]))),
            ("Medium risk", count(report.now.customers[1]), format!("from {} on", bound(report.bands[1]))),
            ("Low risk", count(report.now.customers[2]), "below that".to_owned()),
            ("Expected to leave", count((now * all(&report.now) as f64).round() as u64), percent(now)),
            ("Quarantined", count(report.quarantine.rows), "rows that could not be used".to_owned()),
        ]))
        @if !report.notes.is_empty() {
            ul.findings { @for note in &report.notes { li { strong { "Note:" } (marked(&capitalised(note))) "." } } }
        }
    }
}

fn bands_section(report: &ScoredReport) -> Section {
    let row = |label: &str, shares: &BandShares, note: String| BandRow {
        label: label.to_owned(),
        note,
        shares: of_all(shares),
    };
    let expected = |shares: &BandShares| format!("{} expected to leave", percent(shares.mean_probability));
    let mut rows = vec![row("This file", &report.now, expected(&report.now))];
    if let Some(previous) = &report.previous {
        rows.push(row(&previous.file, &previous.shares, expected(&previous.shares)));
    }
    rows.push(row("The training", &report.training, expected(&report.training)));
    let (then, name) = match &report.previous {
        Some(previous) => (of_all(&previous.shares)[0], "the file before"),
        None => (of_all(&report.training)[0], "the training"),
    };
    let now = of_all(&report.now)[0];
    let title = format!("{} are at high risk; in {name} it was {}", percent(now), percent(then));
    let about = Described {
        id: "bands-chart",
        title: "Customers by risk band",
        description: "One bar a population, parted into high, medium and low risk.",
    };
    let row = |(place, name): (usize, &str)| {
        let share = |shares: &BandShares| percent(of_all(shares)[place]);
        let cell = |shares: &BandShares| format!("{} ({})", count(shares.customers[place]), share(shares));
        let previous = report.previous.iter().map(|previous| cell(&previous.shares));
        let cells = std::iter::once(cell(&report.now)).chain(previous);
        std::iter::once(name.to_owned()).chain(cells).chain([share(&report.training)]).collect()
    };
    let mut cells: Vec<Vec<String>> = ["high", "medium", "low"].into_iter().enumerate().map(row).collect();
    let expected = |shares: &BandShares| percent(shares.mean_probability);
    let previous = report.previous.iter().map(|previous| expected(&previous.shares));
    let means = std::iter::once(expected(&report.now)).chain(previous).chain([expected(&report.training)]);
    cells.push(std::iter::once("expected to leave".to_owned()).chain(means).collect());
    let mut columns = vec![("risk", false), ("this file", true)];
    columns.extend(report.previous.iter().map(|_| ("before", true)));
    columns.push(("training", true));
    let body = html! {
        p { "A risk is high from " (bound(report.bands[0])) " on, medium from " (bound(report.bands[1])) " on: multiples of the share that left in the training." }
        div.figures {
            (figure(&Figure {
                title: "Customers by risk band",
                note: "",
                svg: bands(&about, &rows),
                legend: &[
                    (Swatch::Fill("#D55E00"), "high"),
                    (Swatch::Fill("#E69F00"), "medium"),
                    (Swatch::Fill("#0072B2"), "low"),
                ],
                table: None,
            }))
            div {
                h3 { "The numbers" }
                (table(&Table {
                    columns,
                    rows: cells,
                }, "Customers by risk band"))
                @if report.previous.is_none() {
                    p.sub { "To compare with an earlier week, name its scored file with " code { "--previous" } "." }
                }
            }
        }
    };
    Section { id: "bands", name: "Risk bands", title, body }
}

fn top(report: &ScoredReport) -> Section {
    let effects = report.top.iter().flat_map(|customer| &customer.reasons).map(|reason| reason.effect.abs());
    let most =
        report.top.iter().map(|customer| customer.other_effect.abs()).chain(effects).fold(1e-6, f64::max);
    let title = match report.top.as_slice() {
        [] => "No customer was scored".to_owned(),
        [first, ..] => format!(
            "The {} customers most at risk, up to {}",
            count(report.top.len() as u64),
            percent(first.probability)
        ),
    };
    let body = html! {
        p { "A bar to the right raises the odds of leaving, to the left lowers them; all bars have the same scale. The scored file has the reasons of every customer. Effects are compared with: " (report.compared_with) "." }
        ol.customers { @for (place, customer) in report.top.iter().enumerate() { (one(customer, place, most)) } }
    };
    Section { id: "top", name: "Most at risk", title, body }
}

fn one(customer: &TopCustomer, place: usize, most: f64) -> Markup {
    let bar = |number: usize, words: &str, effect: f64| {
        let id = format!("reason-{}-{number}", place + 1);
        let description =
            if effect < 0.0 { "lowers the odds of leaving" } else { "raises the odds of leaving" };
        PreEscaped(effect_bar(&Described { id: &id, title: words, description }, effect, most))
    };
    html! {
        li {
            span.place { (place + 1) }
            span.key { (customer.key) }
            span class={ "risk " (customer.band) } { (percent(customer.probability)) " " (customer.band) }
            ul {
                @for (number, reason) in customer.reasons.iter().enumerate() {
                    li { (bar(number + 1, &reason.words, reason.effect)) span { (reason.words) } }
                }
                li.rest { (bar(0, "All other columns", customer.other_effect)) span { "All other columns together" } }
            }
        }
    }
}

fn population(report: &ScoredReport) -> Section {
    let shifts = &report.shifts;
    let real = shifts.iter().filter(|shift| shift.verdict != Verdict::Chance).count();
    let title = match shifts.iter().find(|shift| shift.verdict != Verdict::Chance) {
        Some(first) => format!(
            "{} of {} columns differ from the training beyond chance, {} most",
            count(real as u64),
            count(shifts.len() as u64),
            first.name.shown
        ),
        None => "The customers are like those of the training".to_owned(),
    };
    let drawn: Vec<&ColumnShift> =
        shifts.iter().filter(|shift| shift.verdict != Verdict::Chance).take(DRAWN).collect();
    let body = html! {
        p { "The stability index says how far a column's values have moved since the training: below 0.1 little, up to 0.25 some, above that much. A small file differs by chance alone; the most that chance would bring is said beside it. A column counts as changed where chance brings as much with less than 5 % divided by the number of columns, so that of 20 files like the training one at most has any." }
        @if !drawn.is_empty() {
            div.figures { @for (place, shift) in drawn.iter().enumerate() { (moved(shift, place)) } }
        }
        (all_shifts(shifts, drawn.is_empty()))
    };
    Section { id: "population", name: "What changed", title, body }
}

fn moved(shift: &ColumnShift, place: usize) -> Markup {
    let most = shift
        .shares
        .iter()
        .max_by(|left, right| (left.now - left.then).abs().total_cmp(&(right.now - right.then).abs()));
    let title = match most {
        Some(share) => format!(
            "{}, {}: {}, was {}",
            shift.name.shown,
            share.label,
            percent(share.now),
            percent(share.then)
        ),
        None => shift.name.shown.clone(),
    };
    let id = format!("moved-{}", place + 1);
    let name = format!("{} then and now", shift.name.shown);
    let row =
        |share: &crate::report::Share| vec![share.label.clone(), percent(share.then), percent(share.now)];
    figure(&Figure {
        title: &title,
        note: &format!("Stability index {}: {}.", decimals(shift.index, 3), shift.verdict.name()),
        svg: dumbbell(&Described { id: &id, title: &name, description: &title }, &shift.shares),
        legend: &[(Swatch::ReferenceDot, "training"), (Swatch::Dot, "this file")],
        table: Some(Table {
            columns: vec![("values", false), ("training", true), ("this file", true)],
            rows: shift.shares.iter().map(row).collect(),
        }),
    })
}

fn all_shifts(shifts: &[ColumnShift], open: bool) -> Markup {
    let row = |shift: &ColumnShift| {
        vec![
            shift.name.column.clone(),
            decimals(shift.index, 4),
            decimals(shift.chance_limit, 4),
            shift.verdict.name().to_owned(),
        ]
    };
    let numbers = Table {
        columns: vec![
            ("column", false),
            ("stability index", true),
            ("by chance up to", true),
            ("change", false),
        ],
        rows: shifts.iter().take(LISTED).map(row).collect(),
    };
    html! { details open[open] { summary { "All columns" } (table(&numbers, "Stability of all columns")) } }
}

fn quarantine(report: &ScoredReport) -> Section {
    let found = &report.quarantine;
    let title = match found.rows {
        0 => "Every row could be used".to_owned(),
        rows => format!("{} could not be used", counted(rows, "row", "rows")),
    };
    let column = |column: &Option<String>| column.clone().unwrap_or_else(|| "–".to_owned());
    let body = html! {
        @if found.rows == 0 {
            p { "Read and scored agree: " (counted(report.read, "row", "rows")) "." }
        } @else {
            p { "The quarantine file beside the scored file lists them as they stood, to be mended." }
            div.figures {
                div {
                    h3 { "By reason" }
                    (table(&Table {
                        columns: vec![("reason", false), ("column", false), ("rows", true)],
                        rows: found.counts.iter().map(|reason| vec![
                            reason.reason.clone(), column(&reason.column), count(reason.rows),
                        ]).collect(),
                    }, "Rejected rows by reason"))
                }
                div {
                    h3 { "The first of them" }
                    (table(&Table {
                        columns: vec![("file", false), ("line", true), ("column", false), ("reason", false)],
                        rows: found.first.iter().map(|line| vec![
                            line.file.clone(), line.line.to_string(), column(&line.column), line.reason.clone(),
                        ]).collect(),
                    }, "The first rejected rows"))
                }
            }
        }
    };
    Section { id: "quarantine", name: "Quarantine", title, body }
}
