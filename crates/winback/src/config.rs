//! The settings: what a person wrote, resolved once into what the program uses.
//!
//! Three sources, the later wins: the file `winback.toml` (read by `file`), the environment, the flags. They meet in
//! [`Settings::resolve`]; nothing after it meets an option that means "default". This is also the only file that looks
//! at the environment. What the settings make of the columns of a history is left to `schema`.

mod file;
mod parts;
mod service;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use winback_kernels::Cpu;
use winback_table::csv::Encoding;
use winback_table::input::Limits;
use winback_table::{Dates, Kind, Numbers, Schema, Trend, Wording};

use self::file::{ColumnPart, ConfigFile, DataPart, Scalar, TrainPart};
pub(crate) use self::service::Timed;
use self::service::{PipelineSettings, ServeSettings};
pub(crate) use self::values::{
    Backlog, Effort, Horizon, Learner, Size, Span, Verifier, VersionName, delimiter, encoding,
};
use crate::error::{Result, ResultExt as _, UserError};

/// Where the settings file is if nobody says otherwise.
const DEFAULT_FILE: &str = "winback.toml";

/// Where everything durable lives if nobody says otherwise.
pub(crate) const DEFAULT_ROOT: &str = "file:./bank";

/// Days between a row's moment and the day its outcome is known, where nobody says.
pub(crate) const DEFAULT_HORIZON_DAYS: u32 = 90;

/// The settings, complete and valid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// The file they come from, for messages; it need not exist.
    pub(crate) file: PathBuf,
    /// The root URL; a `file:` one is absolute.
    pub(crate) root: String,
    /// What else the bucket's client is to know; nothing secret.
    pub(crate) store: BTreeMap<String, String>,
    /// Where the history is and what its columns are for.
    pub(crate) data: DataSettings,
    /// What is said of single columns, by name.
    pub(crate) columns: BTreeMap<String, ColumnSettings>,
    /// How a model is trained.
    pub(crate) train: TrainSettings,
    /// How pipelines are run.
    pub(crate) pipelines: PipelineSettings,
    /// How the server serves.
    pub(crate) serve: ServeSettings,
}

/// Where the history is and what its columns are for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataSettings {
    pub(crate) history: History,
    /// The column that names the customer, if the history has one.
    pub(crate) key: Option<String>,
    /// The outcome, if the file names one; nothing can be trained without.
    pub(crate) label: Option<Label>,
    /// The column with the moment each row describes, if the history has one.
    pub(crate) time: Option<String>,
    /// The column that says how much each row counts, if the history has one.
    pub(crate) weight: Option<String>,
    /// How long after that moment the label looks.
    pub(crate) horizon: Horizon,
    /// Spellings of "no value".
    pub(crate) missing: Vec<String>,
    pub(crate) exclude: Vec<String>,
    pub(crate) protected: Vec<String>,
    /// The byte between two fields; told from each file if not given.
    pub(crate) delimiter: Option<u8>,
    /// The encoding of the text; told from each file if not given.
    pub(crate) encoding: Option<Encoding>,
    /// The share of rows, from 0 to 1, that may be rejected before a file is refused as a whole.
    pub(crate) reject_limit: f64,
    /// How far packed files may swell.
    pub(crate) limits: Limits,
}

/// Where the labelled customers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum History {
    /// Everything in `input_folder/` of the root.
    InputFolder,
    /// These files; relative ones are seen from the folder of the settings file.
    Files(Vec<PathBuf>),
}

/// The outcome to learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) column: String,
    /// The value that means "left".
    pub(crate) positive: String,
}

/// What is said of one column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnSettings {
    /// Its kind, where the one told from the values is wrong.
    pub(crate) kind: Option<Kind>,
    /// How its numbers are spelled, where that cannot be told from the values.
    pub(crate) numbers: Option<Numbers>,
    /// The sign beside its numbers.
    pub(crate) unit: Option<String>,
    /// In which order its dates are spelled.
    pub(crate) dates: Option<Dates>,
    /// Spellings of "no value" in it alone.
    pub(crate) missing: Vec<String>,
    /// What the risk may do as its values rise, if it is not free.
    pub(crate) monotone: Option<Trend>,
    pub(crate) wording: Wording,
}

impl ColumnSettings {
    /// Its kind, as far as the settings tell: who says how numbers are spelled means numbers.
    pub(crate) fn told_kind(&self) -> Option<Kind> {
        let number = (self.numbers.is_some() || self.unit.is_some()).then_some(Kind::Number);
        self.kind.or(number).or(self.dates.map(|_| Kind::Time))
    }
}

/// How a model is trained.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrainSettings {
    /// The name of the model.
    pub(crate) name: String,
    pub(crate) learner: Learner,
    pub(crate) effort: Effort,
    pub(crate) seed: u64,
    /// Whether protected columns are learnt from.
    pub(crate) learn_protected: bool,
    /// At least this many times the training base rate is a high risk.
    pub(crate) risk_high: f64,
    /// At least this many times the training base rate is a medium risk.
    pub(crate) risk_medium: f64,
}

/// What flags say over the file and the environment; what a command has no flag for stays `None`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overrides {
    pub(crate) root: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) learner: Option<Learner>,
    pub(crate) effort: Option<Effort>,
    pub(crate) seed: Option<u64>,
    pub(crate) listen: Option<String>,
    pub(crate) metrics: Option<String>,
}

/// Where the settings file is, and whether somebody said so.
#[derive(Debug, Clone)]
pub(crate) struct ConfigPlace {
    pub(crate) path: PathBuf,
    /// A file that was named must exist; the default one may be missing.
    named: bool,
}

/// What the environment says, unread by anything else. Empty variables count as not set. Unknown `WINBACK_` variables
/// are no error: Kubernetes makes some of its own for a service called `winback`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// Whether colours are allowed.
    pub(crate) colour: bool,
    variables: BTreeMap<&'static str, OsString>,
}

impl Environment {
    const CONFIG: &str = "WINBACK_CONFIG";
    const ROOT: &str = "WINBACK_ROOT";
    const THREADS: &str = "WINBACK_THREADS";
    const CPU: &str = "WINBACK_CPU";
    const NAME: &str = "WINBACK_TRAIN_NAME";
    const LEARNER: &str = "WINBACK_TRAIN_LEARNER";
    const EFFORT: &str = "WINBACK_TRAIN_EFFORT";
    const SEED: &str = "WINBACK_TRAIN_SEED";
    const LISTEN: &str = "WINBACK_LISTEN";
    const METRICS: &str = "WINBACK_METRICS";
    const NO_COLOUR: &str = "NO_COLOR";
    const USERS: [&str; 2] = ["USER", "USERNAME"];

    /// Reads the environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the one file that reads the environment")]
    pub(crate) fn read() -> Self {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &&'static str| Some((*name, lookup(name).filter(|value| !value.is_empty())?));
        let known = [Self::CONFIG, Self::ROOT, Self::THREADS, Self::CPU, Self::LISTEN, Self::METRICS];
        let train = [Self::NAME, Self::LEARNER, Self::EFFORT, Self::SEED];
        let known = known.iter().chain(&train).chain(&Self::USERS);
        let colour = set(&Self::NO_COLOUR).is_none();
        Self { colour, variables: known.filter_map(set).collect() }
    }

    /// How many threads are wanted: by the flag, else by the environment.
    pub(crate) fn threads(&self, flag: Option<NonZeroUsize>) -> Result<Option<NonZeroUsize>> {
        if flag.is_some() { Ok(flag) } else { self.parsed(Self::THREADS, "a number above 0") }
    }

    /// The variant of the inner loops that is wanted, if one is.
    pub(crate) fn cpu(&self) -> Result<Option<Cpu>> {
        let named = |name: String| Cpu::named(name.trim()).users(format!("`{}` cannot be obeyed", Self::CPU));
        self.text(Self::CPU).map(named).transpose()
    }

    /// Where the settings file is: by the flag, else by the environment, else in the current folder.
    pub(crate) fn config(&self, flag: Option<PathBuf>) -> ConfigPlace {
        let said = flag.or_else(|| self.variables.get(Self::CONFIG).map(PathBuf::from));
        let named = said.is_some();
        ConfigPlace { path: said.unwrap_or_else(|| DEFAULT_FILE.into()), named }
    }

    /// The same without what it says of settings: only the settings file counts.
    pub(crate) fn without_settings(&self) -> Self {
        let user = |(name, _): &(&&str, &OsString)| Self::USERS.contains(name);
        let variables = self.variables.iter().filter(user).map(|(name, value)| (*name, value.clone()));
        Self { colour: self.colour, variables: variables.collect() }
    }

    /// Who runs the program, for records of what a person decided; nobody where the system does not say.
    pub(crate) fn user(&self) -> Option<String> {
        Self::USERS.iter().find_map(|name| self.text(name)).filter(|name| !name.trim().is_empty())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>> {
        let parse = |text: String| {
            text.trim().parse().map_err(|_| UserError::new(format!("`{name}` is `{text}`, not {expected}")))
        };
        Ok(self.text(name).map(parse).transpose()?)
    }
}

impl Settings {
    /// Reads the settings file and joins it with the environment and the flags.
    pub(crate) fn load(place: &ConfigPlace, environment: &Environment, flags: Overrides) -> Result<Self> {
        let shown = place.path.display();
        let text = match std::fs::read_to_string(&place.path) {
            // Without a file a model can still be used, so its absence alone is no error.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !place.named => String::new(),
            read => read
                .users(format!("cannot read the settings in `{shown}`"))
                .hint(format!("`winback init HISTORY --config {shown}` writes them"))?,
        };
        Self::resolve(ConfigFile::parse(&text, &place.path)?, &place.path, environment, flags)
    }

    /// Reads the text of a settings file as if it lay at `path`, with nothing said elsewhere.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self> {
        Self::resolve(ConfigFile::parse(text, path)?, path, &Environment::default(), Overrides::default())
    }

    fn resolve(raw: ConfigFile, path: &Path, environment: &Environment, flags: Overrides) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        // What is said in the file is seen from its folder, what is said elsewhere from the current one.
        let said_now = flags.root.clone().or_else(|| environment.text(Environment::ROOT));
        let root = match (&said_now, &raw.root) {
            (Some(root), _) => rooted(root, Path::new(""))?,
            (None, Some(root)) => rooted(root, folder)?,
            (None, None) => rooted(DEFAULT_ROOT, folder)?,
        };
        let listen = flags.listen.clone().or_else(|| environment.text(Environment::LISTEN));
        let metrics = flags.metrics.clone().or_else(|| environment.text(Environment::METRICS));
        let place = |error: UserError| anyhow::Error::new(error).context(in_file(path));
        Ok(Self {
            file: path.to_owned(),
            root: root.clone(),
            store: raw.store.into_iter().map(|(name, Scalar(text))| (name, text)).collect(),
            data: DataSettings::resolve(raw.data, folder).map_err(place)?,
            columns: raw.columns.into_iter().map(|(name, part)| (name, part.into())).collect(),
            train: TrainSettings::resolve(raw.train, environment, flags)?,
            pipelines: PipelineSettings::resolve(raw.pipelines, &root)
                .map_err(|error| error.context(in_file(path)))?,
            serve: ServeSettings::resolve(raw.serve, (listen, metrics), &|error| {
                error.context(in_file(path))
            })?,
        })
    }
}

impl DataSettings {
    fn resolve(raw: DataPart, folder: &Path) -> Result<Self, UserError> {
        let files = |names: Vec<String>| names.iter().map(|name| folder.join(name)).collect();
        let label = raw.label.map(|label| Label { column: label.column, positive: label.positive.0 });
        let reject_limit = raw.reject_limit.unwrap_or(0.01);
        if !(0.0..=1.0).contains(&reject_limit) {
            return Err(UserError::new(format!("`reject_limit` is {reject_limit}, not a share from 0 to 1")));
        }
        let usual = Limits::default();
        let unpacked = raw.unpacked_limit.map(|text| text.0.parse::<Size>()).transpose()?;
        let limits = Limits {
            unpacked_bytes: unpacked.map_or(usual.unpacked_bytes, |size| size.bytes),
            ratio: raw.unpacked_ratio_limit.unwrap_or(usual.ratio),
        };
        Ok(Self {
            history: raw.history.map_or(History::InputFolder, |names| History::Files(files(names))),
            key: raw.key,
            label,
            time: raw.time,
            weight: raw.weight,
            horizon: raw.horizon.map_or(Ok(Horizon { days: DEFAULT_HORIZON_DAYS }), |text| text.0.parse())?,
            missing: raw.missing.unwrap_or_else(|| Schema::MISSING.map(str::to_owned).to_vec()),
            exclude: raw.exclude,
            protected: raw.protected,
            delimiter: raw.delimiter.as_deref().map(delimiter).transpose()?,
            encoding: raw.encoding.as_deref().map(encoding).transpose()?,
            reject_limit,
            limits,
        })
    }
}

impl From<ColumnPart> for ColumnSettings {
    fn from(part: ColumnPart) -> Self {
        let ColumnPart { name, kind, numbers, unit, dates, missing, monotone, reason } = part;
        let spelling = |Scalar(text)| text;
        let own_missing = missing.into_iter().map(spelling).collect();
        let file::ReasonPart { low, high, level, missing } = reason;
        let wording = Wording { name, low, high, level, missing };
        Self { kind, numbers, unit, dates, missing: own_missing, monotone, wording }
    }
}

impl TrainSettings {
    fn resolve(raw: TrainPart, environment: &Environment, flags: Overrides) -> Result<Self> {
        let name = flags.name.or_else(|| environment.text(Environment::NAME)).or(raw.name);
        let learner = environment.parsed(Environment::LEARNER, "auto, trees or linear")?;
        let effort = environment.parsed(Environment::EFFORT, "quick, normal or thorough")?;
        let seed = environment.parsed(Environment::SEED, "a whole number from 0")?;
        let settings = Self {
            name: name.unwrap_or_else(|| "churn".to_owned()),
            learner: flags.learner.or(learner).or(raw.learner).unwrap_or(Learner::Auto),
            effort: flags.effort.or(effort).or(raw.effort).unwrap_or(Effort::Normal),
            seed: flags.seed.or(seed).or(raw.seed).unwrap_or(1),
            learn_protected: raw.learn_protected.unwrap_or(false),
            risk_high: raw.risk_high.unwrap_or(3.0),
            risk_medium: raw.risk_medium.unwrap_or(1.0),
        };
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), UserError> {
        // The name becomes part of paths in every kind of bucket.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if self.name.is_empty() || !self.name.bytes().all(plain) {
            let message = format!("the model's name is `{}`; use letters, digits, `-` and `_`", self.name);
            return Err(UserError::new(message));
        }
        let Self { risk_high, risk_medium, .. } = self;
        if !(0.0 < *risk_medium && risk_medium <= risk_high && risk_high.is_finite()) {
            let message = format!(
                "`risk_medium` is {risk_medium} and `risk_high` is {risk_high}; the first must be above 0 and \
                 not above the second"
            );
            return Err(UserError::new(message));
        }
        Ok(())
    }
}

fn in_file(path: &Path) -> UserError {
    UserError::new(format!("cannot use the settings in `{}`", path.display()))
}

/// A root URL as it is used: a local folder becomes absolute, so that it no longer matters who said it.
fn rooted(root: &str, base: &Path) -> Result<String> {
    match root.strip_prefix("file:") {
        Some(rest) if !rest.is_empty() && !rest.starts_with("//") => {
            let folder =
                std::path::absolute(base.join(rest)).users(format!("cannot use the root `{root}`"))?;
            Ok(format!("file:{}", folder.display()))
        }
        _ => Ok(root.to_owned()),
    }
}
