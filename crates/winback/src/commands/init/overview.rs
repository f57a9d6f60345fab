//! What `winback init` found out, for people and as JSON: the columns, the rows, what is wrong with them, and what was
//! assumed.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use winback_retain::findings::Severity;
use winback_table::cell::show_seconds;
use winback_table::csv::decimal;
use winback_table::profile::ColumnProfile;
use winback_table::{Field, Kind, Oddity, Role};

use super::{Look, Request};
use crate::error::Result;
use crate::printer::{Align, Printer, count, percent, sparkline, width};

/// Up to so many different values are counted exactly, more are estimated.
const EXACTLY_COUNTED: u64 = 1 << 16;

/// What was found out.
#[derive(Debug)]
pub(super) struct Overview<'a> {
    look: &'a Look,
    notes: Vec<String>,
    spellings: BTreeSet<&'a str>,
    pub(super) assumed: Vec<String>,
}

impl<'a> Overview<'a> {
    pub(super) fn new(request: &Request, look: &'a Look) -> Self {
        let columns = look.table.columns.iter();
        let spellings =
            columns.flat_map(|column| column.missing_spellings.iter().map(String::as_str)).collect();
        let notes = notes(look);
        let assumed = assumed(request, look, &notes, &spellings);
        Self { look, notes, spellings, assumed }
    }

    /// Prints all of it; `config` is where the settings are written, `html` where the page is.
    pub(super) fn print(&self, printer: &Printer, config: &Path, html: Option<&Path>) -> Result<()> {
        let table = &self.look.table;
        let malformed = match table.malformed {
            0 => String::new(),
            rows => format!(", {} more could not be read", count(rows)),
        };
        printer.data(&format!("{} rows{malformed}, {} columns\n", count(table.rows), table.columns.len()))?;
        let columns = [
            ("column", Align::Left),
            ("kind", Align::Left),
            ("role", Align::Left),
            ("missing", Align::Right),
            ("distinct", Align::Right),
            ("range", Align::Left),
            ("values", Align::Left),
            ("alone", Align::Right),
            ("note", Align::Left),
        ];
        // A narrow terminal shows fewer columns rather than broken words; the page and the JSON have all.
        let left_out: &[&str] = match width() {
            Some(width) if width < NARROW => &["role", "missing", "distinct", "range", "note"],
            Some(width) if width < WIDE => &["distinct", "range", "values"],
            _ => &[],
        };
        let kept = |index: &usize| !left_out.contains(&columns[*index].0);
        let indices: Vec<usize> = (0..columns.len()).filter(kept).collect();
        let rows =
            self.rows().map(row).map(|cells| indices.iter().map(|index| cells[*index].clone()).collect());
        let shown: Vec<(&str, Align)> = indices.iter().map(|index| columns[*index]).collect();
        printer.table(&shown, rows.collect())?;
        printer.data(SHARES)?;
        if self.look.examined.strengths.iter().any(|strength| strength.auc.is_some()) {
            printer.data(ALONE)?;
        }
        let oddities: Vec<String> = table.oddities.iter().map(|oddity| format!("  {oddity}")).collect();
        if !oddities.is_empty() {
            printer.data(&format!("\nodd in the file:\n{}", oddities.join("\n")))?;
        }
        let findings: Vec<String> = self
            .look
            .examined
            .findings
            .iter()
            .map(|finding| {
                format!("  {}: {} ({})", finding.severity.name(), finding.message, finding.evidence)
            })
            .collect();
        if findings.is_empty() {
            printer.data("\nno sign of a leak was found in the rows looked at")?;
        } else {
            printer.data(&format!("\nfound:\n{}", findings.join("\n")))?;
        }
        let assumed: Vec<String> = self.assumed.iter().map(|line| format!("  {line}")).collect();
        if !assumed.is_empty() {
            printer.data(&format!("\nassumed, since nothing else was said:\n{}", assumed.join("\n")))?;
        }
        printer.json(&json!({
            "config": config,
            "report": html,
            "rows": table.rows,
            "malformed": table.malformed,
            "missing_spellings": self.spellings,
            "positive": self.look.proposal.schema.positive,
            "perhaps_protected": self.look.proposal.perhaps_protected,
            "columns": self.rows().map(object).collect::<Vec<_>>(),
            "oddities": table.oddities.iter().map(oddity).collect::<Vec<_>>(),
            "findings": self.look.examined.findings,
            "assumed": self.assumed,
        }))
    }

    /// The columns, in the order of the file.
    pub(super) fn rows(&self) -> impl Iterator<Item = Shown<'_>> {
        let fields = self.look.proposal.schema.fields.iter().zip(&self.look.table.columns);
        fields.zip(&self.notes).map(|((field, column), note)| {
            let strengths = &self.look.examined.strengths;
            let strength = strengths.iter().find(|strength| strength.column == field.name);
            let findings = self.look.examined.findings.iter();
            // What is grave concerns each of the columns; a copy is noted at the copy.
            let findings = findings.filter(|finding| match finding.severity {
                Severity::Block | Severity::Warn => finding.columns.contains(&field.name),
                Severity::Note => finding.columns.first() == Some(&field.name),
            });
            let said = findings.map(|finding| format!("{}: {}", finding.severity.name(), finding.kind));
            let said: Vec<String> = said.chain((!note.is_empty()).then(|| note.clone())).collect();
            let alone = strength.and_then(|strength| strength.auc);
            Shown { field, column, note: said.join("; "), alone }
        })
    }
}

/// Terminals below these widths do not hold all columns.
const WIDE: u16 = 150;
const NARROW: u16 = 100;

const SHARES: &str = "shares are of all rows, those without a value too";
const ALONE: &str =
    "alone: what the column says of the label by itself, as an out-of-fold AUC; 0.5 is nothing, 1 everything";

/// One column as it is shown.
pub(super) struct Shown<'a> {
    pub(super) field: &'a Field,
    pub(super) column: &'a ColumnProfile,
    pub(super) note: String,
    pub(super) alone: Option<f64>,
}

fn row(Shown { field, column, note, alone }: Shown<'_>) -> Vec<String> {
    let missing = match column.missing {
        0 => String::new(),
        rows => format!("{} ({})", count(rows), percent(rows, column.rows)),
    };
    let distinct = column.distinct();
    let about = if distinct > EXACTLY_COUNTED { "~" } else { "" };
    vec![
        narrow(&field.name),
        field.kind.name().to_owned(),
        field.role.name().to_owned(),
        missing,
        format!("{about}{}", count(distinct)),
        range(field, column),
        sparkline(&column.sketch()),
        alone.map_or_else(String::new, |auc| format!("{auc:.3}")),
        note,
    ]
}

/// A name that would make the table too wide loses its middle; the settings file has it whole.
fn narrow(name: &str) -> String {
    const END: usize = 17;
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= 2 * END + 1 {
        return name.to_owned();
    }
    let part = |part: &[char]| part.iter().collect::<String>();
    format!("{}…{}", part(&characters[..END]), part(&characters[characters.len() - END..]))
}

/// From where to where numbers and dates go; of categories and flags the most frequent level. Of what names a customer
/// nothing is shown.
pub(super) fn range(field: &Field, column: &ColumnProfile) -> String {
    // A column is left out because it names customers, or may.
    if matches!(field.role, Role::Key | Role::Excluded) {
        return String::new();
    }
    match field.kind {
        Kind::Number => column
            .range
            .map_or_else(String::new, |(low, high)| format!("{} to {}", decimal(low), decimal(high))),
        Kind::Time => column.time_range.map_or_else(String::new, |(early, late)| {
            format!("{} to {}", show_seconds(early), show_seconds(late))
        }),
        Kind::Category | Kind::Flag => {
            let levels = column.levels.iter().flatten();
            // Of equals the first in the alphabet.
            let most = levels.rev().max_by_key(|(_, rows)| **rows);
            most.map_or_else(String::new, |(level, rows)| {
                format!("{} {}", shortened(level), percent(*rows, column.rows))
            })
        }
        Kind::Text | Kind::Identifier => String::new(),
    }
}

/// A level that is too long for a table is cut.
fn shortened(level: &str) -> String {
    const LONGEST: usize = 18;
    match level.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &level[..end]),
        None => level.to_owned(),
    }
}

fn object(Shown { field, column, note, alone }: Shown<'_>) -> Value {
    json!({
        "name": field.name,
        "kind": field.kind,
        "role": field.role,
        "missing": column.missing,
        "distinct": column.distinct(),
        "range": range(field, column),
        "sketch": column.sketch(),
        "auc_alone": alone,
        "note": note,
    })
}

fn oddity(oddity: &Oddity) -> Value {
    json!({
        "file": *oddity.file,
        "line": oddity.line,
        "column": oddity.column,
        "rows": oddity.rows,
        "message": oddity.message(),
    })
}

/// For each column, what is not plain about it.
fn notes(look: &Look) -> Vec<String> {
    let Look { table, proposal, .. } = look;
    let columns = proposal.schema.fields.iter().zip(&proposal.reasons).zip(&table.columns);
    columns
        .map(|((field, reason), column)| {
            let positive = proposal.schema.positive.as_deref().filter(|_| field.role == Role::Label);
            if let Some(positive) = positive {
                return format!("`{positive}` means left: {}", leavers(column, positive));
            }
            if proposal.perhaps_protected.contains(&field.name) {
                return "perhaps protected".to_owned();
            }
            // The role stands beside the note already.
            let prefix = format!("{}: ", field.role.name());
            let reason = reason.as_deref().unwrap_or_default();
            reason.strip_prefix(&prefix).or(reason.strip_prefix("the key: ")).unwrap_or(reason).to_owned()
        })
        .collect()
}

/// How many have left: `1,627 of 10,127 (16.1 %)`.
pub(super) fn leavers(column: &ColumnProfile, positive: &str) -> String {
    let (left, present) = (column.rows_of(positive), column.present());
    format!("{} of {} ({})", count(left), count(present), percent(left, present))
}

fn shown(spelling: &str) -> String {
    if spelling.is_empty() { "an empty cell".to_owned() } else { format!("`{spelling}`") }
}

fn assumed(request: &Request, look: &Look, notes: &[String], spellings: &BTreeSet<&str>) -> Vec<String> {
    let (hints, proposal) = (&request.hints, &look.proposal);
    let mut lines = Vec::new();
    let fields = || proposal.schema.fields.iter().zip(notes);
    let holder = |role| fields().find(move |(field, _)| field.role == role);
    if hints.key.is_none() {
        lines.push(match holder(Role::Key) {
            Some((field, note)) => format!("`{}` names the customer: {note}", field.name),
            None => "no column names the customer: none has a different code in every row".to_owned(),
        });
    }
    if (hints.label.is_none() || hints.positive.is_none())
        && let Some((field, note)) = holder(Role::Label)
    {
        lines.push(format!("`{}` says who left; {note}", field.name));
    }
    if hints.time.is_none() {
        lines.push(match holder(Role::Time) {
            Some((field, _)) => format!("`{}` is the moment each row describes", field.name),
            None => "all rows describe the same moment: no column looks like it".to_owned(),
        });
    }
    if !request.missing_is_given {
        let found: Vec<String> = spellings.iter().map(|spelling| shown(spelling)).collect();
        let found =
            if found.is_empty() { "none occurs".to_owned() } else { format!("here {}", found.join(", ")) };
        lines.push(format!("the usual spellings of a missing value mean one; {found}"));
    }
    if !look.table.sample.is_whole() {
        lines.push(
            "whether rows repeat is not known: only some rows were kept to look at; `winback train` looks at all"
                .to_owned(),
        );
    }
    for (field, note) in fields() {
        if field.role == Role::Excluded && !hints.exclude.contains(&field.name) {
            lines.push(format!("`{}` is not learnt from: {note}", field.name));
        } else if field.role == Role::Feature && proposal.perhaps_protected.contains(&field.name) {
            lines.push(format!(
                "`{}` is learnt from, though perhaps protected; --protected says so",
                field.name
            ));
        } else if field.role == Role::Feature && !note.is_empty() {
            lines.push(format!("`{}` is {}: {note}", field.name, field.kind.described()));
        }
    }
    lines
}
