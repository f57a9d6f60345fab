//! `winback run`: a pipeline, now, in this process; with `--pending` all files that wait for it, and then it ends.

use std::time::Duration;

use clap::Args;
use serde_json::{Value as Json, json};
use winback_flow::{Clock, Entry, Line, Outcome, Progress, RunId, State, StepId, Value, Values, Watch};

use super::Context;
use crate::config::{Overrides, Settings, VersionName};
use crate::error::{Result, ResultExt as _, UserError};
use crate::pipelines;
use crate::printer::Align;
use crate::stopwatch::Stopwatch;
use crate::work::{Shop, WATCHED};

/// What `winback run` is told.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  winback run weekly --pending\n  winback run train\n  winback run deploy --model 3"
)]
pub(crate) struct Arguments {
    /// Which: train, deploy, score, measure or weekly
    #[arg(value_name = "PIPELINE")]
    pipeline: String,
    /// Everything that waits for it: all files of its folder that have no run yet, and all runs that have not ended
    #[arg(long, conflicts_with_all = ["file", "model", "force"])]
    pending: bool,
    /// The file, as it is called in the folder of the bucket
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
    /// The model version that is to be deployed
    #[arg(long, value_name = "VERSION")]
    model: Option<String>,
    /// Also where it was done before: a file gets a second run, and no step is skipped
    #[arg(long)]
    force: bool,
}

/// How long a file that is being written is waited for.
const SETTLING: Duration = Duration::from_secs(2);

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let watch = Stopwatch::start();
    let settings = context.settings(Overrides::default())?;
    let Some(pipeline) = pipelines::find(&arguments.pipeline) else {
        let names: Vec<String> =
            pipelines::all().iter().map(|pipeline| format!("`{}`", pipeline.name)).collect();
        let message = format!("there is no pipeline `{}`", arguments.pipeline);
        return Err(UserError::new(message)).hint(format!("there are {}", names.join(", ")));
    };
    check(arguments)?;
    let shop = Shop::open(&settings, context.printer)?;
    let mut asked = Vec::new();
    if arguments.pending {
        asked = submit_pending(context, &shop, &pipeline.name)?;
    } else if let Some(folder) = folder_of(&pipeline.name) {
        asked.push(submit_named(&shop, folder, arguments)?);
    } else {
        let inputs = inputs(arguments, &pipeline)?;
        let submitted = shop.submit(pipeline.clone(), inputs, arguments.force);
        asked.push((shop.bucket.block_on(submitted)?, true));
    }
    let new: Vec<RunId> = asked.iter().filter(|(_, is_new)| *is_new).map(|(run, _)| run.clone()).collect();
    let driven = if arguments.pending {
        let mut driven = drive_open(context, &shop, &pipeline.name)?;
        if driven.iter().any(|(_, progress)| *progress == Progress::Waits(None))
            && make_model(&shop, &settings)?
        {
            driven = again(&shop, driven)?;
        }
        driven
    } else {
        asked.iter().map(|(run, _)| finish(&shop, run)).collect::<Result<_>>()?
    };
    let told = tell(context, &shop, &driven, &new)?;
    context.printer.json(&json!({ "pipeline": pipeline.name, "runs": told, "seconds": watch.seconds() }))?;
    context.printer.say(&format!("done in {} s", watch.seconds()));
    verdict(&shop, &driven, arguments.pending)
}

/// The folder whose files a pipeline is about.
fn folder_of(pipeline: &str) -> Option<&'static str> {
    let started = if pipeline == "score" { "weekly" } else { pipeline };
    WATCHED.iter().find(|(_, of)| *of == started).map(|(folder, _)| *folder)
}

/// Refuses what a pipeline cannot be told.
fn check(arguments: &Arguments) -> Result<()> {
    let name = &arguments.pipeline;
    let senseless = |flag: &str, said: bool, sense: bool| {
        if said && !sense {
            Some(UserError::new(format!("`--{flag}` says nothing to the pipeline `{name}`")))
        } else {
            None
        }
    };
    let has_folder = folder_of(name).is_some();
    let is_watched = WATCHED.iter().any(|(_, started)| started == name);
    let wrong = senseless("file", arguments.file.is_some(), has_folder)
        .or(senseless("pending", arguments.pending, is_watched))
        .or(senseless("model", arguments.model.is_some(), name == "deploy"));
    if let Some(model) = &arguments.model {
        model.parse::<VersionName>()?;
    }
    wrong.map_or(Ok(()), |wrong| Err(wrong).hint("`winback run --help` shows what goes together"))
}

/// What the exit code says: a run that failed is our fault or the world's; one that was asked for by itself and refused
/// is the user's. Files that were refused among others are in quarantine, and the work was done.
fn verdict(shop: &Shop, driven: &[(RunId, Progress)], pending: bool) -> Result<()> {
    let ended = |outcome| driven.iter().find(|(_, progress)| *progress == Progress::Over(outcome));
    if let Some((run, _)) = ended(Outcome::Failed) {
        let failed = anyhow::anyhow!("run {run} failed: {}", reason(shop, run)?);
        return Err(failed)
            .hint(format!("`winback runs show {run}` tells where; `winback runs retry {run}` tries again"));
    }
    if let Some((run, _)) = ended(Outcome::Refused).filter(|_| !pending) {
        return Err(UserError::new(format!("run {run} was refused: {}", reason(shop, run)?)).into());
    }
    Ok(())
}

/// Why a run came to nothing, in the words of the first step that did.
fn reason(shop: &Shop, id: &RunId) -> Result<String> {
    let run = shop.bucket.wait(shop.worker.runs().find(id))?;
    let failed = run.steps.iter().filter(|(_, step)| step.state == State::Failed);
    let told = failed.filter_map(|(id, step)| Some(format!("{id}: {}", step.failures.last()?.1)));
    Ok(told.collect::<Vec<_>>().join("; "))
}

/// What a run is given that is about no file.
fn inputs(arguments: &Arguments, pipeline: &winback_flow::Pipeline) -> Result<Values> {
    let mut inputs = Values::new();
    if let Some(model) = &arguments.model {
        inputs.insert("model".to_owned(), Value::of(model.as_str()));
    }
    if let Some((missing, _)) =
        pipeline.inputs.iter().find(|(name, input)| !input.optional && !inputs.contains_key(*name))
    {
        let message = format!("the pipeline `{}` needs to be told the `{missing}`", pipeline.name);
        return Err(UserError::new(message)).hint(format!("say it with --{missing}"));
    }
    Ok(inputs)
}

/// The run of one file: the one that is named, or the newest without a run.
fn submit_named(shop: &Shop, folder: &str, arguments: &Arguments) -> Result<(RunId, bool)> {
    let cause = "by hand";
    if let Some(name) = &arguments.file {
        let path = format!("{folder}/{name}");
        let entry = shop.bucket.wait(shop.bucket.store.head(&path));
        let entry = entry.hint(format!("name a file of `{folder}` in `{}`", shop.bucket.store.url()))?;
        return shop.bucket.block_on(shop.submit_file(&entry, &arguments.pipeline, cause, arguments.force));
    }
    let newest = settled(shop, folder)?.into_iter().next();
    let none =
        || UserError::new(format!("`{folder}` of `{}` has no file without a run", shop.bucket.store.url()));
    let newest =
        newest.ok_or_else(none).hint("put one there, or name one with --file and repeat it with --force")?;
    shop.bucket.block_on(shop.submit_file(&newest, &arguments.pipeline, cause, arguments.force))
}

/// New files of a folder, newest first. One that is being written is waited for once, and then left for another time.
fn settled(shop: &Shop, folder: &str) -> Result<Vec<Entry>> {
    let (clock, watch) = (Clock::system(), Watch::new(shop.bucket.store.clone(), folder));
    shop.bucket.wait(async {
        let look = watch.look(shop.worker.runs(), clock.now(), &|_| false).await?;
        let Some(again) = look.again else { return Ok(look.found) };
        clock.sleep_until(again.max(clock.now().plus(SETTLING))).await;
        Ok(watch.look(shop.worker.runs(), clock.now(), &|_| false).await?.found)
    })
}

/// Runs for all new files of the pipeline's folder, newest first; or for the newest alone, by setting. A file that
/// cannot be read keeps no other waiting.
fn submit_pending(context: &Context, shop: &Shop, pipeline: &str) -> Result<Vec<(RunId, bool)>> {
    let mut asked = Vec::new();
    for (folder, _) in WATCHED.iter().filter(|(_, started)| *started == pipeline) {
        let found = settled(shop, folder)?;
        for entry in shop.bucket.block_on(shop.due(found, folder, pipeline))? {
            let submitted = shop.submit_file(&entry, pipeline, "found in the folder", false);
            match shop.bucket.block_on(submitted) {
                Ok(told) => asked.push(told),
                Err(error) => {
                    context.printer.warn(&format!("`{}` is left for another time: {error:#}", entry.path));
                }
            }
        }
    }
    Ok(asked)
}

/// Drives all open runs of a pipeline, the newest file first, each as far as it goes.
fn drive_open(context: &Context, shop: &Shop, pipeline: &str) -> Result<Vec<(RunId, Progress)>> {
    let open = shop.bucket.wait(shop.worker.runs().open())?;
    let mut driven = Vec::new();
    for Line { run, .. } in open.iter().filter(|line| line.pipeline == pipeline) {
        match finish(shop, run) {
            Ok(told) => driven.push(told),
            Err(error) => context.printer.warn(&format!("{run} cannot go on for now: {error:#}")),
        }
    }
    Ok(driven)
}

/// Learns from a history that came after the files that wait for a model, and deploys what was learnt; answers whether
/// there was something to do.
fn make_model(shop: &Shop, settings: &Settings) -> Result<bool> {
    let Some((run, true)) = shop.bucket.block_on(shop.submit_training())? else { return Ok(false) };
    finish(shop, &run)?;
    for found in shop.bucket.block_on(shop.undecided(&settings.train.name))? {
        let (run, _) = shop.bucket.block_on(shop.submit_deploy(&found))?;
        finish(shop, &run)?;
    }
    Ok(true)
}

/// Drives once more what waited.
fn again(shop: &Shop, driven: Vec<(RunId, Progress)>) -> Result<Vec<(RunId, Progress)>> {
    let once_more = |(run, progress): (RunId, Progress)| match progress {
        Progress::Waits(_) => finish(shop, &run),
        Progress::Over(_) => Ok((run, progress)),
    };
    driven.into_iter().map(once_more).collect()
}

/// Drives a run until it ends, or only the world can move it.
fn finish(shop: &Shop, run: &RunId) -> Result<(RunId, Progress)> {
    let clock = Clock::system();
    let progress = shop.bucket.wait(async {
        loop {
            match shop.worker.drive(run).await? {
                Progress::Waits(Some(until)) => clock.sleep_until(until).await,
                progress => return Ok(progress),
            }
        }
    })?;
    Ok((run.clone(), progress))
}

/// What became of each run; as rows for people, and as JSON.
fn tell(context: &Context, shop: &Shop, driven: &[(RunId, Progress)], new: &[RunId]) -> Result<Vec<Json>> {
    let (mut rows, mut told) = (Vec::new(), Vec::new());
    for (id, progress) in driven {
        let run = shop.bucket.wait(shop.worker.runs().find(id))?;
        let outcome = match progress {
            Progress::Over(outcome) => outcome.name(),
            Progress::Waits(_) => "waits",
        };
        let steps = run.steps.iter().map(|(step, state)| described(step, state));
        let text =
            |step: &str, output: &str| run.output(step, output).and_then(|value| value.json().cloned());
        let published = ["publish", "score/publish"].iter().find_map(|step| text(step, "folder"));
        let model = ["choose", "score/choose"].iter().find_map(|step| text(step, "model"));
        let quarantine = ["close", "score/close"].iter().find_map(|step| text(step, "quarantine"));
        let trained = run
            .steps
            .get(&StepId::whole("train/fit"))
            .map(|step| matches!(step.state, State::Done { from: None }));
        let result = quarantine.as_ref().or(published.as_ref()).and_then(Json::as_str).unwrap_or_default();
        rows.push(vec![run.created.subject.clone(), outcome.to_owned(), result.to_owned(), id.to_string()]);
        told.push(json!({
            "run": id, "file": run.created.subject, "outcome": outcome, "new": new.contains(id),
            "published": published, "model": model, "quarantine": quarantine, "trained": trained,
            "steps": steps.collect::<Vec<_>>(),
        }));
    }
    let columns = [("file", Align::Left), ("", Align::Left), ("results", Align::Left), ("run", Align::Left)];
    if rows.is_empty() {
        context.printer.data("nothing waits")?;
    } else {
        context.printer.table(&columns, rows)?;
    }
    Ok(told)
}

/// A step as JSON: where it stands, and why.
pub(crate) fn described(id: &StepId, step: &winback_flow::StepRun) -> Json {
    let (state, why) = match &step.state {
        State::Claimed { owner, .. } => ("running", Some(format!("by {owner}"))),
        State::Waiting { until } => ("waiting", Some(format!("tried again from {until}"))),
        State::Fresh => ("ready", None),
        State::Done { from: None } => ("done", None),
        State::Done { from: Some(run) } => ("skipped", Some(format!("same work as in run {run}"))),
        State::Failed => ("failed", step.failures.last().map(|(_, reason)| reason.clone())),
        State::LeftOut { why } => ("left out", Some(why.clone())),
    };
    json!({
        "step": id, "state": state, "why": why, "attempts": step.attempts,
        "seconds": step.changed.since(step.began).as_secs_f64(),
    })
}
