//! Whether a week's customers are still those that the model learnt from, judged column by column and by the scores.
//!
//! The population stability index is held to what chance brings in samples of these sizes: n times the index is nearly
//! chi-square distributed with one degree of freedom less than there are groups (Yurdakul and Naranjo 2020, "Statistical
//! properties of the population stability index"), so a small file is not called different for being small, nor a large
//! one alike for being below 0.1. The usual 0.1 and 0.25 then say how much of a change is worth a person's time.

use serde::{Deserialize, Serialize};

use crate::findings::{Finding, Severity};
use crate::report::{ColumnShift, ScoredReport, Verdict};

/// What is kept of a week for judging it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Week {
    /// Customers scored.
    pub customers: u64,
    /// Their mean probability.
    pub mean_probability: f64,
    /// The mean of the training's out-of-fold probabilities.
    pub expected_probability: f64,
    /// The standard error of that mean in samples of this size, or more: that of outcomes, which vary more than
    /// probabilities do.
    pub standard_error: f64,
    /// The columns, the largest shift first.
    pub columns: Vec<Shift>,
}

/// How one column differs from the training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The column.
    pub column: String,
    /// The population stability index.
    pub index: f64,
    /// The most that counts as chance, over all columns together.
    pub chance_limit: f64,
    /// The word for it.
    pub verdict: Verdict,
    /// The share of rows without a value: then and now.
    pub missing: [f64; 2],
    /// The share of rows with a level that the model does not know: then and now.
    pub unknown: [f64; 2],
    /// The column's share of the mean absolute effect on the scores.
    pub importance: f64,
}

/// What is to be made of a week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What a person should know, the gravest first.
    pub findings: Vec<Finding>,
    /// Whether a new model should be tried.
    pub asks_for_training: bool,
}

/// A column that carries less of the effect than this is not worth a training, however it shifts.
const LEAST_IMPORTANCE: f64 = 0.02;
/// Standard errors beyond which the scores as a whole have moved.
const SCORE_LIMIT: f64 = 4.0;
/// The scores have moved much when their mean is beyond this share of what was expected.
const SCORE_MUCH: f64 = 0.25;
/// A share of rows that appears or goes and is worth a word: missing values, levels that nobody knows.
const SHARE_LIMIT: f64 = 0.05;

impl Week {
    /// What a report of a scored file tells; `importance` is each column's share of the mean absolute effect.
    #[must_use]
    pub fn new(report: &ScoredReport, importance: &dyn Fn(&str) -> f64) -> Self {
        let customers: u64 = report.now.customers.iter().sum();
        let expected = report.training.mean_probability;
        let variance = expected * (1.0 - expected) / customers.max(1) as f64;
        let columns = report.shifts.iter().map(|shift| Shift::new(shift, importance(&shift.name.column)));
        Self {
            customers,
            mean_probability: report.now.mean_probability,
            expected_probability: expected,
            standard_error: variance.sqrt(),
            columns: columns.collect(),
        }
    }

    /// What is to be made of it.
    #[must_use]
    pub fn judge(&self) -> Judgement {
        let mut findings: Vec<Finding> =
            self.columns.iter().flat_map(|shift| shift.findings(self.customers)).collect();
        let moved = self.mean_probability - self.expected_probability;
        let beyond_chance = SCORE_LIMIT * self.standard_error < moved.abs();
        let moves_much = SCORE_MUCH * self.expected_probability < moved.abs();
        if beyond_chance {
            findings.push(Finding {
                severity: if moves_much { Severity::Warn } else { Severity::Note },
                kind: "score-drift".to_owned(),
                columns: Vec::new(),
                evidence: format!(
                    "{:.2} % against {:.2} %, {:.0} standard errors",
                    100.0 * self.mean_probability,
                    100.0 * self.expected_probability,
                    moved.abs() / self.standard_error.max(f64::MIN_POSITIVE)
                ),
                message: "customers are scored differently from those of the training as a whole".to_owned(),
            });
        }
        findings.sort_by_key(|finding| finding.severity);
        let matters = |shift: &Shift| shift.verdict == Verdict::Much && LEAST_IMPORTANCE <= shift.importance;
        let asks_for_training = self.columns.iter().any(matters) || (beyond_chance && moves_much);
        Judgement { findings, asks_for_training }
    }
}

impl Shift {
    fn new(shift: &ColumnShift, importance: f64) -> Self {
        let of = |label: &str| {
            let share = shift.shares.iter().find(|share| share.label == label);
            share.map_or([0.0; 2], |share| [share.then, share.now])
        };
        Self {
            column: shift.name.column.clone(),
            index: shift.index,
            chance_limit: shift.chance_limit,
            verdict: shift.verdict,
            missing: of(crate::report::MISSING),
            unknown: of(crate::report::OTHER),
            importance,
        }
    }

    fn findings(&self, customers: u64) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut find = |severity, kind: &str, evidence: String, message: String| {
            let (kind, columns) = (kind.to_owned(), vec![self.column.clone()]);
            findings.push(Finding { severity, kind, columns, evidence, message });
        };
        let column = &self.column;
        let severity = match self.verdict {
            Verdict::Chance => None,
            Verdict::Little => Some(Severity::Note),
            Verdict::Some | Verdict::Much if self.importance < LEAST_IMPORTANCE => Some(Severity::Note),
            Verdict::Some | Verdict::Much => Some(Severity::Warn),
        };
        if let Some(severity) = severity {
            let evidence = format!(
                "population stability index {:.3}, chance up to {:.3}; {:.0} % of the effects",
                self.index,
                self.chance_limit,
                100.0 * self.importance
            );
            find(
                severity,
                "drift",
                evidence,
                format!("`{column}` differs from the training: {}", self.verdict.name()),
            );
        }
        let percent = |[then, now]: [f64; 2]| format!("{:.1} % against {:.1} %", 100.0 * now, 100.0 * then);
        // As many as chance brings in so few customers are no news.
        let limit = |[then, now]: [f64; 2]| {
            let share = f64::midpoint(then, now);
            SHARE_LIMIT.max(SCORE_LIMIT * (share * (1.0 - share) / customers.max(1) as f64).sqrt())
        };
        if limit(self.missing) < (self.missing[1] - self.missing[0]).abs() {
            find(
                Severity::Warn,
                "missing",
                percent(self.missing),
                format!("`{column}` is missing more or less often than in training"),
            );
        }
        if limit(self.unknown) < self.unknown[1] - self.unknown[0] {
            find(
                Severity::Warn,
                "new-levels",
                percent(self.unknown),
                format!("`{column}` has values that training did not know"),
            );
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(verdict: Verdict, importance: f64, mean_probability: f64) -> Week {
        let shift = Shift {
            column: "balance".to_owned(),
            index: 0.3,
            chance_limit: 0.01,
            verdict,
            missing: [0.0, 0.0],
            unknown: [0.0, 0.0],
            importance,
        };
        Week {
            customers: 10_000,
            mean_probability,
            expected_probability: 0.1,
            standard_error: 0.003,
            columns: vec![shift],
        }
    }

    fn check(week: &Week, kinds: &[(&str, Severity)], asks: bool) {
        let judged = week.judge();
        let found: Vec<_> =
            judged.findings.iter().map(|finding| (finding.kind.as_str(), finding.severity)).collect();
        assert_eq!((found.as_slice(), judged.asks_for_training), (kinds, asks), "{judged:?}");
    }

    #[test]
    fn only_what_matters_asks_for_a_training() {
        check(&week(Verdict::Chance, 0.5, 0.1), &[], false);
        check(&week(Verdict::Little, 0.5, 0.1), &[("drift", Severity::Note)], false);
        check(&week(Verdict::Some, 0.5, 0.1), &[("drift", Severity::Warn)], false);
        check(&week(Verdict::Much, 0.5, 0.1), &[("drift", Severity::Warn)], true);
        check(&week(Verdict::Much, 0.001, 0.1), &[("drift", Severity::Note)], false);
        check(&week(Verdict::Chance, 0.5, 0.115), &[("score-drift", Severity::Note)], false);
        check(&week(Verdict::Chance, 0.5, 0.2), &[("score-drift", Severity::Warn)], true);
    }

    #[test]
    fn gaps_and_new_levels_are_told() {
        let mut week = week(Verdict::Chance, 0.5, 0.1);
        week.columns[0].missing = [0.01, 0.3];
        week.columns[0].unknown = [0.0, 0.2];
        check(&week, &[("missing", Severity::Warn), ("new-levels", Severity::Warn)], false);
        week.customers = 20;
        check(&week, &[], false);
    }
}
