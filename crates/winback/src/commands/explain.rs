//! `winback explain`: one customer's score with what makes it, or the model as a whole.
//!
//! What is explained stands in `customer` and `whole`; what effects are a comparison with is settled here, once.

mod customer;
mod whole;

use std::path::PathBuf;

use arrow::array::RecordBatch;
use clap::{ArgGroup, Args};
use winback_learn::package::Package;
use winback_learn::{BackgroundRows, Error as LearnError};
use winback_retain::ComparedWith;
use winback_table::Role;
use winback_table::reader::{Repeats, TableReader};

use super::Context;
use crate::config::{Overrides, Settings};
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::count;
use crate::steps::opened::{Opened, open_model};
use crate::steps::train::options;
use crate::wire::{Bucket, expand, inputs, named};

/// What `winback explain` is told.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: winback explain --key C00001234 --in week-2026-04-06.csv",
    group(ArgGroup::new("asked").multiple(true))
)]
pub(crate) struct Arguments {
    /// The customer; without one, the model as a whole is explained
    #[arg(long, value_name = "K", group = "asked")]
    key: Option<String>,
    /// The file that has the customer, or the customers that move the model; may be given again [default: the history]
    #[arg(long = "in", value_name = "FILE", requires = "asked")]
    files: Vec<PathBuf>,
    /// Say what pairs of columns do together, apart from what each column does alone
    #[arg(long, group = "asked")]
    interactions: bool,
    /// Compare with the customers of this file, all of them; may be given again [default: the training distribution]
    #[arg(long, value_name = "FILE", group = "asked")]
    background: Vec<PathBuf>,
    /// The model: a version (`3`, `churn/3`) or the folder of a package [default: the champion]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
}

/// Columns and pairs drawn; the rest are summed.
const DRAWN: usize = 15;
/// Blocks of the longest bar.
const BAR: usize = 24;
/// What stands between the columns of a pair.
const TOGETHER: &str = " × ";

/// A model, and what its effects are a comparison with.
struct Explained {
    package: Package,
    version: String,
    compared_with: ComparedWith,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let settings = context.settings(Overrides::default())?;
    let Opened { package, version, .. } = open_model(&settings, arguments.model.as_deref())?;
    let mut explained = Explained { package, version, compared_with: ComparedWith::Training };
    if !arguments.background.is_empty() {
        explained.compare(context, &settings, &arguments.background)?;
    }
    let files = || match arguments.files.is_empty() {
        true => Bucket::open(&settings)?.history(&settings),
        false => expand(&arguments.files),
    };
    match &arguments.key {
        Some(key) => {
            customer::explain(context, &settings, &explained, key, &files()?, arguments.interactions)
        }
        None if arguments.interactions => whole::interactions(context, &settings, &explained, &files()?),
        None if !arguments.background.is_empty() => whole::of_rows(context, &settings, &explained, &files()?),
        None => whole::of_training(context, &explained),
    }
}

impl Explained {
    /// Compares with the rows of some files from now on.
    fn compare(&mut self, context: &Context, settings: &Settings, names: &[PathBuf]) -> Result<()> {
        let files = expand(names)?;
        let mut background = BackgroundRows::new(&self.package.model);
        each_batch(context, settings, &self.package, &files, &mut |batch| background.add(batch))?;
        let file = named(&files);
        let (model, rows) = background
            .finish()
            .users(format!("{} cannot be compared with", quoted(&files)))
            .hint("it must hold at least one customer that can be used")?;
        self.package.model = model;
        self.compared_with = ComparedWith::Rows { rows, file };
        Ok(())
    }
}

/// Hands all rows of some files that can be used to `take`, batch by batch. The key is left aside: whose rows they are
/// makes no difference.
fn each_batch(
    context: &Context,
    settings: &Settings,
    package: &Package,
    files: &[PathBuf],
    take: &mut dyn FnMut(&RecordBatch) -> Result<(), LearnError>,
) -> Result<()> {
    const COLUMNS: &str =
        "name files of customers that have the columns of the model, as for `winback score`";
    const REJECTS: &str = "mend them, or let more rows be rejected with `reject_limit` under `[data]`";
    let schema = package.model.encoder.scoring_schema(&package.schema);
    let schema = schema.select(|field| field.role != Role::Key);
    let progress = context.printer.progress(&format!("reading {}", named(files)), "rows", None);
    let mut reader =
        TableReader::new(inputs(files, settings.data.limits), &schema, options(settings, Repeats::Kept));
    while let Some(batch) = reader.next_batch().hint(COLUMNS)? {
        take(&batch.rows)?;
        progress.set(reader.tally().read);
    }
    drop(progress);
    let tally = reader.tally();
    tally.check(settings.data.reject_limit).hint(REJECTS)?;
    if 0 < tally.rejected {
        let (rejected, read, files) = (count(tally.rejected), count(tally.read), quoted(files));
        context.printer.warn(&format!(
            "{rejected} of {read} rows of {files} cannot be used and were left out; `winback score` lists such rows"
        ));
    }
    Ok(())
}

/// Refuses files that had no row to tell anything of.
fn check_rows(rows: u64, files: &[PathBuf]) -> Result<()> {
    if 0 < rows {
        return Ok(());
    }
    let error = UserError::new(format!("no row of {} can be used", quoted(files)));
    Err(error).hint("name files that have customers with --in")
}

/// Files as errors name them.
fn quoted(files: &[PathBuf]) -> String {
    files.iter().map(|file| format!("`{}`", file.display())).collect::<Vec<_>>().join(", ")
}
