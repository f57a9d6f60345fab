//! Gates of promotion: what keeps a new model from becoming champion by itself. A person can override each of them.

use std::collections::{BTreeMap, BTreeSet};

use winback_learn::metrics::Interval;
use winback_learn::procedure::OutOfFold;
use winback_learn::row_log_loss;
use winback_table::{Schema, parted};

use crate::findings::{Finding, Severity};
use crate::report::ShownFinding;

/// A gate that stands closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The gate's name.
    pub gate: &'static str,
    /// Why it is closed, with the figures.
    pub reason: String,
}

/// Slopes of calibration that a model may have.
pub(crate) const SLOPES: std::ops::RangeInclusive<f64> = 0.8..=1.25;
/// A challenger may be worse than the champion by this share of the champion's log loss.
const MARGIN: f64 = 0.005;
/// The one-sided 95 % bound, in standard errors.
const NORMAL_ONE_SIDED_95: f64 = 1.644_853_626_951_472_2;
/// Fewer common rows than this are no comparison.
const LEAST_COMMON_ROWS: usize = 200;

/// Closed when the leak guard found something that makes every figure of the model worthless.
#[must_use]
pub fn leak(findings: &[Finding]) -> Option<Closed> {
    let blocks = findings.iter().filter(|finding| finding.severity == Severity::Block);
    closed_by(&blocks.map(|finding| (&*finding.message, &*finding.evidence)).collect::<Vec<_>>())
}

/// The same of findings as a page shows them.
pub(crate) fn leak_shown(findings: &[ShownFinding]) -> Option<Closed> {
    let blocks = findings.iter().filter(|finding| finding.severity == Severity::Block.name());
    closed_by(&blocks.map(|finding| (&*finding.message, &*finding.evidence)).collect::<Vec<_>>())
}

/// The gate of the leak guard, closed by findings that block: their messages and evidence.
fn closed_by(blocks: &[(&str, &str)]) -> Option<Closed> {
    let [(message, evidence), rest @ ..] = blocks else { return None };
    let more = match rest.len() {
        0 => String::new(),
        1 => "; 1 more finding blocks".to_owned(),
        count => format!("; {count} more findings block"),
    };
    Some(Closed { gate: "leak", reason: format!("{message} ({evidence}){more}") })
}

/// Closed when the slope's whole 95 % interval lies outside 0.8 to 1.25.
#[must_use]
pub fn calibration(slope: Interval) -> Option<Closed> {
    let outside = slope.high < *SLOPES.start() || slope.low > *SLOPES.end();
    outside.then(|| Closed {
        gate: "calibration",
        reason: format!(
            "the slope of calibration is {:.2} (95 %: {:.2} to {:.2}), outside 0.8 to 1.25",
            slope.value, slope.low, slope.high
        ),
    })
}

/// Closed when a model comes without what would judge it against the champion, as a package copied in by hand does.
#[must_use]
pub fn unjudged() -> Closed {
    let reason = "it comes without scores of rows that it was not fitted on, so it cannot be compared with the champion";
    Closed { gate: "unjudged", reason: reason.to_owned() }
}

/// What is known of the champion on a history.
#[derive(Debug, Clone, Default)]
pub struct ChampionScores {
    /// Its stored out-of-fold log-odds, by the row's identity.
    pub out_of_fold: BTreeMap<u64, f64>,
    /// The rows it was trained on, of those with an identity up to `known_up_to`.
    pub trained: BTreeSet<u64>,
    /// Of rows with a larger identity nobody knows whether it was trained on them, and they are left out.
    pub known_up_to: u64,
    /// Its direct log-odds of every row of the new history, in order; empty where [`Self::needs_direct`] says no.
    pub direct: Vec<f64>,
}

impl ChampionScores {
    /// Whether some row that can be compared has no stored score: one that the champion was not trained on.
    #[must_use]
    pub fn needs_direct(&self, challenger: &[OutOfFold]) -> bool {
        challenger.iter().any(|row| self.is_new(row.identity))
    }

    fn is_new(&self, identity: u64) -> bool {
        identity <= self.known_up_to
            && !self.trained.contains(&identity)
            && !self.out_of_fold.contains_key(&identity)
    }

    /// A row's score by a model that had not seen it: the stored one, or for a new row the direct one.
    fn score(&self, row: &OutOfFold) -> Option<f64> {
        let stored = self.out_of_fold.get(&row.identity).copied();
        stored.or_else(|| self.direct.get(row.row as usize).copied().filter(|_| self.is_new(row.identity)))
    }
}

/// Closed when the challenger may be worse than the champion on the new history: when the upper one-sided 95 % bound
/// of the paired difference of log loss is not below 0.5 % of the champion's log loss. `groups` says for each row of
/// the challenger what belongs together, as a customer's rows do: they err alike, so what varies is their sum.
#[must_use]
pub fn champion(challenger: &[OutOfFold], groups: &[u64], champion: &ChampionScores) -> Option<Closed> {
    let (pairs, groups): (Vec<[f64; 2]>, Vec<u64>) = challenger
        .iter()
        .zip(groups)
        .filter_map(|(row, group)| {
            let scores = [row.log_odds, champion.score(row)?];
            Some((scores.map(|score| row_log_loss(score, row.label)), *group))
        })
        .unzip();
    if pairs.len() < LEAST_COMMON_ROWS {
        let reason = format!(
            "only {} rows can be compared with the champion; {LEAST_COMMON_ROWS} are needed",
            pairs.len()
        );
        return Some(Closed { gate: "champion", reason });
    }
    let rows = pairs.len() as f64;
    let mean = |of: &dyn Fn(&[f64; 2]) -> f64| pairs.iter().map(of).sum::<f64>() / rows;
    let champion_loss = mean(&|pair| pair[1]);
    let worse = mean(&|pair| pair[0] - pair[1]);
    let mut by_group: BTreeMap<u64, f64> = BTreeMap::new();
    for (pair, group) in pairs.iter().zip(&groups) {
        *by_group.entry(*group).or_default() += pair[0] - pair[1] - worse;
    }
    let count = by_group.len() as f64;
    let squares = by_group.values().map(|apart| apart * apart).sum::<f64>() * count / (count - 1.0).max(1.0);
    let bound = worse + NORMAL_ONE_SIDED_95 * squares.sqrt() / rows;
    (bound >= MARGIN * champion_loss).then(|| Closed {
        gate: "champion",
        reason: format!(
            "its log loss on {} rows is {:+.2} % of the champion's, up to {:+.2} % with 95 % confidence; the limit is +0.5 %",
            parted(pairs.len() as u64),
            100.0 * worse / champion_loss,
            100.0 * bound / champion_loss
        ),
    })
}

/// Closed when the champion cannot be read, so that nothing can be compared with it.
#[must_use]
pub fn unreadable(why: &str) -> Closed {
    Closed { gate: "champion", reason: format!("the champion cannot be compared with: {why}") }
}

/// Closed when the very same model was registered before: its promotion was decided then.
#[must_use]
pub fn decided() -> Closed {
    let reason =
        "data, settings and program made a model that is registered already; its promotion was decided then";
    Closed { gate: "unchanged", reason: reason.to_owned() }
}

/// Closed because label or schema changed, so that the two cannot be compared; says which columns differ.
#[must_use]
pub fn incomparable(challenger: &Schema, champion: &Schema) -> Closed {
    let without = |schema: &Schema, other: &Schema| {
        let names = schema.fields.iter().map(|field| &field.name);
        let names =
            names.filter(|name| other.field(name).is_none_or(|field| Some(field) != schema.field(name)));
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let (new, old) = (without(challenger, champion), without(champion, challenger));
    let difference = match (new.as_str(), old.as_str()) {
        ("", "") => "the label's positive value or the spellings of a missing value".to_owned(),
        (new, "") => format!("it has {new}"),
        ("", old) => format!("it lacks {old}"),
        (new, old) => format!("it has {new}, the champion {old}"),
    };
    let reason = format!(
        "its columns are not the champion's ({difference}), so the two cannot be compared; a person decides"
    );
    Closed { gate: "schema", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u32, log_odds: impl Fn(u32) -> f64) -> Vec<OutOfFold> {
        let row =
            |row| OutOfFold { row, identity: u64::from(row), log_odds: log_odds(row), label: row % 4 == 0 };
        (0..count).map(row).collect()
    }

    fn champion_scores(rows: &[OutOfFold]) -> ChampionScores {
        ChampionScores {
            out_of_fold: rows.iter().map(|row| (row.identity, row.log_odds)).collect(),
            trained: rows.iter().map(|row| row.identity).collect(),
            known_up_to: u64::MAX,
            direct: Vec::new(),
        }
    }

    /// Each row is a customer.
    fn compared(challenger: &[OutOfFold], scores: &ChampionScores) -> Option<Closed> {
        let groups: Vec<u64> = challenger.iter().map(|row| row.identity).collect();
        champion(challenger, &groups, scores)
    }

    #[test]
    fn rows_of_a_customer_are_not_taken_for_customers() {
        // A hundred rows each of sixty customers, all of whom left; the challenger knows it better of half of them.
        let customer = |row: u32| row / 100;
        let all_left = |log_odds: &dyn Fn(u32) -> f64| -> Vec<OutOfFold> {
            rows(6000, log_odds).into_iter().map(|row| OutOfFold { label: true, ..row }).collect()
        };
        let scores = champion_scores(&all_left(&|_| 0.0));
        let challenger = all_left(&|row| if customer(row) % 2 == 0 { 0.1 } else { -0.1 });
        assert_eq!(compared(&challenger, &scores), None);
        let groups: Vec<u64> = (0..6000).map(|row| u64::from(customer(row))).collect();
        assert!(champion(&challenger, &groups, &scores).is_some());
    }

    #[test]
    fn an_equal_challenger_passes_and_a_worse_one_does_not() {
        let scores = rows(4000, |row| if row % 4 == 0 { 0.0 } else { -1.5 });
        assert_eq!(compared(&scores, &champion_scores(&scores)), None);
        let worse = rows(4000, |row| if row % 4 == 0 { -0.2 } else { -1.3 });
        let closed = compared(&worse, &champion_scores(&scores)).unwrap();
        assert!(closed.reason.contains("the limit is +0.5 %"), "{}", closed.reason);
        assert_eq!(compared(&scores, &champion_scores(&worse)), None, "a better one passes");
    }

    #[test]
    fn new_rows_are_scored_directly_and_rows_it_learnt_from_never() {
        let scores = rows(4000, |_| -1.0);
        let mut known = champion_scores(&scores[..1000]);
        assert!(known.needs_direct(&scores));
        known.direct = vec![-1.0; 4000];
        assert_eq!(compared(&scores, &known), None);
        // Now all rows are known to be learnt from, and only a hundred have a stored score.
        known.trained = scores.iter().map(|row| row.identity).collect();
        known.out_of_fold.retain(|identity, _| *identity < 100);
        assert!(!known.needs_direct(&scores));
        let closed = compared(&scores, &known).unwrap();
        assert!(closed.reason.starts_with("only 100 rows"), "{}", closed.reason);
        // Of rows beyond what is known nothing can be said.
        known.trained.clear();
        known.known_up_to = 149;
        let closed = compared(&scores, &known).unwrap();
        assert!(closed.reason.starts_with("only 150 rows"), "{}", closed.reason);
    }

    #[test]
    fn only_a_block_closes_the_gate_of_the_leak_guard() {
        let finding = |severity| Finding {
            severity,
            kind: "label-copy".to_owned(),
            columns: vec!["status".to_owned()],
            evidence: "AUC 1".to_owned(),
            message: "`status` is the label".to_owned(),
        };
        assert_eq!(leak(&[finding(Severity::Warn), finding(Severity::Note)]), None);
        let closed = leak(&[finding(Severity::Block), finding(Severity::Block)]).unwrap();
        assert_eq!(closed.reason, "`status` is the label (AUC 1); 1 more finding blocks");
    }

    #[test]
    fn calibration_closes_only_when_the_whole_interval_is_outside() {
        let slope = |low, high| Interval { value: (low + high) / 2.0, low, high };
        assert_eq!(calibration(slope(0.7, 0.9)), None);
        assert_eq!(calibration(slope(1.2, 1.6)), None);
        assert!(calibration(slope(0.4, 0.79)).is_some());
        assert!(calibration(slope(1.26, 1.6)).is_some());
    }
}
