//! What `winback init` found out, as a page for a browser (`--html`).

use winback_retain::page;
use winback_retain::report::{ProfileColumn, ProfileReport, ShownFinding};
use winback_table::{Oddity, Role};

use super::overview::{Overview, Shown, range};
use super::{Look, Request};

/// The page of a history.
pub(super) fn html(request: &Request, look: &Look, overview: &Overview<'_>) -> String {
    let Look { table, proposal, examined } = look;
    let names = request.history.iter().map(|file| file.file_name().unwrap_or(file.as_os_str()));
    let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    let label = proposal.schema.with_role(Role::Label).zip(proposal.schema.positive.as_deref());
    let profile = label.and_then(|(field, _)| table.column(&field.name));
    page::profile(&ProfileReport {
        source: names.join(", "),
        rows: table.rows,
        rejected: table.malformed,
        label: label.map(|(field, positive)| format!("{} is {positive}", field.name)),
        positives: profile.zip(label).map_or(0, |(profile, (_, positive))| profile.rows_of(positive)),
        columns: overview.rows().map(column).collect(),
        findings: examined.findings.iter().map(Into::into).chain(table.oddities.iter().map(odd)).collect(),
        assumptions: overview.assumed.clone(),
    })
}

fn column(Shown { field, column, note, alone }: Shown<'_>) -> ProfileColumn {
    ProfileColumn {
        name: field.name.clone(),
        kind: field.kind.name().to_owned(),
        role: field.role.name().to_owned(),
        missing: column.missing as f64 / column.rows.max(1) as f64,
        distinct: column.distinct(),
        range: range(field, column),
        histogram: column.sketch(),
        strength: alone,
        note,
    }
}

/// What is odd about the file stands among the findings.
fn odd(oddity: &Oddity) -> ShownFinding {
    let line = oddity.line.map_or_else(String::new, |line| format!(", line {line}"));
    ShownFinding {
        severity: "note".to_owned(),
        kind: "odd-in-file".to_owned(),
        columns: oddity.column.iter().cloned().collect(),
        evidence: format!("{}{line}", oddity.file),
        message: oddity.message(),
    }
}
