//! Who runs the components: a worker of the engine whose steps are the code of this program, each on a thread of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use winback_flow::{
    Artifact, Bodies, Clock, Digest, Entry, Failure, Object, Options, Pipeline, Place, Request, RunId, Task,
    Time, Timestamp, Value, Values, Watch, Worker, is_whole_name,
};

use crate::components;
use crate::config::{Backlog, History, Settings, Timed};
use crate::desk::Desk;
use crate::error::{self, Result, ResultExt as _, UserError};
use crate::pipelines::{self, CHAMPION};
use crate::printer::Printer;
use crate::steps::register::is_undecided;
use crate::wire::{Bucket, INPUT_FOLDER, expand};

/// Where weekly files appear.
pub(crate) const WEEKLY_FOLDER: &str = "weekly_folder";
/// Where what became of customers appears.
pub(crate) const OUTCOMES_FOLDER: &str = "outcomes_folder";

/// The folders whose files start runs, and of which pipeline.
pub(crate) const WATCHED: [(&str, &str); 2] = [(WEEKLY_FOLDER, "weekly"), (OUTCOMES_FOLDER, "measure")];

/// A file of the history that was written to less than so long ago may not be whole.
const SETTLING: Duration = Duration::from_secs(2);

/// The code of the components, at a desk.
pub(crate) struct Work {
    desk: Arc<Desk>,
}

/// A worker on a bucket's runs.
pub(crate) struct Shop {
    pub(crate) bucket: Bucket,
    pub(crate) worker: Worker<Work>,
    settings: Settings,
    /// The training that was asked for last, which is not asked for at each look.
    trained: Mutex<Option<RunId>>,
}

impl Shop {
    pub(crate) fn open(settings: &Settings, printer: Printer) -> Result<Self> {
        let bucket = Bucket::open(settings)?;
        let desk = Arc::new(Desk::new(settings.clone(), bucket.clone(), printer)?);
        let components = components::components(settings);
        let options = Options { lease: settings.pipelines.lease, ..Options::fresh()? };
        let worker = Worker::new(bucket.store.clone(), Clock::system(), components, Work { desk }, options)?;
        Ok(Self { bucket, worker, settings: settings.clone(), trained: Mutex::default() })
    }

    /// Asks for a run of a pipeline that a person starts; what it is about is told by its inputs alone.
    pub(crate) async fn submit(&self, pipeline: Pipeline, inputs: Values, forced: bool) -> Result<RunId> {
        let nonce = winback_flow::draw_nonce()?;
        let id = RunId::of(&pipeline.name, &nonce, 1);
        let (cause, subject) = ("by hand".to_owned(), String::new());
        let request = Request { id: id.clone(), pipeline, inputs, subject, cause, object: None, forced };
        self.worker.runs().submit(request).await?;
        Ok(id)
    }

    /// Asks for the run of a file in a watched folder: the same name and bytes are the same run, unless `forced`.
    /// Answers the run, and whether it is new.
    pub(crate) async fn submit_file(
        &self,
        entry: &Entry,
        pipeline: &str,
        cause: &str,
        forced: bool,
    ) -> Result<(RunId, bool)> {
        let folder = WATCHED.into_iter().find(|(folder, _)| entry.path.starts_with(&format!("{folder}/")));
        let Some((folder, usual)) = folder else {
            let message = format!("`{}` is in no folder that is watched", entry.path);
            return Err(UserError::new(message)).hint(format!("put weekly files into `{WEEKLY_FOLDER}`"));
        };
        let unknown = || UserError::new(format!("there is no pipeline `{pipeline}`"));
        let pipeline = pipelines::find(pipeline).ok_or_else(unknown)?;
        let name = Watch::new(self.bucket.store.clone(), folder).name_of(&entry.path).to_owned();
        let digest = self.bucket.store.digest(entry).await?;
        let place = Place::Object { path: entry.path.clone(), version: entry.version.clone() };
        let file = Artifact { digest, size: entry.size, place: Some(place) };
        let inputs = Values::from([
            ("file".to_owned(), Value::File(file)),
            ("name".to_owned(), Value::of(name.as_str())),
        ]);
        let object = Object {
            path: entry.path.clone(),
            version: entry.version.clone(),
            digest,
            size: entry.size,
            modified: entry.modified.clone(),
        };
        let mut round = 0;
        loop {
            round += 1;
            let request = Request {
                // Whichever pipeline it is asked of, a file is published once.
                id: RunId::of(usual, &format!("{name}\n{digest}"), round),
                pipeline: pipeline.clone(),
                inputs: inputs.clone(),
                subject: name.clone(),
                cause: cause.to_owned(),
                object: Some(object.clone()),
                forced,
            };
            let id = request.id.clone();
            let is_new = self.worker.runs().submit(request).await?;
            if is_new || !forced {
                return Ok((id, is_new));
            }
        }
    }

    /// Those of some new files that are to be done: all, or by setting only a weekly file that is newer than any with a
    /// run.
    pub(crate) async fn due(&self, found: Vec<Entry>, folder: &str, pipeline: &str) -> Result<Vec<Entry>> {
        if pipeline != "weekly" || self.settings.pipelines.backlog == Backlog::All {
            return Ok(found);
        }
        let newest = self.worker.runs().newest_of(folder).await?;
        Ok(found.into_iter().filter(|entry| newest.as_ref() < Some(&entry.modified)).take(1).collect())
    }

    /// Versions of the model that nobody has decided about yet, also such as were copied into the bucket.
    pub(crate) async fn undecided(&self, model: &str) -> Result<Vec<Undecided>> {
        let registry = &self.bucket.registry;
        let versions = registry.versions(model).await?;
        let undecided = versions.into_iter().filter(is_undecided);
        let mut found: Vec<Undecided> = undecided
            .map(|version| Undecided {
                model: version.model,
                number: version.version,
                digest: version.digest,
            })
            .collect();
        let strays = registry.strays().await?.into_iter().filter(|(name, ..)| name == model);
        found.extend(strays.map(|(model, number, digest)| Undecided { model, number, digest }));
        Ok(found)
    }

    /// Asks for the deployment of a version: the same package is the same run.
    pub(crate) async fn submit_deploy(&self, found: &Undecided) -> Result<(RunId, bool)> {
        let name = found.name();
        let pipeline = pipelines::find("deploy").expect("it is there");
        let request = Request {
            id: RunId::of("deploy", &format!("{name}\n{}", found.digest), 1),
            pipeline,
            inputs: Values::from([("model".to_owned(), Value::of(name.as_str()))]),
            subject: name,
            cause: "a model object".to_owned(),
            object: None,
            forced: false,
        };
        self.submit_request(request).await
    }

    /// Asks for a training if history, settings or program are not those of the last time: what they are together names
    /// the run. Nothing where there is no history, or somebody is still writing one.
    pub(crate) async fn submit_training(&self) -> Result<Option<(RunId, bool)>> {
        let Some(history) = self.look_of_history().await? else { return Ok(None) };
        let settings = &self.settings;
        let versions = components::components(settings)
            .into_values()
            .map(|component| (component.name, component.version));
        let versions: Vec<String> = versions.map(|(name, version)| format!("{name} {version}")).collect();
        let subject = format!("{history}\n{}\n{}", settings.of_training(), versions.join("\n"));
        let id = RunId::of("train", &subject, 1);
        if self.trained.lock().unwrap_or_else(PoisonError::into_inner).replace(id.clone()) == Some(id.clone())
        {
            return Ok(None);
        }
        let request = Request {
            id,
            pipeline: pipelines::find("train").expect("it is there"),
            inputs: Values::new(),
            subject: String::new(),
            cause: "history, settings or program are new".to_owned(),
            object: None,
            forced: false,
        };
        let told = self.submit_request(request).await?;
        *self.trained() = Some(told.0.clone());
        Ok(Some(told))
    }

    fn trained(&self) -> MutexGuard<'_, Option<RunId>> {
        self.trained.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be seen of the history without reading it: names, sizes and times of its files.
    async fn look_of_history(&self) -> Result<Option<String>> {
        let mut seen = Vec::new();
        match &self.settings.data.history {
            History::InputFolder => {
                let entries = self.bucket.store.list(INPUT_FOLDER).await?;
                let whole = entries.into_iter().filter(|entry| is_whole_name(&entry.path));
                seen.extend(
                    whole.map(|entry| (entry.path, entry.version, entry.modified.parse::<Time>().ok())),
                );
            }
            History::Files(names) => {
                // A name that matches nothing yet is a history that is not there yet.
                for path in expand(names).unwrap_or_default() {
                    let Ok(metadata) = path.metadata() else { return Ok(None) };
                    let modified = metadata.modified().ok();
                    let version = format!("{} {modified:?}", metadata.len());
                    let modified = modified.and_then(|time| Timestamp::try_from(time).ok()).map(Time::from);
                    seen.push((path.display().to_string(), version, modified));
                }
            }
        }
        let now = Clock::system().now();
        let is_fresh = |at: &Option<Time>| at.is_some_and(|at| at <= now && now < at.plus(SETTLING));
        if seen.is_empty() || seen.iter().any(|(.., modified)| is_fresh(modified)) {
            return Ok(None);
        }
        Ok(Some(seen.iter().map(|(path, version, _)| format!("{path}\t{version}\n")).collect()))
    }

    /// Asks for a run that is due by a schedule: the same moment is the same run.
    pub(crate) async fn submit_timed(&self, timed: &Timed, due: Time) -> Result<(RunId, bool)> {
        let unknown = || UserError::new(format!("there is no pipeline `{}`", timed.pipeline));
        let request = Request {
            id: RunId::of(&timed.pipeline, &format!("{} {due}", timed.cron), 1),
            pipeline: pipelines::find(&timed.pipeline).ok_or_else(unknown)?,
            inputs: Values::new(),
            subject: String::new(),
            cause: format!("the schedule `{}`, due {due}", timed.cron),
            object: None,
            forced: false,
        };
        self.submit_request(request).await
    }

    async fn submit_request(&self, request: Request) -> Result<(RunId, bool)> {
        let id = request.id.clone();
        let is_new = self.worker.runs().submit(request).await?;
        Ok((id, is_new))
    }

    /// Records that an event could not be understood, and why.
    pub(crate) async fn refuse_event(&self, reason: String) -> winback_flow::Result<()> {
        let refusals =
            winback_flow::Ledger::new(self.bucket.store.clone(), Clock::system(), "refused_events")?;
        refusals.append_with(|_| Some(reason.clone())).await.map(drop)
    }
}

/// What is said of something in a folder that can never be taken up.
pub(crate) const NEVER: &str = "it is never taken up: its name is no path, it is a link that leads nowhere or back, or it is \
                                no file (a pipe, a socket, a device)";

/// A version that nobody has decided about.
pub(crate) struct Undecided {
    model: String,
    number: u64,
    digest: Digest,
}

impl Undecided {
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.model, self.number)
    }
}

impl Bodies for Work {
    async fn attempt(&self, task: Task) -> Result<Values, Failure> {
        let desk = Arc::clone(&self.desk);
        let Some(code) = components::code(&desk.settings, &task.component) else {
            return Err(Failure::Failed(format!("this program has no component `{}`", task.component)));
        };
        let ended = tokio::task::spawn_blocking(move || {
            let _tidied = desk.begin(&task);
            code(&desk, &task)
        })
        .await;
        match ended {
            Ok(outcome) => outcome.map_err(|error| failure(&error)),
            Err(_) => Err(Failure::Failed("the step broke off: this is a fault of winback".to_owned())),
        }
    }

    async fn holds(&self, what: &str) -> bool {
        let champion = async {
            let name = &self.desk.settings.train.name;
            self.desk.bucket.registry.champion(name).await.is_ok_and(|champion| champion.is_some())
        };
        what == CHAMPION && champion.await
    }
}

/// An error as the engine and the ledger take it: whether another attempt could help, and a reason without any value of a
/// customer's.
fn failure(error: &anyhow::Error) -> Failure {
    let mut reason = told(error);
    for hint in error::hints(error) {
        reason = format!("{reason}; {hint}");
    }
    if error::is_outage(error) {
        Failure::Unavailable(reason)
    } else if error::may_pass(error) {
        Failure::Failed(reason)
    } else {
        Failure::Refused(reason)
    }
}

fn told(error: &anyhow::Error) -> String {
    use winback_table::Error as Table;
    let mut parts: Vec<String> = Vec::new();
    for cause in error::causes(error) {
        let part = match cause.downcast_ref::<Table>() {
            // Its words show the first of the rows.
            Some(Table::TooManyRejects { rejected, read, limit_percent, .. }) => {
                format!("{rejected} of {read} rows were rejected, more than the limit of {limit_percent} %")
            }
            // What Arrow says may show a value.
            Some(error @ (Table::Arrow(_) | Table::Parquet { .. })) => {
                parts.push(error.to_string());
                break;
            }
            _ => cause.to_string(),
        };
        parts.push(part);
    }
    error::each_once(parts).join(": ")
}
