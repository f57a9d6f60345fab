//! From the settings and a history to a package: ingest, learn, look at what was found, write the card.

use std::sync::Arc;

use winback_flow::Artifact;
use winback_learn::package::Package;
use winback_learn::procedure::{self, OutOfFold, Trained};
use winback_learn::{Error as LearnError, Watch};
use winback_retain::card::card;
use winback_retain::findings::{self, Finding};
use winback_retain::{Error as RetainError, leaks};
use winback_table::input::Input;
use winback_table::profile::profile_with;
use winback_table::reader::{Options, Repeats, Tally};
use winback_table::{Error as TableError, Field, Oddity, OddityKind, Role, Schema};

use super::ingest::History;
use crate::config::{Effort, Learner, Settings};
use crate::desk::Desk;
use crate::error::{Result, ResultExt as _};

/// What training made.
pub(crate) struct Made {
    pub(crate) package: Package,
    pub(crate) findings: Vec<Finding>,
    pub(crate) out_of_fold: Vec<OutOfFold>,
    pub(crate) identities: Vec<u64>,
    /// For each out-of-fold row what is drawn together with it.
    pub(crate) groups: Vec<u64>,
    pub(crate) tally: Tally,
    /// What is odd about the history's files, without any value.
    pub(crate) oddities: Vec<Oddity>,
}

/// How CSV files are read under the settings.
pub(crate) fn options(settings: &Settings, repeats: Repeats) -> Options {
    Options { delimiter: settings.data.delimiter, encoding: settings.data.encoding, repeats }
}

/// The history under the schema that settings and values make together.
pub(crate) fn ingest(
    settings: &Settings,
    inputs: &[Arc<dyn Input>],
    watch: &mut dyn FnMut(u64),
) -> Result<History> {
    let options = options(settings, Repeats::Kept);
    let own = settings.columns.iter().map(|(name, column)| (name.clone(), column.missing.clone()));
    let table = profile_with(inputs, options, &settings.data.missing, &own.collect(), watch)?;
    let schema = settings.schema(&table)?.schema;
    let oddities = table.oddities.iter().filter(|oddity| is_news(settings, oddity));
    let oddities = oddities.map(Oddity::without_values).collect();
    Ok(History::new(inputs.to_vec(), &schema, options, settings.data.reject_limit, oddities))
}

/// Whether the settings leave an oddity open: not what is in a column that they exclude, nor how one is written that
/// they speak of. What is odd about the values of a key would show a customer's.
fn is_news(settings: &Settings, oddity: &Oddity) -> bool {
    let Some(column) = &oddity.column else { return true };
    let is_key = settings.data.key.as_ref() == Some(column) && !oddity.is_about_names();
    if is_key || settings.data.exclude.contains(column) {
        return false;
    }
    let is_told = settings.columns.get(column).is_some_and(|said| said.told_kind().is_some());
    let is_of_writing = matches!(
        oddity.kind,
        OddityKind::Notation(_)
            | OddityKind::SeveralDates
            | OddityKind::MixedNumbers
            | OddityKind::AmbiguousNumbers
            | OddityKind::MixedUnits
            | OddityKind::MixedDates
            | OddityKind::AmbiguousDates
            | OddityKind::NotNumbers { are_few: false }
    );
    !(is_told && is_of_writing)
}

/// Learns from a history, after a look at what is wrong with it.
pub(crate) fn train(settings: &Settings, history: &History, watch: Watch<'_>) -> Result<Made> {
    // What is wrong with the history is looked for first: it costs little, and says what a failure to learn cannot.
    let findings = examine(settings, history)?;
    learn(settings, history, findings, watch)
}

/// What the leak guard finds in a history.
pub(crate) fn examine(settings: &Settings, history: &History) -> Result<Vec<Finding>> {
    let known = leaks::Known { horizon: horizon(settings), whole: None };
    let examined = leaks::examine(history, &is_learnt(settings), known).map_err(|error| match error {
        RetainError::Learn(error) => cannot_learn(error),
        error => error.into(),
    })?;
    Ok(examined.findings)
}

/// Learns from a history of which it is known what is wrong with it.
pub(crate) fn learn(
    settings: &Settings,
    history: &History,
    mut findings: Vec<Finding>,
    watch: Watch<'_>,
) -> Result<Made> {
    use winback_table::Source as _;
    let train = &settings.train;
    let how = procedure::Settings {
        learner: match train.learner {
            Learner::Auto => procedure::Learner::Auto,
            Learner::Trees => procedure::Learner::Trees,
            Learner::Linear => procedure::Learner::Linear,
        },
        effort: match train.effort {
            Effort::Quick => procedure::Effort::Quick,
            Effort::Normal => procedure::Effort::Normal,
            Effort::Thorough => procedure::Effort::Thorough,
        },
        seed: train.seed,
        horizon: horizon(settings),
        bands: [train.risk_high, train.risk_medium],
    };
    let trained = procedure::train(history, &is_learnt(settings), how, watch).map_err(cannot_learn)?;
    let schema = history.schema().clone();
    findings.extend(findings::protected(&schema, &trained.importance));
    findings.sort_by_key(|finding| finding.severity);
    let card = card(&schema, &trained.report, &trained.importance, &findings);
    let package = Package {
        model: trained.model,
        schema,
        report: trained.report,
        profile: trained.profile,
        importance: trained.importance,
        card,
        page: None,
    };
    let Trained { out_of_fold, identities, groups, .. } = trained;
    let (tally, oddities) = (history.tally(), history.oddities());
    Ok(Made { package, findings, out_of_fold, identities, groups, tally, oddities })
}

/// Seconds between a row's moment and the day its outcome is known.
fn horizon(settings: &Settings) -> i64 {
    i64::from(settings.data.horizon.days) * 86_400
}

/// Which columns are learnt from.
fn is_learnt(settings: &Settings) -> impl Fn(&Field) -> bool {
    let learn_protected = settings.train.learn_protected;
    move |field| field.role == Role::Feature || (field.role == Role::Protected && learn_protected)
}

/// A history of files that a step is given, under the schema that another step has told.
pub(crate) fn reopen(desk: &Desk, files: &[&Artifact], schema: &Artifact) -> Result<History> {
    history(desk, files, &Schema::from_json(&desk.read(schema)?)?)
}

/// A history of files that a step is given, under a schema.
pub(crate) fn history(desk: &Desk, files: &[&Artifact], schema: &Schema) -> Result<History> {
    let paths = files.iter().map(|file| desk.bring(file)).collect::<Result<Vec<_>>>()?;
    let inputs = paths.iter().map(|path| desk.input(path)).collect();
    let (options, limit) = (options(&desk.settings, Repeats::Kept), desk.settings.data.reject_limit);
    Ok(History::new(inputs, schema, options, limit, Vec::new()))
}

/// A history that cannot be read or learnt from, with what helps.
fn cannot_learn(error: LearnError) -> anyhow::Error {
    const REJECTS: &str = "mend them, or let more rows be rejected with `reject_limit` under `[data]`";
    let told: Result<()> = match error {
        LearnError::Table(error @ TableError::TooManyRejects { .. }) => Err(error).hint(REJECTS),
        LearnError::Table(error) => Err(error.into()),
        // Somebody wanted it so; the history is not at fault.
        LearnError::Stopped => Err(LearnError::Stopped.into()),
        error => Err(error).users("the history cannot be learnt from"),
    };
    told.expect_err("every branch is an error")
}
