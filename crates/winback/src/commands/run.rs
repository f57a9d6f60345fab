//! `winback run`: a pipeline, now, in this process; with `--pending` all files that wait for it, and then it ends.

use clap::Args;
use serde_json::{Value as Json, json};
use winback_flow::{Clock, Entry, Line, Outcome, Progress, RunId, State, StepId, Value, Values, Watch};

use super::Context;
use crate::config::{Backlog, Overrides, Settings};
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
    #[arg(long, conflicts_with_all = ["file", "model"])]
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

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let watch = Stopwatch::start();
    let settings = context.settings(Overrides::default())?;
    let Some(pipeline) = pipelines::find(&arguments.pipeline) else {
        let names: Vec<String> =
            pipelines::all().iter().map(|pipeline| format!("`{}`", pipeline.name)).collect();
        let message = format!("there is no pipeline `{}`", arguments.pipeline);
        return Err(UserError::new(message)).hint(format!("there are {}", names.join(", ")));
    };
    let shop = Shop::open(&settings, context.printer)?;
    let mut asked = Vec::new();
    if arguments.pending {
        asked = submit_pending(&shop, &settings, &pipeline.name)?;
    } else if let Some((folder, _)) = WATCHED.iter().find(|(_, started)| *started == pipeline.name) {
        asked.push(submit_named(&shop, folder, arguments)?);
    } else {
        let inputs = inputs(arguments, &pipeline)?;
        let submitted = shop.submit(pipeline.clone(), inputs, arguments.force);
        asked.push((shop.bucket.block_on(submitted)?, true));
    }
    let new: Vec<RunId> = asked.iter().filter(|(_, is_new)| *is_new).map(|(run, _)| run.clone()).collect();
    let driven = if arguments.pending {
        let mut driven = drive_open(&shop, &pipeline.name)?;
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
    let failed = driven.iter().filter(|(_, progress)| matches!(progress, Progress::Over(Outcome::Failed)));
    match failed.count() {
        0 => Ok(()),
        _ => {
            let message = "a run failed, though not for what it was given";
            Err(anyhow::anyhow!(message))
                .hint("`winback runs show RUN` tells where; `winback runs retry RUN` tries again")
        }
    }
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
        return shop.bucket.block_on(shop.submit_file(&entry, cause, arguments.force));
    }
    let newest = settled(shop, folder)?.into_iter().next();
    let none =
        || UserError::new(format!("`{folder}` of `{}` has no file without a run", shop.bucket.store.url()));
    let newest =
        newest.ok_or_else(none).hint("put one there, or name one with --file and repeat it with --force")?;
    shop.bucket.block_on(shop.submit_file(&newest, cause, arguments.force))
}

/// New files of a folder, newest first, when none is being written any more.
fn settled(shop: &Shop, folder: &str) -> Result<Vec<Entry>> {
    let (clock, watch) = (Clock::system(), Watch::new(shop.bucket.store.clone(), folder));
    shop.bucket.wait(async {
        loop {
            let look = watch.look(shop.worker.runs(), clock.now(), &|_| false).await?;
            match look.again {
                Some(again) => clock.sleep_until(again).await,
                None => return Ok(look.found),
            }
        }
    })
}

/// Runs for all new files of the pipeline's folder, newest first; or for the newest alone, by setting.
fn submit_pending(shop: &Shop, settings: &Settings, pipeline: &str) -> Result<Vec<(RunId, bool)>> {
    let mut asked = Vec::new();
    for (folder, _) in WATCHED.iter().filter(|(_, started)| *started == pipeline) {
        let found = settled(shop, folder)?;
        let most = if settings.pipelines.backlog == Backlog::Newest { 1 } else { usize::MAX };
        for entry in found.iter().take(most) {
            let submitted = shop.submit_file(entry, "found in the folder", false);
            asked.push(shop.bucket.block_on(submitted)?);
        }
    }
    Ok(asked)
}

/// Drives all open runs of a pipeline, the newest file first, each as far as it goes.
fn drive_open(shop: &Shop, pipeline: &str) -> Result<Vec<(RunId, Progress)>> {
    let open = shop.bucket.wait(shop.worker.runs().open())?;
    let ours = open.iter().filter(|line| line.pipeline == pipeline);
    ours.map(|Line { run, .. }| finish(shop, run)).collect()
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
