//! A contest: several programs do the same work in turn, some times over, and medians are held beside each other.

use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::Asked;
use super::programs::machine;
use crate::printer;

/// How a contender is called, by what those before it answered in the same round.
pub(super) type Call = Box<dyn Fn(&[Value]) -> Command>;

/// One program in a contest. Each run of it prints one JSON object as its last line.
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) call: Call,
}

/// The same work for several programs; the first of them is the one that ours is held beside in the bar.
pub(super) struct Contest {
    pub(super) name: String,
    /// The figure that counts, and whether more of it is better.
    pub(super) figure: (&'static str, Better),
    pub(super) contenders: Vec<Contender>,
    /// Figures shown besides, from the last run.
    pub(super) besides: &'static [&'static str],
}

/// Which figures are the better ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Better {
    Less,
    More,
}

/// What a contender showed.
pub(super) struct Outcome {
    name: &'static str,
    figures: Vec<f64>,
    last: Value,
    command: String,
}

/// Holds those contests that are asked for, and prints their tables, or all of them as one object.
pub(super) fn hold_all(
    contests: impl IntoIterator<Item = Contest>,
    asked: &Asked,
    rounds: usize,
    peers: &[String],
) -> anyhow::Result<()> {
    if !asked.json {
        printer::line(&format!("{}\npeers: {}\n", machine(), peers.join(", ")));
    }
    let mut results = Vec::new();
    for contest in contests {
        if !asked.wants(&contest.name) {
            continue;
        }
        let outcomes = contest.hold(rounds)?;
        if asked.json {
            results.push(contest.json(&outcomes));
        } else {
            printer::line(&contest.table(&outcomes));
        }
    }
    if asked.json {
        let result = json!({ "machine": machine(), "peers": peers, "contests": results });
        printer::line(&result.to_string());
    }
    Ok(())
}

impl Contest {
    /// Lets each contender run once in a round, so many rounds.
    pub(super) fn hold(&self, rounds: usize) -> anyhow::Result<Vec<Outcome>> {
        let mut outcomes: Vec<Outcome> = Vec::new();
        for round in 0..rounds {
            let mut answers: Vec<Value> = Vec::new();
            for (place, contender) in self.contenders.iter().enumerate() {
                printer::complain(&format!(
                    "{}, round {} of {rounds}: {}",
                    self.name,
                    round + 1,
                    contender.name
                ));
                let mut command = (contender.call)(&answers);
                let answer = answer(&mut command)?;
                let figure = answer[self.figure.0].as_f64();
                let figure =
                    figure.with_context(|| format!("{command:?} told no `{}`: {answer}", self.figure.0))?;
                if round == 0 {
                    let command = format!("{command:?}");
                    let (name, figures, last) = (contender.name, Vec::new(), Value::Null);
                    outcomes.push(Outcome { name, figures, last, command });
                }
                outcomes[place].figures.push(figure);
                outcomes[place].last = answer.clone();
                answers.push(answer);
            }
        }
        Ok(outcomes)
    }

    /// The outcomes as a table: medians, extremes, and how many times better the last contender is than each.
    pub(super) fn table(&self, outcomes: &[Outcome]) -> String {
        let (figure, better) = self.figure;
        let Some(ours) = outcomes.last().map(Outcome::median) else { return String::new() };
        let mut text = format!("{}: {}\n", self.name, figure.replace('_', " "));
        for outcome in outcomes {
            let (low, median, high) =
                (outcome.extreme(f64::min), outcome.median(), outcome.extreme(f64::max));
            let times = match better {
                Better::Less => median / ours,
                Better::More => ours / median,
            };
            let besides: Vec<String> = self
                .besides
                .iter()
                .filter_map(|name| {
                    Some(format!("{} {}", name.replace('_', " "), shown(outcome.last[*name].as_f64()?)))
                })
                .collect();
            text += &format!(
                "  {:<24} {:>12} ({} to {})  ours is {} times better  {}\n",
                outcome.name,
                shown(median),
                shown(low),
                shown(high),
                shown(times),
                besides.join(", ")
            );
        }
        for outcome in outcomes {
            text += &format!("    {}\n", outcome.command);
        }
        text
    }

    /// The outcomes for programs.
    pub(super) fn json(&self, outcomes: &[Outcome]) -> Value {
        let outcomes = outcomes.iter().map(|outcome| {
            json!({
                "contender": outcome.name, "median": outcome.median(), "runs": outcome.figures,
                "last": outcome.last, "command": outcome.command,
            })
        });
        json!({ "contest": self.name, "figure": self.figure.0, "outcomes": outcomes.collect::<Vec<_>>() })
    }
}

impl Outcome {
    fn median(&self) -> f64 {
        let mut sorted = self.figures.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
    }

    fn extreme(&self, pick: fn(f64, f64) -> f64) -> f64 {
        self.figures.iter().copied().reduce(pick).unwrap_or(f64::NAN)
    }
}

/// A figure with about four digits.
fn shown(figure: f64) -> String {
    let size = figure.abs();
    if size >= 100.0 {
        format!("{figure:.0}")
    } else if size >= 1.0 {
        format!("{figure:.2}")
    } else {
        format!("{figure:.5}")
    }
}

/// Runs a program and reads the last line that it prints.
pub(super) fn answer(command: &mut Command) -> anyhow::Result<Value> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next_back().unwrap_or_default();
    serde_json::from_str(line).with_context(|| format!("{command:?} answered no JSON: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(figures: &[f64]) -> Outcome {
        Outcome { name: "one", figures: figures.to_vec(), last: Value::Null, command: String::new() }
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((outcome(&[3.0, 1.0, 2.0]).median() - 2.0).abs() < 1e-12);
        assert!((outcome(&[4.0, 1.0]).median() - 2.5).abs() < 1e-12);
    }

    #[test]
    fn ours_is_better_by_the_ratio_that_counts() {
        let contest = |better| Contest {
            name: "a contest".to_owned(),
            figure: ("seconds", better),
            contenders: Vec::new(),
            besides: &[],
        };
        let outcomes = [outcome(&[8.0]), outcome(&[2.0])];
        assert!(contest(Better::Less).table(&outcomes).contains("ours is 4.00 times better"));
        assert!(contest(Better::More).table(&outcomes).contains("ours is 0.25000 times better"));
    }

    #[test]
    fn a_contender_that_fails_or_answers_nothing_is_named() {
        let failed = answer(&mut Command::new("false")).unwrap_err().to_string();
        assert!(failed.contains("false") && failed.contains("failed"), "{failed}");
        let silent = answer(&mut Command::new("true")).unwrap_err().to_string();
        assert!(silent.contains("answered no JSON"), "{silent}");
    }
}
