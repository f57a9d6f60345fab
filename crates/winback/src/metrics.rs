//! How things stand, for `/metrics`: the runs, the model in use, and how the customers of the newest file differ from
//! those of the training. All of it is read from the ledger, so that it outlives the program and every server of a bucket
//! says the same. Columns are named, files and customers never.

mod scored;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use winback_flow::{Alias, Line, Outcome, RunId, Time};
use winback_server::{Kind, Labels, Later, Measured, Metric};

use self::scored::Scored;
use crate::pipelines;
use crate::work::{Shop, WEEKLY_FOLDER};

/// The newest files that are asked whether they were scored.
const MOST_ASKED: usize = 32;

/// Looks at a bucket.
pub(crate) struct Metrics {
    shop: Arc<Shop>,
    model: String,
    newest: Mutex<Option<Newest>>,
}

/// What was read last of the newest file.
struct Newest {
    /// The runs that were asked for it, newest file first, and when they ended: while these are the same, so is the rest.
    asked: Vec<(RunId, String)>,
    scored: Arc<Option<Scored>>,
}

impl Metrics {
    /// Looks at the bucket of `shop`, and at the model of that name.
    pub(crate) fn new(shop: Arc<Shop>, model: String) -> Self {
        Self { shop, model, newest: Mutex::default() }
    }

    async fn look(&self) -> Result<Vec<Metric>, Later> {
        let lines = self.shop.worker.runs().list().await.map_err(Later::new)?;
        let mut metrics = vec![gauge(
            "winback_build_info",
            "The program that answers",
            vec![(vec![("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)],
        )];
        metrics.extend(of_runs(&lines));
        metrics.extend(self.of_models().await.map_err(Later::new)?);
        if let Some(scored) = self.newest(&lines).await.map_err(Later::new)?.as_ref() {
            metrics.extend(scored.metrics());
        }
        Ok(metrics)
    }

    async fn of_models(&self) -> winback_flow::Result<Vec<Metric>> {
        let registry = &self.shop.bucket.registry;
        let mut versions = Vec::new();
        let mut since = Vec::new();
        for alias in [Alias::Champion, Alias::Challenger] {
            let Some(version) = registry.alias(&self.model, alias).await? else { continue };
            let alias_name = alias.to_string();
            let labels = vec![
                ("alias", alias_name.clone()),
                ("model", version.model.clone()),
                ("version", version.version.to_string()),
            ];
            versions.push((labels, 1.0));
            let promoted = version.promotions.iter().rfind(|promotion| promotion.alias == alias);
            let at = promoted.and_then(|promotion| promotion.at.parse::<Time>().ok());
            since.extend(at.map(|at| (vec![("alias", alias_name)], at.unix_seconds())));
        }
        Ok(vec![
            gauge("winback_model_info", "The versions of the model that score", versions),
            gauge("winback_model_since_timestamp_seconds", "When a version was given its alias", since),
        ])
    }

    /// The newest file that was scored, published or not; runs that have ended change no more, so each is read once.
    async fn newest(&self, lines: &[Line]) -> winback_flow::Result<Arc<Option<Scored>>> {
        let inside = format!("{WEEKLY_FOLDER}/");
        let mut ended: Vec<(&Line, &str)> = lines
            .iter()
            .filter(|line| line.object.as_ref().is_some_and(|object| object.path.starts_with(&inside)))
            .filter_map(|line| Some((line, line.ended.as_ref()?.1.as_str())))
            .collect();
        ended.sort_by_key(|(line, at)| {
            (line.object.as_ref().map(|object| (&object.modified, &object.path)), *at)
        });
        ended.reverse();
        ended.truncate(MOST_ASKED);
        let asked = ended.iter().map(|(line, at)| (line.run.clone(), (*at).to_owned())).collect();
        if let Some(known) = &*self.newest.lock().unwrap_or_else(PoisonError::into_inner)
            && known.asked == asked
        {
            return Ok(Arc::clone(&known.scored));
        }
        let mut found = None;
        for (line, _) in ended {
            found = Scored::of(line, &self.shop.worker.runs().find(&line.run).await?);
            if found.is_some() {
                break;
            }
        }
        let scored = Arc::new(found);
        let known = Newest { asked, scored: Arc::clone(&scored) };
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(scored)
    }
}

impl Measured for Metrics {
    fn metrics(&self) -> BoxFuture<'_, Result<Vec<Metric>, Later>> {
        self.look().boxed()
    }
}

fn of_runs(lines: &[Line]) -> Vec<Metric> {
    const OPEN: &str = "open";
    let outcomes = [Outcome::Succeeded, Outcome::Failed, Outcome::Refused, Outcome::Cancelled];
    let states = || [OPEN].into_iter().chain(outcomes.map(Outcome::name));
    let names = pipelines::all().into_iter().map(|pipeline| pipeline.name);
    // Each is there from the start, or the first of its kind would not be seen to rise.
    let mut counts: BTreeMap<(String, &str), usize> =
        names.flat_map(|name| states().map(move |state| ((name.clone(), state), 0))).collect();
    let mut last: BTreeMap<(String, &str), Time> = BTreeMap::new();
    let mut durations: BTreeMap<String, (Time, f64)> = BTreeMap::new();
    let mut oldest: BTreeMap<String, Time> = BTreeMap::new();
    for line in lines {
        let pipeline = || line.pipeline.clone();
        let opened: Option<Time> = line.opened.parse().ok();
        let Some((outcome, at)) = &line.ended else {
            *counts.entry((pipeline(), OPEN)).or_default() += 1;
            if let Some(opened) = opened {
                let first = oldest.entry(pipeline()).or_insert(opened);
                *first = opened.min(*first);
            }
            continue;
        };
        *counts.entry((pipeline(), outcome.name())).or_default() += 1;
        let Ok(at) = at.parse::<Time>() else { continue };
        let latest = last.entry((pipeline(), outcome.name())).or_insert(at);
        *latest = at.max(*latest);
        let took = opened.map_or(0.0, |opened| at.since(opened).as_secs_f64());
        let known = durations.entry(pipeline()).or_insert((at, took));
        if known.0 <= at {
            *known = (at, took);
        }
    }
    let of = |pipeline: String| vec![("pipeline", pipeline)];
    let and =
        |(pipeline, outcome): (String, &str), name| vec![("pipeline", pipeline), (name, outcome.to_owned())];
    vec![
        gauge(
            "winback_runs",
            "Runs in the ledger",
            counts.into_iter().map(|(key, count)| (and(key, "state"), count as f64)).collect(),
        ),
        gauge(
            "winback_run_last_end_timestamp_seconds",
            "When a run last ended so",
            last.into_iter().map(|(key, at)| (and(key, "outcome"), at.unix_seconds())).collect(),
        ),
        gauge(
            "winback_run_last_duration_seconds",
            "From the asking, or the last retry, to the end of the run that ended last",
            durations.into_iter().map(|(name, (_, took))| (of(name), took)).collect(),
        ),
        gauge(
            "winback_run_oldest_open_timestamp_seconds",
            "Since when the oldest run that is open is so: its asking, or its last retry",
            oldest.into_iter().map(|(name, at)| (of(name), at.unix_seconds())).collect(),
        ),
    ]
}

fn gauge(name: &'static str, help: &'static str, series: Vec<(Labels, f64)>) -> Metric {
    Metric { name, help, kind: Kind::Gauge, series }
}
