//! `winback runs`: which runs there are, what is in one, and what a person may do about it.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};
use winback_flow::{Clock, Line, Run, RunId, Runs, State, StepId, Why};

use super::Context;
use super::run::told::described;
use crate::config::Overrides;
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::Align;
use crate::wire::Bucket;

/// What `winback runs` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What can be done with runs.
#[derive(Debug, Subcommand)]
enum Verb {
    /// List the latest runs (what `winback runs` does alone)
    List {
        /// So many of them
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: usize,
    },
    /// Show the steps of one run, with times
    Show {
        /// The run
        run: RunId,
        /// Go on until it ends
        #[arg(long)]
        follow: bool,
    },
    /// Say why a step ran, or was skipped
    Why {
        /// The run
        run: RunId,
        /// The step
        step: String,
    },
    /// Ask a run to end
    Cancel {
        /// The run
        run: RunId,
        /// Why; the ledger keeps it
        #[arg(long, value_name = "REASON", default_value = "no reason given")]
        reason: String,
        /// Who asks; the ledger keeps it [default: the user's name]
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Let what failed in a run be tried again; `winback run … --pending` or the server does it
    Retry {
        /// The run
        run: RunId,
        /// Who asks; the ledger keeps it [default: the user's name]
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// How often a run that is followed is looked at.
const FOLLOWED_EVERY: Duration = Duration::from_millis(300);

pub(crate) fn run(context: &Context, arguments: Arguments) -> Result<()> {
    let settings = context.settings(Overrides::default())?;
    let bucket = Bucket::open(&settings)?;
    let runs = Runs::new(bucket.store.clone(), Clock::system())?;
    let who = |by: Option<String>| {
        let by = by.or_else(|| context.environment.user());
        by.ok_or_else(|| UserError::new("the ledger needs to know who asks")).hint("say it with --by")
    };
    match arguments.verb.unwrap_or(Verb::List { last: 20 }) {
        Verb::List { last } => list(context, &bucket.wait(runs.list())?, last),
        Verb::Show { run, follow: true } => follow(context, &bucket, &runs, &run),
        Verb::Show { run, follow: false } => show(context, &bucket.wait(runs.find(&run))?),
        Verb::Why { run, step } => why(context, &bucket, &runs, &run, &step),
        Verb::Cancel { run, reason, by } => {
            let asked = bucket.wait(runs.cancel(&run, &who(by)?, &reason))?;
            context.printer.json(&json!({ "run": run, "cancelled": asked }))?;
            let said = if asked {
                "is asked to end; a step that is under way may take a moment"
            } else {
                "has ended, or is asked already"
            };
            context.printer.data(&format!("`{run}` {said}"))
        }
        Verb::Retry { run, by } => {
            let reopened = bucket.wait(runs.retry(&run, &who(by)?))?;
            context.printer.json(&json!({ "run": run, "reopened": reopened }))?;
            let said = if reopened { "is open again" } else { "has nothing to try again" };
            context.printer.data(&format!("`{run}` {said}"))?;
            if reopened {
                context.printer.say("`winback run PIPELINE --pending` goes on with it, or the server");
            }
            Ok(())
        }
    }
}

fn list(context: &Context, lines: &[Line], last: usize) -> Result<()> {
    let latest = &lines[lines.len().saturating_sub(last)..];
    let outcome = |line: &Line| line.ended.as_ref().map_or("open", |(outcome, _)| outcome.name());
    let told = latest.iter().map(|line| {
        json!({
            "run": line.run, "pipeline": line.pipeline, "subject": line.subject, "submitted": line.submitted,
            "outcome": outcome(line), "ended": line.ended.as_ref().map(|(_, at)| at),
        })
    });
    context.printer.json(&Json::Array(told.collect()))?;
    if lines.is_empty() {
        context.printer.say("there is no run yet; `winback run weekly --pending` makes some");
        return Ok(());
    }
    let columns =
        [("run", Align::Left), ("about", Align::Left), ("", Align::Left), ("asked for", Align::Left)];
    let rows = latest.iter().rev().map(|line| {
        vec![line.run.to_string(), line.subject.clone(), outcome(line).to_owned(), line.submitted.clone()]
    });
    context.printer.table(&columns, rows.collect())?;
    let more = lines.len() - latest.len();
    if more > 0 {
        context
            .printer
            .say(&format!("{more} earlier runs are not shown; `winback runs list --last N` shows more"));
    }
    Ok(())
}

fn whole(run: &Run) -> Json {
    let steps = run.pipeline().steps.iter().flat_map(|step| {
        let of_step = run.steps.iter().filter(|(id, _)| id.step == step.name);
        let told: Vec<Json> = of_step.map(|(id, state)| described(id, state)).collect();
        let none = || vec![json!({ "step": step.name, "state": "not begun", "attempts": 0 })];
        if told.is_empty() { none() } else { told }
    });
    json!({
        "run": run.id,
        "pipeline": run.pipeline().name,
        "subject": run.created.subject,
        "cause": run.created.cause,
        "created": run.created_at,
        "forced": run.created.forced,
        "cancelled": run.cancelled.as_ref().map(|(by, reason)| json!({ "by": by, "reason": reason })),
        "outcome": run.ended.map(|(outcome, _)| outcome),
        "ended": run.ended.map(|(_, at)| at),
        "steps": steps.collect::<Vec<_>>(),
    })
}

fn show(context: &Context, run: &Run) -> Result<()> {
    context.printer.json(&whole(run))?;
    let subject = if run.created.subject.is_empty() {
        String::new()
    } else {
        format!(" about `{}`", run.created.subject)
    };
    let outcome = run.ended.map_or("open", |(outcome, _)| outcome.name());
    context.printer.data(&format!("{}{subject}: {outcome}", run.id))?;
    context.printer.data(&format!("asked for {} ({})", run.created_at, run.created.cause))?;
    if let Some((by, reason)) = &run.cancelled {
        context.printer.data(&format!("{by} asked for its end: {reason}"))?;
    }
    context.printer.data(&tree(run).join("\n"))
}

/// The steps as a tree: parts of other pipelines under the names of these.
fn tree(run: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    let mut above = "";
    let widest = run.pipeline().steps.iter().map(|step| step.name.len()).max().unwrap_or(0) + 2;
    for step in &run.pipeline().steps {
        let (part, name) = step.name.rsplit_once('/').unwrap_or(("", &step.name));
        if part != above {
            lines.push(format!("  {part}"));
            above = part;
        }
        let indent = if part.is_empty() { "  " } else { "    " };
        for (id, told) in of_step(run, &step.name) {
            let shown = if id.item.is_some() { format!("  {id}") } else { name.to_owned() };
            lines.push(format!("{indent}{shown:<widest$} {told}").trim_end().to_owned());
        }
    }
    lines
}

/// What is to be said of a step, and of each item that it ran for.
fn of_step(run: &Run, name: &str) -> Vec<(StepId, String)> {
    let found: BTreeMap<&StepId, _> = run.steps.iter().filter(|(id, _)| id.step == name).collect();
    if found.is_empty() {
        let said = if run.ended.is_some() { "not run" } else { "to come" };
        return vec![(StepId::whole(name), said.to_owned())];
    }
    let mut told = Vec::new();
    for (id, step) in found {
        let took = step.changed.since(step.began).as_secs_f64();
        let again = if step.attempts > 1 { format!(", {} attempts", step.attempts) } else { String::new() };
        told.push((
            id.clone(),
            match &step.state {
                State::Claimed { owner, .. } => format!("running by {owner}{again}"),
                State::Waiting { until } => {
                    format!("failed{again}, tried again from {until}: {}", reason(step))
                }
                State::Fresh => "to come".to_owned(),
                State::Done { from: None } => format!("done in {took:.2} s{again}"),
                State::Done { from: Some(run) } => format!("skipped: same work as in {run}"),
                State::Failed => format!("failed{again}: {}", reason(step)),
                State::LeftOut { why } => format!("left out: {why}"),
            },
        ));
    }
    told
}

fn reason(step: &winback_flow::StepRun) -> &str {
    step.failures.last().map_or("", |(_, reason)| reason.as_str())
}

/// Shows each change of a run until it has ended.
fn follow(context: &Context, bucket: &Bucket, runs: &Runs, id: &RunId) -> Result<()> {
    let clock = Clock::system();
    let mut shown: Vec<String> = Vec::new();
    loop {
        let run = bucket.wait(runs.find(id))?;
        let lines = tree(&run);
        for line in lines.iter().filter(|line| !shown.contains(line) && !line.ends_with("to come")) {
            context.printer.data(line)?;
        }
        shown = lines;
        if let Some((outcome, at)) = run.ended {
            context.printer.json(&whole(&run))?;
            return context.printer.data(&format!("{id}: {} at {at}", outcome.name()));
        }
        bucket.block_on(clock.sleep_until(clock.now().plus(FOLLOWED_EVERY)));
    }
}

fn why(context: &Context, bucket: &Bucket, runs: &Runs, id: &RunId, step: &str) -> Result<()> {
    let step: StepId = StepId::try_from(step.to_owned()).users(format!("`{step}` is no name of a step"))?;
    let Why { run, ours, earlier } = bucket.wait(runs.why(id, &step))?;
    if run.pipeline().find(&step.step).is_none() {
        let names: Vec<&str> = run.pipeline().steps.iter().map(|step| step.name.as_str()).collect();
        let message = format!("`{id}` has no step `{}`", step.step);
        return Err(UserError::new(message)).hint(format!("it has {}", names.join(", ")));
    }
    let always = run.pipeline().find(&step.step).is_some_and(|step| !step.cache);
    let state = run.steps.get(&step).map(|step| &step.state);
    let changes: Vec<String> = match (&ours, &earlier) {
        (Some(ours), Some((_, before))) => differences("", before, ours),
        _ => Vec::new(),
    };
    let said = match state {
        None => format!("`{step}` has not begun"),
        Some(State::LeftOut { why }) => format!("`{step}` was left out: {why}"),
        Some(State::Done { from: Some(from) }) => {
            format!(
                "`{step}` was skipped: component, settings and inputs are those of run {from}, whose outputs stand for its own"
            )
        }
        Some(_) if run.created.forced => format!("`{step}` ran because the run was forced"),
        Some(_) if always => format!("`{step}` runs in every run: it looks at the world, or changes it"),
        Some(_) => match (&ours, &earlier) {
            (None, _) => format!("`{step}` ran and has given nothing yet"),
            (_, None) => format!("`{step}` ran because no earlier run has done the same work"),
            (_, Some((before, _))) if changes.is_empty() => {
                format!("`{step}` ran though run {before} has done the same work: its outputs were gone")
            }
            (_, Some((before, _))) => format!("`{step}` ran because of what changed since run {before}"),
        },
    };
    context
        .printer
        .json(&json!({ "run": id, "step": step, "why": said, "changes": changes, "key_of": ours }))?;
    context.printer.data(&said)?;
    for change in changes {
        context.printer.data(&format!("  {change}"))?;
    }
    Ok(())
}

/// What differs between two things that keys were made of, by its place.
fn differences(place: &str, before: &Json, now: &Json) -> Vec<String> {
    if let (Json::Object(before), Json::Object(now)) = (before, now) {
        let names: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let inner = |name: &String| if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        let null = Json::Null;
        let of = |name: &String| {
            differences(&inner(name), before.get(name).unwrap_or(&null), now.get(name).unwrap_or(&null))
        };
        return names.into_iter().flat_map(of).collect();
    }
    if before == now { Vec::new() } else { vec![format!("{place}: {before} → {now}")] }
}
