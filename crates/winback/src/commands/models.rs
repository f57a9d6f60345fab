//! `winback models`: what is registered, what became of it, and promotion by a person.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use winback_flow::{Alias, ModelVersion};

use super::Context;
use crate::config::{Overrides, VersionName};
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::Align;
use crate::wire::Bucket;

/// What `winback models` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The name of the model [default: churn]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What can be done with models.
#[derive(Debug, Subcommand)]
enum Verb {
    /// List the versions (what `winback models` does alone)
    List,
    /// Show one version: its card, what became of it
    Show {
        /// The version, `3` or `churn/3` [default: the champion]
        version: Option<VersionName>,
    },
    /// Make a version champion by hand; a closed gate is overridden with your name and reason
    Promote {
        /// The version, `3` or `churn/3`
        version: VersionName,
        /// Why; the ledger keeps it
        #[arg(long, value_name = "REASON")]
        reason: String,
        /// Who decides; the ledger keeps it [default: the user's name, where the system tells it as USER or USERNAME]
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Make it the challenger instead: it scores beside the champion, and its scores are only compared
        #[arg(long)]
        challenger: bool,
    },
    /// Make the champion before this one champion again
    Rollback {
        /// Why; the ledger keeps it
        #[arg(long, value_name = "REASON")]
        reason: String,
        /// Who decides; the ledger keeps it [default: the user's name, where the system tells it as USER or USERNAME]
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

pub(crate) fn run(context: &Context, arguments: Arguments) -> Result<()> {
    let settings = context.settings(Overrides { name: arguments.name, ..Overrides::default() })?;
    let bucket = Bucket::open(&settings)?;
    let name = settings.train.name.clone();
    let named = |version: VersionName| (version.model.unwrap_or_else(|| name.clone()), version.number);
    match arguments.verb.unwrap_or(Verb::List) {
        Verb::List => list(context, &bucket, &name),
        Verb::Show { version: Some(version) } => {
            let (name, number) = named(version);
            let version = bucket.wait(bucket.registry.version(&name, number))?;
            show(context, &bucket, &version)
        }
        Verb::Show { version: None } => show(context, &bucket, &bucket.champion(&settings)?),
        Verb::Promote { version, reason, by, challenger } => {
            let (name, number) = named(version);
            let alias = if challenger { Alias::Challenger } else { Alias::Champion };
            promote(context, &bucket, (&name, number), alias, &who(context, by)?, &reason)
        }
        Verb::Rollback { reason, by } => {
            let by = who(context, by)?;
            let number = before(&bucket, &name)?;
            promote(context, &bucket, (&name, number), Alias::Champion, &by, &reason)
        }
    }
}

/// Who decides.
fn who(context: &Context, by: Option<String>) -> Result<String> {
    let nameless = || UserError::new("a promotion by hand needs the name of who decides");
    by.or_else(|| context.environment.user()).ok_or_else(nameless).hint("say it with --by")
}

/// The version that was champion before the one that is.
fn before(bucket: &Bucket, name: &str) -> Result<u64> {
    let succession = bucket.wait(bucket.registry.succession(name, Alias::Champion))?;
    // Who goes back takes back all promotions since: the next way back leads further.
    let mut standing: Vec<u64> = Vec::new();
    for version in succession {
        match standing.iter().position(|earlier| *earlier == version) {
            Some(place) => standing.truncate(place + 1),
            None => standing.push(version),
        }
    }
    let earlier = standing.len().checked_sub(2).map(|place| standing[place]);
    let none = || UserError::new(format!("`{name}` had no other champion before"));
    earlier
        .ok_or_else(none)
        .hint("`winback models` lists the versions; `winback models promote` takes any of them")
}

fn figure(version: &ModelVersion, path: &[&str]) -> String {
    let value = path.iter().fold(&version.details.metrics, |value, part| &value[*part]);
    value.as_f64().map_or_else(String::new, |value| format!("{value:.4}"))
}

fn aliases(version: &ModelVersion) -> Vec<&'static str> {
    let names = version.aliases.iter().map(|alias| match alias {
        Alias::Champion => "champion",
        Alias::Challenger => "challenger",
    });
    names.collect()
}

fn described(version: &ModelVersion) -> Value {
    json!({
        "model": version.model,
        "version": version.version,
        "aliases": aliases(version),
        "registered_at": version.registered_at,
        "registered_by": version.details.by,
        "digest": version.digest,
        "package": version.package,
        "label": version.details.label,
        "schema": version.details.schema,
        "history": version.details.history,
        "metrics": version.details.metrics,
        "findings": version.details.findings,
        "refusals": version.refusals.iter().map(|refusal| json!({
            "at": refusal.at,
            "gates": refusal.gates.iter().map(|gate| json!({ "gate": gate.gate, "reason": gate.reason })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "promotions": version.promotions.iter().map(|promotion| json!({
            "at": promotion.at, "by": promotion.by, "reason": promotion.reason, "overridden": promotion.overridden,
        })).collect::<Vec<_>>(),
    })
}

fn list(context: &Context, bucket: &Bucket, name: &str) -> Result<()> {
    let versions = bucket.wait(bucket.registry.versions(name))?;
    context.printer.json(&Value::Array(versions.iter().map(described).collect()))?;
    if versions.is_empty() {
        context.printer.say(&format!("no version of `{name}` is registered yet; `winback train` makes one"));
        return Ok(());
    }
    let columns = [
        ("version", Align::Right),
        ("", Align::Left),
        ("learner", Align::Left),
        ("ROC AUC", Align::Right),
        ("log loss", Align::Right),
        ("registered", Align::Left),
    ];
    let rows = versions.iter().map(|version| {
        let refused = (version.aliases.is_empty() && !version.refusals.is_empty()).then_some("refused");
        vec![
            version.version.to_string(),
            aliases(version).into_iter().chain(refused).collect::<Vec<_>>().join(", "),
            version.details.metrics["learner"].as_str().unwrap_or("").to_owned(),
            figure(version, &["roc_auc", "value"]),
            figure(version, &["log_loss", "value"]),
            version.registered_at.clone(),
        ]
    });
    context.printer.table(&columns, rows.collect())
}

fn show(context: &Context, bucket: &Bucket, version: &ModelVersion) -> Result<()> {
    let printer = &context.printer;
    printer.json(&described(version))?;
    let package = bucket.package(version)?;
    let names = aliases(version);
    let names = if names.is_empty() { String::new() } else { format!(", {}", names.join(", ")) };
    printer.data(&format!("{}/{}{names}", version.model, version.version))?;
    let (at, by) = (&version.registered_at, &version.details.by);
    printer.data(&format!("registered {at} by {by}, digest {}", version.digest))?;
    for refusal in &version.refusals {
        for gate in &refusal.gates {
            printer.data(&format!("{}: gate `{}` stood closed: {}", refusal.at, gate.gate, gate.reason))?;
        }
    }
    for promotion in &version.promotions {
        printer.data(&format!("{}: promoted by {}: {}", promotion.at, promotion.by, promotion.reason))?;
    }
    printer.data(&format!("\n{}", package.card.trim_end()))
}

fn promote(
    context: &Context,
    bucket: &Bucket,
    (name, number): (&str, u64),
    alias: Alias,
    by: &str,
    reason: &str,
) -> Result<()> {
    if reason.trim().is_empty() {
        return Err(UserError::new("a promotion by hand needs a reason")).hint("say why with --reason");
    }
    let version = bucket.wait(bucket.registry.version(name, number))?;
    // The package must be whole before it serves anybody.
    bucket.package(&version)?;
    let refused = version.refusals.last().filter(|_| alias == Alias::Champion);
    let overridden: Vec<String> = refused
        .map(|refusal| refusal.gates.iter().map(|gate| gate.gate.clone()).collect())
        .unwrap_or_default();
    if version.aliases.contains(&alias) {
        context.printer.json(&described(&version))?;
        return context.printer.data(&format!("`{name}/{number}` is {alias} already; nothing was recorded"));
    }
    let promotion = bucket.registry.promote(name, number, alias, by, reason, &overridden);
    let version = bucket.wait(promotion)?;
    context.printer.json(&described(&version))?;
    let over =
        if overridden.is_empty() { String::new() } else { format!(", over: {}", overridden.join(", ")) };
    context.printer.data(&format!("`{name}/{number}` is {alias} now{over}"))
}
