//! Whether everybody is judged alike: calibration and error by groups of customers.

use maud::{Markup, html};

use super::super::parts::{Figure, Swatch, Table, figure};
use super::super::words::{count, decimals, interval, percent};
use super::Section;
use super::chance::{most_by_chance, place};
use crate::charts::{self, Described, ForestRow};
use crate::report::{ModelReport, Segment, Segmented};

/// The largest ratio that is drawn.
const MOST: f64 = 3.0;

pub(super) fn section(report: &ModelReport) -> Option<Section> {
    let all: Vec<&Segment> = report.segments.iter().flat_map(|column| &column.segments).collect();
    if all.is_empty() {
        return None;
    }
    let different = all.iter().filter(|segment| differs(segment)).count();
    let title = title(all.len(), different);
    let body = html! {
        p { "Those who left over those foretold, by group: 1 is as foretold, above 1 more left. Groups of protected columns come first; groups of fewer than 20 rows are taken together with others." }
        div.figures { @for (place, part) in split(&report.segments).into_iter().enumerate() { (chart(&part, place)) } }
        details { summary { "The numbers" } @for column in &report.segments { (table(column)) } }
    };
    Some(Section { id: "groups", name: "By group", title, body })
}

fn differs(segment: &Segment) -> bool {
    place(1.0, segment.ratio).is_ne()
}

/// What speaks against the model where more groups are off than chance brings, and the column that has most of them.
pub(super) fn doubt(columns: &[Segmented]) -> Option<(String, String)> {
    let all: Vec<(&Segmented, &Segment)> =
        columns.iter().flat_map(|column| column.segments.iter().map(move |group| (column, group))).collect();
    let off: Vec<&(&Segmented, &Segment)> = all.iter().filter(|(_, group)| differs(group)).collect();
    let most = most_by_chance(all.len());
    if off.len() <= most {
        return None;
    }
    let farthest = |group: &Segment| libm::log(group.ratio.value.max(1e-9)).abs();
    let (column, group) = off.iter().max_by(|left, right| farthest(left.1).total_cmp(&farthest(right.1)))?;
    let said = format!(
        "in {} of {} groups of customers other numbers left than foretold; by chance it would be {most} at most",
        off.len(),
        all.len()
    );
    let evidence = format!(
        "farthest off, {}, {}: {} foretold, {} left",
        column.name.shown,
        group.label,
        percent(group.predicted),
        percent(group.observed)
    );
    Some((said, evidence))
}

fn title(groups: usize, different: usize) -> String {
    if different == 0 {
        return match groups {
            1 => "In the one group the interval holds what was foretold".to_owned(),
            groups => format!("In each of {groups} groups the interval holds what was foretold"),
        };
    }
    let by_chance = most_by_chance(groups);
    let of = if groups == 1 {
        "group another number".to_owned()
    } else {
        format!("of {groups} groups other numbers")
    };
    format!("In {different} {of} left than foretold; by chance it would be {by_chance} at most")
}

/// Two columns of charts with about as many rows each.
fn split(columns: &[Segmented]) -> Vec<Vec<&Segmented>> {
    let rows = |column: &Segmented| column.segments.len() + 1;
    let total: usize = columns.iter().map(rows).sum();
    let (mut parts, mut seen) = (vec![Vec::new(), Vec::new()], 0);
    for column in columns {
        let part = usize::from(2 * seen + rows(column) > total && !parts[0].is_empty());
        seen += rows(column);
        parts[part].push(column);
    }
    parts.retain(|part: &Vec<&Segmented>| !part.is_empty());
    parts
}

fn chart(columns: &[&Segmented], place: usize) -> Markup {
    let mut rows = Vec::new();
    for column in columns {
        let protected = if column.protected { " (protected)" } else { "" };
        rows.push(ForestRow { label: format!("{}{protected}", column.name.shown), figure: None });
        rows.extend(
            column
                .segments
                .iter()
                .map(|segment| ForestRow { label: segment.label.clone(), figure: Some(segment.ratio) }),
        );
    }
    let most = columns.iter().flat_map(|column| &column.segments).map(|segment| segment.ratio.high);
    let most = most.fold(2.0, f64::max).min(MOST);
    let ticks: Vec<(f64, String)> = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
        .into_iter()
        .filter(|tick| *tick <= most)
        .map(|tick| (tick, decimals(tick, 1)))
        .collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.shown.as_str()).collect();
    let title = format!("Left over foretold, by {}", names.join(", "));
    let id = format!("groups-{}", place + 1);
    let about = Described {
        id: &id,
        title: &title,
        description: "A dot for each group with its 95 % interval; the line stands at 1, where as many left as foretold. The tables below hold the numbers.",
    };
    figure(&Figure {
        title: &title,
        note: "",
        svg: charts::forest(&about, &rows, (0.0, most), Some(1.0), &ticks, "left over foretold"),
        legend: &[(Swatch::Dot, "group, with its 95 % interval"), (Swatch::Reference, "as foretold")],
        table: None,
    })
}

fn table(column: &Segmented) -> Markup {
    let row = |segment: &Segment| {
        vec![
            segment.label.clone(),
            count(segment.rows),
            percent(segment.predicted),
            percent(segment.observed),
            format!("{} ({})", decimals(segment.ratio.value, 2), interval(segment.ratio, 2)),
            segment.auc.map_or_else(|| "–".to_owned(), |auc| decimals(auc, 3)),
            decimals(segment.log_loss, 4),
        ]
    };
    let table = Table {
        columns: vec![
            ("group", false),
            ("rows", true),
            ("foretold", true),
            ("left", true),
            ("left over foretold", true),
            ("ROC AUC", true),
            ("log loss", true),
        ],
        rows: column.segments.iter().map(row).collect(),
    };
    let name = format!("By {}", column.name.shown);
    html! { p.sub.apart { (name) } (super::super::parts::table(&table, &name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_what_intervals_can_say() {
        assert_eq!(title(12, 0), "In each of 12 groups the interval holds what was foretold");
        let said = "In 1 of 4 groups other numbers left than foretold; by chance it would be 1 at most";
        assert_eq!(title(4, 1), said);
        assert!(title(38, 3).ends_with("by chance it would be 4 at most"));
    }

    #[test]
    fn groups_are_doubted_where_more_are_off_than_by_chance() {
        let group = |number: usize, off: usize| {
            let value = if number < off { 1.3 + 0.01 * number as f64 } else { 1.0 };
            Segment {
                label: format!("group {number}"),
                rows: 500,
                observed: 0.1 * value,
                predicted: 0.1,
                ratio: crate::report::Figure { value, low: value - 0.1, high: value + 0.1 },
                auc: None,
                log_loss: 0.3,
            }
        };
        let column = |off: usize| Segmented {
            name: crate::report::Named { column: "x".to_owned(), shown: "x".to_owned() },
            protected: false,
            segments: (0..16).map(|number| group(number, off)).collect(),
        };
        assert_eq!(doubt(&[column(2)]), None);
        let (said, evidence) = doubt(&[column(6)]).unwrap();
        assert!(said.starts_with("in 6 of 16 groups of customers"), "{said}");
        assert_eq!(evidence, "farthest off, x, group 5: 10.0\u{a0}% foretold, 13.5\u{a0}% left");
    }
}
