//! `winback run`: a pipeline, now, in this process; with `--pending` all files that wait for it, and then it ends.

pub(super) mod told;

use std::time::Duration;

use clap::Args;
use serde_json::json;
use winback_flow::{Clock, Entry, ErrorKind, Line, Outcome, Progress, RunId, Time, Value, Values, Watch};

use self::told::tell;
use super::Context;
use crate::config::{Overrides, Settings, VersionName};
use crate::error::{Result, ResultExt as _, UserError, in_one_line};
use crate::failures::{outages, reason, waiting};
use crate::pipelines;
use crate::stopwatch::Stopwatch;
use crate::work::{NEVER, Shop, WATCHED};

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
/// How long stores and disks that cannot be used are waited for, before what is open is left to whoever comes next.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run, and how far it came.
type Driven = (RunId, Progress);

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
    let patience = Clock::system().now().plus(PATIENCE);
    let shop = Shop::open(&settings, context.printer)?;
    let (mut asked, mut left) = (Vec::new(), 0);
    if arguments.pending {
        (asked, left) = submit_pending(context, &shop, &pipeline.name)?;
    } else if let Some(folder) = folder_of(&pipeline.name) {
        asked.push(submit_named(context, &shop, folder, arguments)?);
    } else {
        let inputs = inputs(arguments, &pipeline)?;
        let submitted = shop.submit(pipeline.clone(), inputs, arguments.force);
        asked.push((shop.bucket.block_on(submitted)?, true));
    }
    let new: Vec<RunId> = asked.iter().filter(|(_, is_new)| *is_new).map(|(run, _)| run.clone()).collect();
    let driven = if arguments.pending {
        let mut driven = drive_open(context, &shop, &pipeline.name, patience)?;
        if driven.iter().any(waits) {
            let made = make_model(context, &shop, &settings, patience)?;
            if !made.is_empty() {
                driven = again(context, &shop, driven, patience);
            }
            // A training that cannot go on for now is what the files wait for.
            driven.extend(made.into_iter().filter(stays));
        }
        driven
    } else {
        asked.iter().map(|(run, _)| finish(context, &shop, run, patience)).collect::<Result<_>>()?
    };
    if driven.iter().any(waits) {
        let name = &settings.train.name;
        context.printer.warn(&format!("files wait for a champion of the model `{name}`; `winback runs` lists them, and a history to learn from makes one"));
    }
    if arguments.pending {
        for (run, _) in driven.iter().filter(|(_, progress)| *progress == Progress::Over(Outcome::Refused)) {
            let found = shop.bucket.wait(shop.worker.runs().find(run))?;
            context.printer.warn(&format!("run {run} was refused: {}", reason(&found)));
        }
    }
    let folder = folder_of(&pipeline.name).unwrap_or_default();
    let told = tell(context, &shop, folder, &driven, (&new, left))?;
    context.printer.json(
        &json!({ "pipeline": pipeline.name, "runs": told, "left": left, "seconds": watch.seconds() }),
    )?;
    context.printer.say(&format!("done in {} s", watch.seconds()));
    verdict(&shop, &driven, arguments)?;
    match left {
        0 => Ok(()),
        _ => Err(anyhow::anyhow!("files that could not be taken up: {left}"))
            .hint("the warnings above say why; they wait for the next time"),
    }
}

/// Whether only the world can move a run.
fn waits((_, progress): &Driven) -> bool {
    *progress == Progress::Waits(None)
}

/// Whether a run cannot go on for now.
fn stays((_, progress): &Driven) -> bool {
    matches!(progress, Progress::Waits(Some(_)))
}

/// Whether files in a folder start it, so that it can be asked for what is pending.
fn is_watched(pipeline: &str) -> bool {
    WATCHED.iter().any(|(_, started)| *started == pipeline)
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
    let wrong = senseless("file", arguments.file.is_some(), has_folder)
        .or(senseless("pending", arguments.pending, is_watched(name)))
        .or(senseless("model", arguments.model.is_some(), name == "deploy"));
    if let Some(model) = &arguments.model {
        model.parse::<VersionName>()?;
    }
    wrong.map_or(Ok(()), |wrong| Err(wrong).hint("`winback run --help` shows what goes together"))
}

/// What the exit code says: a run that failed, or cannot go on, is our fault or the world's; one that was asked for by
/// itself and refused is the user's. Files that were refused among others are in quarantine, and the work was done.
fn verdict(shop: &Shop, driven: &[Driven], arguments: &Arguments) -> Result<()> {
    let found = |run: &RunId| shop.bucket.wait(shop.worker.runs().find(run));
    let ended = |outcome| driven.iter().find(|(_, progress)| *progress == Progress::Over(outcome));
    if let Some((run, _)) = ended(Outcome::Failed) {
        let failed = anyhow::anyhow!("run {run} failed: {}", reason(&found(run)?));
        return Err(failed)
            .hint(format!("`winback runs show {run}` tells where; `winback runs retry {run}` tries again"));
    }
    if let Some((run, _)) = driven.iter().find(|driven| stays(driven)) {
        let why = found(run).ok().and_then(|run| waiting(&run));
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        let pipeline = &arguments.pipeline;
        let who = if is_watched(pipeline) {
            format!("`winback run {pipeline} --pending` or the server goes")
        } else {
            "the server goes".to_owned()
        };
        return Err(anyhow::anyhow!("run {run} cannot go on for now{why}"))
            .hint(format!("it stays open; when the cause is gone, {who} on with it"));
    }
    if let Some((run, _)) = ended(Outcome::Refused).filter(|_| !arguments.pending) {
        return Err(UserError::new(format!("run {run} was refused: {}", reason(&found(run)?))).into());
    }
    Ok(())
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
fn submit_named(
    context: &Context,
    shop: &Shop,
    folder: &str,
    arguments: &Arguments,
) -> Result<(RunId, bool)> {
    let cause = "by hand";
    if let Some(name) = &arguments.file {
        let path = format!("{folder}/{name}");
        let entry = shop.bucket.wait(shop.bucket.store.head(&path));
        let entry = entry.users(format!("cannot take up `{name}`"));
        let entry = entry.hint(format!("name a file of `{folder}` in `{}`", shop.bucket.store.url()))?;
        return shop.bucket.block_on(shop.submit_file(&entry, &arguments.pipeline, cause, arguments.force));
    }
    let newest = settled(context, shop, folder)?.into_iter().next();
    let none =
        || UserError::new(format!("`{folder}` of `{}` has no file without a run", shop.bucket.store.url()));
    let newest =
        newest.ok_or_else(none).hint("put one there, or name one with --file and repeat it with --force")?;
    shop.bucket.block_on(shop.submit_file(&newest, &arguments.pipeline, cause, arguments.force))
}

/// New files of a folder, newest first. One that is being written is waited for once, and then left for another time.
fn settled(context: &Context, shop: &Shop, folder: &str) -> Result<Vec<Entry>> {
    let (clock, watch) = (Clock::system(), Watch::new(shop.bucket.store.clone(), folder));
    shop.bucket.wait(async {
        let look = watch.look(shop.worker.runs(), clock.now(), &|_| false).await?;
        for path in &look.odd {
            context.printer.warn(&format!("`{}`: {NEVER}", path.escape_debug()));
        }
        let Some(again) = look.again else { return Ok(look.found) };
        clock.sleep_until(again.max(clock.now().plus(SETTLING))).await;
        Ok(watch.look(shop.worker.runs(), clock.now(), &|_| false).await?.found)
    })
}

/// Runs for all new files of the pipeline's folder, newest first; or for the newest alone, by setting. A file that
/// cannot be read keeps no other waiting; how many are left is told as well.
fn submit_pending(context: &Context, shop: &Shop, pipeline: &str) -> Result<(Vec<(RunId, bool)>, usize)> {
    let (mut asked, mut left) = (Vec::new(), 0);
    for (folder, _) in WATCHED.iter().filter(|(_, started)| *started == pipeline) {
        let found = settled(context, shop, folder)?;
        for entry in shop.bucket.block_on(shop.due(found, folder, pipeline))? {
            let submitted = shop.submit_file(&entry, pipeline, "found in the folder", false);
            match shop.bucket.block_on(submitted) {
                Ok(told) => asked.push(told),
                Err(error) => {
                    let kind = error.downcast_ref().map(winback_flow::Error::kind);
                    // One that is being replaced, or is gone again, is no trouble.
                    let is_moving = matches!(kind, Some(ErrorKind::NotFound | ErrorKind::Changed));
                    left += usize::from(!is_moving);
                    context.printer.warn(&format!(
                        "`{}` is left for another time: {}",
                        entry.path,
                        in_one_line(error)
                    ));
                }
            }
        }
    }
    Ok((asked, left))
}

/// Drives all open runs of a pipeline, the newest file first, each as far as it goes.
fn drive_open(context: &Context, shop: &Shop, pipeline: &str, patience: Time) -> Result<Vec<Driven>> {
    let open = shop.bucket.wait(shop.worker.runs().open())?;
    let of_pipeline = open.into_iter().filter(|line| line.pipeline == pipeline);
    Ok(of_pipeline.map(|Line { run, .. }| go_on(context, shop, run, patience)).collect())
}

/// As [`finish`]; where that fails the run waits, and keeps no other waiting.
fn go_on(context: &Context, shop: &Shop, run: RunId, patience: Time) -> Driven {
    finish(context, shop, &run, patience).unwrap_or_else(|error| {
        context.printer.warn(&format!("{run} cannot go on for now: {}", in_one_line(error)));
        (run, Progress::Waits(Some(Clock::system().now())))
    })
}

/// Learns from a history that came after the files that wait for a model, or goes on with that, and deploys what was
/// learnt; answers what was done. A history that is being written is waited for once.
fn make_model(context: &Context, shop: &Shop, settings: &Settings, patience: Time) -> Result<Vec<Driven>> {
    let asked = shop.bucket.block_on(async {
        match shop.submit_training().await? {
            None => {
                let clock = Clock::system();
                clock.sleep_until(clock.now().plus(SETTLING)).await;
                shop.submit_training().await
            }
            asked => Ok(asked),
        }
    })?;
    let mut made = Vec::new();
    match asked {
        Some((run, is_new)) if is_new || shop.bucket.wait(shop.worker.runs().find(&run))?.ended.is_none() => {
            made.push(go_on(context, shop, run, patience));
        }
        _ => return Ok(made),
    }
    for found in shop.bucket.block_on(shop.undecided(&settings.train.name))? {
        let (run, _) = shop.bucket.block_on(shop.submit_deploy(&found))?;
        made.push(go_on(context, shop, run, patience));
    }
    Ok(made)
}

/// Drives once more what waited for a model.
fn again(context: &Context, shop: &Shop, driven: Vec<Driven>, patience: Time) -> Vec<Driven> {
    let once_more = |(run, progress): Driven| match progress {
        Progress::Waits(None) => go_on(context, shop, run, patience),
        Progress::Waits(Some(_)) | Progress::Over(_) => (run, progress),
    };
    driven.into_iter().map(once_more).collect()
}

/// Drives a run until it ends, or only the world can move it, or a store or disk cannot be used and the patience is at its
/// end. Whoever waits is told what it waits for.
fn finish(context: &Context, shop: &Shop, run: &RunId, patience: Time) -> Result<Driven> {
    let clock = Clock::system();
    let mut told = None;
    let progress = shop.bucket.wait(async {
        let before = outages(&shop.worker.runs().find(run).await?);
        loop {
            match shop.worker.drive(run).await? {
                Progress::Waits(Some(until)) => {
                    let found = shop.worker.runs().find(run).await?;
                    let why = waiting(&found);
                    if let Some(why) = why.as_ref().filter(|_| told != why) {
                        context.printer.warn(&format!("{run}: {why}; it goes on at {until}"));
                    }
                    told = why;
                    // At least one attempt is made here, also where many were made before.
                    if before < outages(&found) && patience < until {
                        return Ok(Progress::Waits(Some(until)));
                    }
                    clock.sleep_until(until).await;
                }
                progress => return Ok(progress),
            }
        }
    })?;
    Ok((run.clone(), progress))
}
