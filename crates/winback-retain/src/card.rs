//! The model card: what a model is and how good it is, for people (after Mitchell and others 2019).

use std::fmt::Write;

use winback_learn::importance::ColumnImportance;
use winback_learn::metrics::Interval;
use winback_learn::procedure::Report;
use winback_table::{Role, Schema};

use crate::ComparedWith;
use crate::findings::Finding;
use crate::gates::{self, Closed};
use crate::trends::trends;

/// Columns named under "what moves the scores".
const COLUMNS: usize = 10;

/// The card as Markdown.
#[must_use]
pub fn card(
    schema: &Schema,
    report: &Report,
    importance: &[ColumnImportance],
    findings: &[Finding],
) -> String {
    let mut card = String::new();
    // Writing into a string cannot fail.
    let _written = write_card(&mut card, schema, report, importance, findings);
    card
}

fn write_card(
    card: &mut String,
    schema: &Schema,
    report: &Report,
    importance: &[ColumnImportance],
    findings: &[Finding],
) -> std::fmt::Result {
    let label = schema.with_role(Role::Label).map_or("the label", |field| field.name.as_str());
    let positive = schema.positive.as_deref().unwrap_or("positive");
    let rate = 100.0 * report.positives as f64 / report.rows as f64;
    writeln!(card, "# Model card\n")?;
    writeln!(
        card,
        "The model gives each customer the calibrated probability that `{label}` is `{positive}`."
    )?;
    writeln!(
        card,
        "It learnt from {} rows, of which {} ({rate:.1} %) are positive.",
        report.rows, report.positives
    )?;
    writeln!(card, "Its learner is `{}`.\n", report.learner)?;
    writeln!(card, "## How good it is\n")?;
    if report.weighted {
        writeln!(card, "{}\n", crate::WEIGHTED)?;
    }
    writeln!(card, "Measured on rows that were not learnt from ({}); 95 % intervals.\n", report.split)?;
    writeln!(card, "| figure | value | 95 % interval |\n| --- | --- | --- |")?;
    let metrics = &report.metrics;
    let figures = [
        ("ROC AUC", metrics.roc_auc),
        ("average precision", metrics.average_precision),
        ("log loss", metrics.log_loss),
        ("Brier score", metrics.brier),
        ("slope of calibration (1 is perfect)", metrics.calibration.slope),
        ("intercept of calibration (0 is perfect)", metrics.calibration.intercept),
    ];
    for (name, Interval { value, low, high }) in figures {
        writeln!(card, "| {name} | {value:.4} | {low:.4} to {high:.4} |")?;
    }
    writeln!(card, "| expected calibration error | {:.4} | |", metrics.calibration.ece)?;
    writeln!(card, "| lift among the highest 10 % | {:.2} | |\n", metrics.lift_at_10pct)?;
    if report.learners.len() > 1 {
        writeln!(card, "## Learners compared\n\n| learner | ROC AUC | log loss |\n| --- | --- | --- |")?;
        for candidate in &report.learners {
            let (auc, loss) = (candidate.metrics.roc_auc.value, candidate.metrics.log_loss.value);
            writeln!(card, "| {} | {auc:.4} | {loss:.4} |", candidate.learner)?;
        }
        if report.tie == Some(true) {
            writeln!(card, "\nThe two tie, so the simpler one was taken.")?;
        }
        writeln!(card)?;
    }
    writeln!(card, "## What moves the scores\n\n| column | share of the effects |\n| --- | --- |")?;
    let mut by_share: Vec<&ColumnImportance> = importance.iter().collect();
    by_share.sort_by(|left, right| right.share.total_cmp(&left.share));
    for column in by_share.iter().take(COLUMNS) {
        writeln!(card, "| {} | {:.1} % |", column.name, 100.0 * column.share)?;
    }
    writeln!(card, "\nEffects are compared with: {}.", ComparedWith::Training)?;
    let is_learnt = |name: &str| importance.iter().any(|column| column.name == name);
    if let Some(trends) = trends(schema, is_learnt) {
        writeln!(card, "\n{trends}")?;
    }
    if !findings.is_empty() {
        writeln!(card, "\n## Findings\n")?;
        for finding in findings {
            let severity = finding.severity.name();
            writeln!(card, "- **{severity}**: {} ({})", finding.message, finding.evidence)?;
        }
    }
    let closed: Vec<Closed> =
        gates::leak(findings).into_iter().chain(gates::calibration(metrics.calibration.slope)).collect();
    if !closed.is_empty() {
        writeln!(card, "\n## Gates that stand closed\n")?;
        writeln!(card, "The model does not become champion unless a person overrides them.\n")?;
        for closed in closed {
            writeln!(card, "- `{}`: {}", closed.gate, closed.reason)?;
        }
    }
    writeln!(card, "\n## What it must not be used for\n")?;
    writeln!(
        card,
        "It says who is likely to leave and which columns say so; it does not say what would make a customer stay."
    )
}
