//! Who runs the components: a worker of the engine whose steps are the code of this program, each on a thread of its own.

use std::sync::Arc;

use winback_flow::{
    Artifact, Bodies, Clock, Failure, Object, Options, Pipeline, Place, Request, RunId, Task, Value, Values,
    Watch, Worker,
};

use crate::components;
use crate::config::Settings;
use crate::desk::Desk;
use crate::error::{self, Result, ResultExt as _, UserError};
use crate::pipelines::{self, CHAMPION};
use crate::printer::Printer;
use crate::wire::Bucket;

/// Where weekly files appear.
pub(crate) const WEEKLY_FOLDER: &str = "weekly_folder";
/// Where what became of customers appears.
pub(crate) const OUTCOMES_FOLDER: &str = "outcomes_folder";

/// The folders whose files start runs, and of which pipeline.
pub(crate) const WATCHED: [(&str, &str); 2] = [(WEEKLY_FOLDER, "weekly"), (OUTCOMES_FOLDER, "measure")];

/// The code of the components, at a desk.
pub(crate) struct Work {
    desk: Arc<Desk>,
}

/// A worker on a bucket's runs.
pub(crate) struct Shop {
    pub(crate) bucket: Bucket,
    pub(crate) worker: Worker<Work>,
}

impl Shop {
    pub(crate) fn open(settings: &Settings, printer: Printer) -> Result<Self> {
        let bucket = Bucket::open(settings)?;
        let desk = Arc::new(Desk::new(settings.clone(), bucket.clone(), printer)?);
        let components = components::components(settings);
        let options = Options { lease: settings.pipelines.lease, ..Options::fresh()? };
        let worker = Worker::new(bucket.store.clone(), Clock::system(), components, Work { desk }, options)?;
        Ok(Self { bucket, worker })
    }

    /// Asks for a run of a pipeline that a person starts; what it is about is told by its inputs alone.
    pub(crate) fn submit(&self, pipeline: Pipeline, inputs: Values, forced: bool) -> Result<RunId> {
        let nonce = winback_flow::draw_nonce()?;
        let id = RunId::of(&pipeline.name, &nonce, 1);
        let (cause, subject) = ("by hand".to_owned(), String::new());
        let request = Request { id: id.clone(), pipeline, inputs, subject, cause, object: None, forced };
        self.bucket.wait(self.worker.runs().submit(request))?;
        Ok(id)
    }

    /// Asks for the run of a file in a watched folder: the same name and bytes are the same run, unless `forced`.
    /// Answers the run, and whether it is new.
    pub(crate) fn submit_file(
        &self,
        entry: &winback_flow::Entry,
        cause: &str,
        forced: bool,
    ) -> Result<(RunId, bool)> {
        let folder = WATCHED.iter().find(|(folder, _)| entry.path.starts_with(&format!("{folder}/")));
        let Some((folder, pipeline)) = folder else {
            let message = format!("`{}` is in no folder that is watched", entry.path);
            return Err(UserError::new(message)).hint(format!("put weekly files into `{WEEKLY_FOLDER}`"));
        };
        let pipeline = pipelines::find(pipeline).expect("the pipelines above are there");
        let name = Watch::new(self.bucket.store.clone(), folder).name_of(&entry.path).to_owned();
        let digest = self.bucket.wait(self.bucket.store.digest(entry))?;
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
        for round in 1.. {
            let request = Request {
                id: RunId::of(&pipeline.name, &format!("{name}\n{digest}"), round),
                pipeline: pipeline.clone(),
                inputs: inputs.clone(),
                subject: name.clone(),
                cause: cause.to_owned(),
                object: Some(object.clone()),
                forced,
            };
            let id = request.id.clone();
            let is_new = self.bucket.wait(self.worker.runs().submit(request))?;
            if is_new || !forced {
                return Ok((id, is_new));
            }
        }
        unreachable!("some round is new")
    }
}

impl Bodies for Work {
    async fn attempt(&self, task: Task) -> Result<Values, Failure> {
        let desk = Arc::clone(&self.desk);
        let Some(code) = components::code(&desk.settings, &task.component) else {
            return Err(Failure::Failed(format!("this program has no component `{}`", task.component)));
        };
        let ended = tokio::task::spawn_blocking(move || code(&desk, &task)).await;
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
    if error::is_users(error) && !error::is_of_store(error) {
        Failure::Refused(reason)
    } else {
        Failure::Failed(reason)
    }
}

fn told(error: &anyhow::Error) -> String {
    use winback_table::Error as Table;
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
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
        if !parts.last().is_some_and(|above| above.contains(&part)) {
            parts.push(part);
        }
    }
    parts.join(": ")
}
