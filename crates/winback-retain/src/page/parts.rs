//! What pages are put together from: figures with captions and tables, lists of findings.

use maud::{Markup, PreEscaped, html};

use super::words::count;
use crate::charts::{Described, sparkline};
use crate::report::ShownFinding;

/// A chart with what it says, in words and as a table.
pub(super) struct Figure<'a> {
    /// The finding.
    pub(super) title: &'a str,
    /// How to read it.
    pub(super) note: &'a str,
    pub(super) svg: String,
    pub(super) legend: &'a [(Swatch, &'a str)],
    pub(super) table: Option<Table>,
}

/// A sign in a legend.
#[derive(Debug, Clone, Copy)]
pub(super) enum Swatch {
    /// A line of the model's colour.
    Line,
    /// Its band.
    Band,
    /// What it is compared with.
    Reference,
    /// A dot of the model's colour.
    Dot,
    /// A dot of what it is compared with.
    ReferenceDot,
    /// A filled part of this colour, as the style sheet knows it.
    Fill(&'static str),
}

/// Rows under a header; a column is of words or of numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// The columns: the name, and whether it holds numbers.
    pub(super) columns: Vec<(&'static str, bool)>,
    pub(super) rows: Vec<Vec<String>>,
}

pub(super) fn figure(figure: &Figure<'_>) -> Markup {
    html! {
        figure {
            figcaption {
                h3 { (figure.title) }
                @if !figure.note.is_empty() { p { (figure.note) } }
            }
            (PreEscaped(&figure.svg))
            @if !figure.legend.is_empty() {
                ul.legend { @for (sign, words) in figure.legend { li { (swatch(*sign)) (words) } } }
            }
            @if let Some(table) = &figure.table {
                @let name = format!("Numbers: {}", figure.title);
                @if figure.svg.is_empty() {
                    (self::table(table, &name))
                } @else {
                    details { summary { "The numbers" } (self::table(table, &name)) }
                }
            }
        }
    }
}

fn swatch(sign: Swatch) -> Markup {
    let shape = match sign {
        Swatch::Line => html! { path d="M0 5h22" stroke="#0072B2" stroke-width="2.5" fill="none" {} },
        Swatch::Band => html! { path d="M0 0h22v10h-22z" fill="#0072B2" opacity="0.2" {} },
        Swatch::Reference => html! { path d="M0 5h22" stroke="#8C959F" stroke-width="2" fill="none" {} },
        Swatch::Dot => html! { circle cx="11" cy="5" r="4.5" fill="#0072B2" {} },
        Swatch::ReferenceDot => html! { circle cx="11" cy="5" r="4" fill="#8C959F" {} },
        Swatch::Fill(colour) => html! { path d="M2 0h18v10h-18z" fill=(colour) {} },
    };
    // The words beside it say all.
    html! { svg viewBox="0 0 22 10" aria-hidden="true" { (shape) } }
}

/// A table that scrolls by itself where it is wider than the page.
pub(super) fn table(table: &Table, name: &str) -> Markup {
    let class = |column: usize| table.columns.get(column).is_some_and(|(_, numbers)| *numbers).then_some("n");
    html! {
        div.scroll tabindex="0" role="region" aria-label=(name) {
            table {
                thead { tr { @for (column, (name, _)) in table.columns.iter().enumerate() {
                    th scope="col" class=[class(column)] { (name) }
                } } }
                tbody { @for row in &table.rows { tr {
                    @for (column, cell) in row.iter().enumerate() {
                        @if column == 0 && class(0).is_none() { th scope="row" { (cell) } }
                        @else { td class=[class(column)] { (cell) } }
                    }
                } } }
            }
        }
    }
}

/// Findings on a page; a history with thousands has nearly as many of one kind, and a page stays small.
const MOST_FINDINGS: usize = 200;

/// Findings, the most serious first.
pub(super) fn findings(found: &[ShownFinding]) -> Markup {
    let weight = |finding: &ShownFinding| match finding.severity.as_str() {
        "block" => 0,
        "warn" => 1,
        _ => 2,
    };
    let mut sorted: Vec<&ShownFinding> = found.iter().collect();
    sorted.sort_by_key(|finding| weight(finding));
    let word = |finding: &ShownFinding| match weight(finding) {
        0 => "Blocks",
        1 => "Look at this",
        _ => "Good to know",
    };
    let class = |finding: &ShownFinding| ["block", "warn", "note"][weight(finding)];
    html! {
        ul.findings { @for finding in sorted.iter().take(MOST_FINDINGS) {
            li class=(class(finding)) {
                strong { (word(finding)) ":" }
                (marked(&capitalised(&finding.message))) "."
                span.sub {
                    @if !finding.columns.is_empty() {
                        @for (place, column) in finding.columns.iter().take(12).enumerate() {
                            @if place > 0 { ", " } code { (column) }
                        }
                        @if finding.columns.len() > 12 { " and " (count(finding.columns.len() as u64 - 12)) " more" }
                        " · "
                    }
                    (marked(&finding.evidence))
                }
            }
        } }
        @if let Some(more @ 1..) = sorted.len().checked_sub(MOST_FINDINGS) {
            p { "And " (count(more as u64)) " more, none graver than these." }
        }
    }
}

/// A text whose words between backticks are code; a backtick without another stands as it is.
pub(super) fn marked(text: &str) -> Markup {
    let mut parts = text.split('`');
    let first = parts.next().unwrap_or_default();
    let mut pairs = Vec::new();
    while let Some(inside) = parts.next() {
        pairs.push((inside, parts.next()));
    }
    html! {
        (first)
        @for (inside, after) in pairs {
            @if let Some(after) = after { code { (inside) } (after) } @else { "`" (inside) }
        }
    }
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A small chart of counts for the cell of a table; nothing where there is nothing to draw.
pub(super) fn distribution(id: &str, name: &str, counts: &[f64]) -> Markup {
    if counts.iter().all(|count| *count <= 0.0) {
        return html! {};
    }
    let title = format!("Distribution of {name}");
    let about = Described {
        id,
        title: &title,
        description: "Rows by values, the smallest or commonest at the left.",
    };
    PreEscaped(sparkline(&about, counts))
}

/// Tiles of figures: name, figure, what belongs to it.
pub(super) fn tiles(tiles: &[(&str, String, String)]) -> Markup {
    html! {
        dl.tiles { @for (name, figure, note) in tiles {
            div { dt { (name) } dd { (figure) @if !note.is_empty() { small { (note) } } } }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_between_backticks_are_code_and_escaped() {
        let shown = |text: &str| marked(text).into_string();
        assert_eq!(shown("`a` and `<b>`"), "<code>a</code> and <code>&lt;b&gt;</code>");
        assert_eq!((shown("a ` b"), shown("")), ("a ` b".to_owned(), String::new()));
        assert_eq!(shown("`a` ` <i>"), "<code>a</code> ` &lt;i&gt;");
    }
}
