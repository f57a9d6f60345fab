//! `winback clean`: what nothing names any more goes. Publications, models and the ledger stay.

use clap::Args;
use serde_json::json;
use winback_flow::{Clock, Runs, Swept, sweep};

use super::Context;
use crate::components::OURS;
use crate::config::{Overrides, Span};
use crate::error::{Result, ResultExt as _};
use crate::printer::count;
use crate::wire::Bucket;

/// What `winback clean` is told.
#[derive(Debug, Args)]
#[command(after_help = "Example: winback clean --older-than 90d --dry-run")]
pub(crate) struct Arguments {
    /// Only what nothing has named for so long [default: `keep` under `[pipelines]`, 30 d]
    #[arg(long, value_name = "SPAN")]
    older_than: Option<String>,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let settings = context.settings(Overrides::default())?;
    let keep = match &arguments.older_than {
        Some(text) => text.parse::<Span>().users("`--older-than` cannot be understood")?.0,
        None => settings.pipelines.keep,
    };
    // What a step under way has made and not told of yet is younger than its claim.
    let keep = keep.max(2 * settings.pipelines.lease);
    let bucket = Bucket::open(&settings)?;
    let runs = Runs::new(bucket.store.clone(), Clock::system())?;
    let when = (Clock::system().now(), keep);
    let swept = sweep(&bucket.store, &runs, &bucket.registry, OURS[0], when, arguments.dry_run);
    let Swept { objects, bytes } = bucket.wait(swept)?;
    context.printer.json(&json!({ "objects": objects, "bytes": bytes, "removed": !arguments.dry_run }))?;
    let went = if arguments.dry_run { "would go" } else { "are gone" };
    context.printer.data(&format!("{} objects of {} bytes {went}", count(objects), count(bytes)))
}
