//! How pipelines are run and the server serves: the settings `[pipelines]` and `[serve]`.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use winback_flow::Time;
use winback_flow::trigger::Schedule;
use winback_server::{Auth, Verify};

use super::file::{EventsPart, PipelinesPart, Scalar, ServePart};
use super::{Backlog, Span, Verifier};
use crate::error::{Result, ResultExt as _, UserError};
use crate::pipelines;

/// How long what nothing names is kept if nobody says.
const DEFAULT_KEEP: Duration = Duration::from_secs(30 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);

/// How pipelines are run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PipelineSettings {
    /// How long a step that is not heard of any more stays somebody's.
    pub(crate) lease: Duration,
    /// How often the server looks into the folders.
    pub(crate) look: Duration,
    /// What is done with older weekly files.
    pub(crate) backlog: Backlog,
    /// Whether a file whose customers differ much from those of the training is not published.
    pub(crate) drift_blocks: bool,
    /// How long what nothing names is kept.
    pub(crate) keep: Duration,
    /// Pipelines that run by the clock.
    pub(crate) schedules: Vec<Timed>,
}

/// A pipeline that runs by the clock.
#[derive(Debug, Clone)]
pub(crate) struct Timed {
    /// The five fields.
    pub(crate) cron: String,
    time_zone: String,
    pub(crate) pipeline: String,
    schedule: Schedule,
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        (&self.cron, &self.time_zone, &self.pipeline) == (&other.cron, &other.time_zone, &other.pipeline)
    }
}

/// Where the server listens, and who may send it events.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServeSettings {
    pub(crate) listen: SocketAddr,
    /// Where metrics are told to anyone who asks, if anywhere.
    pub(crate) metrics: Option<SocketAddr>,
    events: Option<EventsPart>,
}

impl PipelineSettings {
    pub(super) fn resolve(raw: PipelinesPart, root: &str) -> Result<Self> {
        let span = |name: &str, text: Option<Scalar>, usual: Duration| match text {
            Some(Scalar(text)) => {
                let span = text.parse::<Span>().users(format!("`{name}` under `[pipelines]` cannot be used"));
                span.map(|span| (span.0, text))
            }
            None => Ok((usual, String::new())),
        };
        let short = |name: &str, text: Option<Scalar>, usual: u64| {
            let (short, text) = span(name, text, Duration::from_secs(usual))?;
            if (Duration::from_secs(1)..=DAY).contains(&short) {
                return Ok(short);
            }
            let wrong = format!("`{name}` under `[pipelines]` is `{text}`, not from a second to a day");
            Err(UserError::new(wrong)).hint("write it as `60 s`, `5 min` or `1 h`")
        };
        let lease = short("lease", raw.lease, 60)?;
        // A folder of this machine costs nothing to look at, a listing of a bucket does.
        let look = short("look", raw.look, if root.starts_with("file:") { 1 } else { 30 })?;
        let schedules = raw.schedules.into_iter().map(|part| {
            let time_zone = part.time_zone.unwrap_or_else(|| "UTC".to_owned());
            let schedule = Schedule::parse(&part.cron, &time_zone);
            let schedule = schedule.users(format!("the schedule `{}` cannot be kept", part.cron))?;
            let needs_nothing =
                |pipeline: winback_flow::Pipeline| pipeline.inputs.values().all(|input| input.optional);
            if !pipelines::find(&part.pipeline).is_some_and(needs_nothing) {
                let message = format!("the pipeline `{}` cannot run by a schedule", part.pipeline);
                return Err(UserError::new(message))
                    .hint("`train` can; the others are about a file or a model");
            }
            Ok(Timed { cron: part.cron, time_zone, pipeline: part.pipeline, schedule })
        });
        let (keep, _) = span("keep", raw.keep, DEFAULT_KEEP)?;
        let (backlog, drift_blocks) =
            (raw.backlog.unwrap_or(Backlog::All), raw.drift_blocks.unwrap_or(false));
        Ok(Self { lease, look, backlog, drift_blocks, keep, schedules: schedules.collect::<Result<_>>()? })
    }
}

impl Timed {
    /// When it is due next.
    pub(crate) fn next_after(&self, time: Time) -> Option<Time> {
        let at: winback_flow::Timestamp = time.into();
        self.schedule.next_after(at).map(Time::from)
    }
}

impl ServeSettings {
    /// What was said outside the file wins: where to listen, and where to tell metrics. Errors of what the file says are
    /// given to `in_file`.
    pub(super) fn resolve(
        raw: ServePart,
        said: (Option<String>, Option<String>),
        in_file: &dyn Fn(anyhow::Error) -> anyhow::Error,
    ) -> Result<Self> {
        let parsed = |text: &str| -> Result<SocketAddr> {
            let parsed = text.parse().users(format!("`{text}` is no address to listen on"));
            parsed.hint("write it as `127.0.0.1:8080`, or `0.0.0.0:8080` for all networks")
        };
        let address = |said: Option<String>, written: Option<String>| match (said, written) {
            (Some(said), _) => parsed(&said).map(Some),
            (None, Some(written)) => parsed(&written).map(Some).map_err(in_file),
            (None, None) => Ok(None),
        };
        let listen = address(said.0, raw.listen)?;
        let listen = listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        let metrics = address(said.1, raw.metrics)?;
        if let Some(EventsPart { verify: Verifier::Jwks, audience, email, .. }) = &raw.events
            && (audience.is_none() || email.is_none())
        {
            let missing =
                UserError::new("`[serve.events]` verifies tokens and names no `audience` or no `email`");
            let missing: Result<()> =
                Err(missing).hint("write those of the subscription or trigger that sends the events");
            missing.map_err(in_file)?;
        }
        Ok(Self { listen, metrics, events: raw.events })
    }

    /// Who may send events.
    pub(crate) fn auth(&self) -> Auth {
        match &self.events {
            None => Auth::Loopback,
            Some(EventsPart { verify: Verifier::Platform, .. }) => Auth::Platform,
            Some(part) => {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let mut verify = Verify::google(text(&part.audience), text(&part.email));
                if let Some(issuers) = &part.issuers {
                    verify.issuers.clone_from(issuers);
                }
                if let Some(jwks_url) = &part.jwks_url {
                    verify.jwks_url.clone_from(jwks_url);
                }
                Auth::Tokens(verify)
            }
        }
    }
}
