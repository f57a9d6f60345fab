//! What `winback init` is told, and what it means.

use std::path::{Path, PathBuf};

use clap::Args;
use winback_table::Schema;
use winback_table::infer::Hints;
use winback_table::input::Limits;
use winback_table::reader::{Options, Repeats};

use crate::config::{Size, delimiter, encoding};
use crate::error::Result;

/// What `winback init` is told.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: winback init customers.csv --key CustomerId --label Exited --positive 1 --protected Gender"
)]
pub(crate) struct Arguments {
    /// The labelled customers: CSV (also gzip, zstd) or Parquet; files with the same columns, or a pattern in quotes
    #[arg(required = true, value_name = "HISTORY")]
    history: Vec<PathBuf>,
    /// The column that names the customer
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// The column that says who left
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The value of the label that means "left"
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    /// The column with the moment each row describes
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// A column not to learn from; may be given again
    #[arg(long, value_name = "COLUMN")]
    exclude: Vec<String>,
    /// A protected attribute: reported on, never a reason; may be given again
    #[arg(long, value_name = "COLUMN")]
    protected: Vec<String>,
    /// A spelling of "no value", besides the empty cell; may be given again [default: ? NA N/A NaN null Unknown]
    #[arg(long, value_name = "SPELLING")]
    missing: Vec<String>,
    /// Where models, weekly files and results shall live: a folder, as file:PATH [default: the bank in whose
    /// `input_folder` HISTORY lies, else file:./bank]
    #[arg(long, value_name = "URL")]
    root: Option<String>,
    /// The character between two fields, or `tab` [default: told from the file]
    #[arg(long, value_name = "D")]
    delimiter: Option<String>,
    /// utf-8, utf-16, windows-1252 or latin-1 [default: told from the file]
    #[arg(long, value_name = "E")]
    encoding: Option<String>,
    /// How much one packed file may unpack to: `500 GB` [default: 1 TiB]
    #[arg(long, value_name = "SIZE")]
    unpacked_limit: Option<String>,
    /// How many bytes one packed byte may unpack to, from 64 MiB on [default: 1000]
    #[arg(long, value_name = "N")]
    unpacked_ratio_limit: Option<u64>,
    /// Overwrite the settings file
    #[arg(long)]
    pub(super) force: bool,
    /// Also write what was found as a page for a browser
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

impl Arguments {
    /// What the demo asks for: its bank's key, label and time, and a root in its own folder.
    pub(crate) fn for_demo(history: &Path) -> Self {
        let named = |name: &str| Some(name.to_owned());
        Self {
            history: vec![history.to_owned()],
            key: named(winback_simulate::KEY),
            label: named(winback_simulate::LABEL),
            positive: named("yes"),
            time: None,
            exclude: Vec::new(),
            protected: winback_simulate::PROTECTED.map(str::to_owned).to_vec(),
            missing: Vec::new(),
            root: None,
            delimiter: None,
            encoding: None,
            unpacked_limit: None,
            unpacked_ratio_limit: None,
            force: true,
            html: None,
        }
    }
}

/// The arguments, resolved.
#[derive(Debug)]
pub(super) struct Request {
    /// The files or patterns, as they were given.
    pub(super) history: Vec<PathBuf>,
    pub(super) hints: Hints,
    pub(super) missing: Vec<String>,
    pub(super) missing_is_given: bool,
    pub(super) root: Option<String>,
    pub(super) options: Options,
    pub(super) delimiter: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) limits: Limits,
    pub(super) unpacked_limit: Option<String>,
    pub(super) unpacked_ratio_limit: Option<u64>,
}

impl Request {
    pub(super) fn resolve(arguments: Arguments) -> Result<Self> {
        let Arguments { history, key, label, positive, time, exclude, protected, missing, .. } = arguments;
        let missing_is_given = !missing.is_empty();
        let missing = if missing_is_given {
            // Nobody means an empty cell to be a value.
            let empty = (!missing.iter().any(String::is_empty)).then(String::new);
            empty.into_iter().chain(missing).collect()
        } else {
            Schema::MISSING.map(str::to_owned).to_vec()
        };
        let options = Options {
            delimiter: arguments.delimiter.as_deref().map(delimiter).transpose()?,
            encoding: arguments.encoding.as_deref().map(encoding).transpose()?,
            repeats: Repeats::Kept,
        };
        let usual = Limits::default();
        let unpacked = arguments.unpacked_limit.as_deref().map(str::parse::<Size>).transpose()?;
        let limits = Limits {
            unpacked_bytes: unpacked.map_or(usual.unpacked_bytes, |size| size.bytes),
            ratio: arguments.unpacked_ratio_limit.unwrap_or(usual.ratio),
        };
        Ok(Self {
            history,
            hints: Hints { key, label, positive, time, exclude, protected },
            missing,
            missing_is_given,
            root: arguments.root,
            options,
            delimiter: arguments.delimiter,
            encoding: arguments.encoding,
            limits,
            unpacked_limit: arguments.unpacked_limit,
            unpacked_ratio_limit: arguments.unpacked_ratio_limit,
        })
    }
}
