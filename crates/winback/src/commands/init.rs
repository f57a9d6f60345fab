//! `winback init`: look at a history, show what its columns seem to mean, and write the settings that say so.
//!
//! What the user names is taken; the rest is guessed by `winback-table`, and every guess is listed. The leak guard of
//! `winback-retain` looks at some of the rows, kept while the file was read once. Nothing is copied or sent. The text of
//! the settings file is made in `written`, what is shown to people in `overview`, and for a browser in `page`.

mod overview;
mod page;
mod written;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use winback_retain::leaks::{self, Examined, Known};
use winback_table::infer::{Hints, Proposal, infer};
use winback_table::input::{FileInput, Input};
use winback_table::profile::{ColumnProfile, TableProfile, profile};
use winback_table::reader::{Options, Repeats};
use winback_table::{Field, Role, Schema, nearest_name};

use self::overview::Overview;
use super::Context;
use crate::config::{DEFAULT_HORIZON_DAYS, DEFAULT_ROOT, delimiter, encoding};
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::count;
use crate::steps::report;

/// What `winback init` is told.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: winback init customers.csv --key CustomerId --label Exited --positive 1 --protected Gender"
)]
pub(crate) struct Arguments {
    /// The labelled customers: CSV (also gzip) or Parquet, one file or several with the same columns
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
    /// Where models, weekly files and results shall live: a folder, as file:PATH
    #[arg(long, value_name = "URL", default_value = DEFAULT_ROOT)]
    root: String,
    /// The character between two fields, or `tab` [default: told from the file]
    #[arg(long, value_name = "D")]
    delimiter: Option<String>,
    /// utf-8 or latin-1 [default: told from the file]
    #[arg(long, value_name = "E")]
    encoding: Option<String>,
    /// Overwrite the settings file
    #[arg(long)]
    force: bool,
    /// Also write what was found as a page for a browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
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
            root: "file:.".to_owned(),
            delimiter: None,
            encoding: None,
            force: true,
            html: None,
        }
    }
}

/// The arguments, resolved.
#[derive(Debug)]
struct Request {
    history: Vec<PathBuf>,
    hints: Hints,
    missing: Vec<String>,
    missing_is_given: bool,
    root: String,
    options: Options,
    delimiter: Option<String>,
    encoding: Option<String>,
}

/// What reading the history brought.
#[derive(Debug)]
struct Look {
    table: TableProfile,
    proposal: Proposal,
    /// What the leak guard says of the columns that would be learnt from, and how strong each is alone.
    examined: Examined,
}

pub(crate) fn run(context: &Context, arguments: Arguments) -> Result<()> {
    let (config, force, html) = (&context.config.path, arguments.force, arguments.html.clone());
    if !force && config.exists() {
        return Err(already_there(config)).hint(OVERWRITE);
    }
    let request = Request::resolve(arguments)?;
    let table = read(context, &request)?;
    let proposal = propose(&table, &request)?;
    let examined = examine(&table, &proposal)?;
    let look = Look { table, proposal, examined };
    let text = written::text(&request, &look, config)?;
    let overview = Overview::new(&request, &look);
    write(config, &text, force)?;
    if let Some(html) = &html {
        let same = |file: &PathBuf| file.canonicalize().ok() == html.canonicalize().ok();
        if html.exists() && (request.history.iter().any(same) || same(config)) {
            return Err(UserError::new(format!("`{}` is no place for the page", html.display())))
                .hint("name a new file with `--html`");
        }
        report::write(html, Some(&page::html(&request, &look, &overview)))?;
    }
    overview.print(&context.printer, config, html.as_deref())?;
    if look.table.malformed > 0 {
        let rows = count(look.table.malformed);
        context
            .printer
            .warn(&format!("rows without the fields of the header: {rows}; they will be rejected"));
    }
    if let Some(html) = &html {
        context.printer.say(&format!("wrote {}, for a browser", html.display()));
    }
    context.printer.say(&format!("wrote {}; look it through", config.display()));
    Ok(())
}

impl Request {
    fn resolve(arguments: Arguments) -> Result<Self> {
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
        Ok(Self {
            history,
            hints: Hints { key, label, positive, time, exclude, protected },
            missing,
            missing_is_given,
            root: arguments.root,
            options,
            delimiter: arguments.delimiter,
            encoding: arguments.encoding,
        })
    }
}

fn read(context: &Context, request: &Request) -> Result<TableProfile> {
    let files = request.history.iter();
    let inputs: Vec<Arc<dyn Input>> =
        files.map(|file| Arc::new(FileInput::new(file)) as Arc<dyn Input>).collect();
    let progress = context.printer.progress("reading", "rows", None);
    let table = profile(&inputs, request.options, &request.missing, &mut |rows| progress.set(rows));
    drop(progress);
    let absent = request.history.iter().find(|file| !file.exists());
    let table = match absent.and_then(|file| similar_file(file)) {
        Some(similar) => table.hint(format!("there is a file `{}`", similar.display())),
        None => table.map_err(Into::into),
    }?;
    if table.rows == 0 {
        let names: Vec<String> = request.history.iter().map(|file| format!("`{}`", file.display())).collect();
        let message = format!("{} has no rows that could be read", names.join(" and "));
        return Err(UserError::new(message)).hint("check that the delimiter is right; --delimiter names it");
    }
    Ok(table)
}

/// A file of the same folder with a similar name.
fn similar_file(file: &Path) -> Option<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = folder.read_dir().ok()?.flatten().filter(|entry| entry.path().is_file());
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let similar = nearest_name(file.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(file.with_file_name(similar))
}

fn propose(table: &TableProfile, request: &Request) -> Result<Proposal> {
    let hints = &request.hints;
    let proposal = infer(table, hints, &request.missing);
    let mut named =
        [&hints.key, &hints.time].into_iter().flatten().chain(&hints.exclude).chain(&hints.protected);
    let all_found = named.all(|name| table.columns.iter().any(|column| column.name == *name));
    if hints.label.is_some() || !all_found {
        return proposal.map_err(Into::into);
    }
    // With all names found, what is left to go wrong is the label.
    let two_valued = table.columns.iter().filter(|column| column.distinct() == 2);
    let names: Vec<String> = two_valued.map(|column| format!("`{}`", column.name)).collect();
    proposal.hint(match names.as_slice() {
        [] => "no column has two values; `--label` and `--positive` also take one with more".to_owned(),
        names => format!("columns with two values: {}", names.join(", ")),
    })
}

/// Lets the leak guard look at the rows that were kept, under the schema that is proposed.
fn examine(table: &TableProfile, proposal: &Proposal) -> Result<Examined> {
    let schema = &proposal.schema;
    let source = table.sample.source(schema)?;
    let learnt = |field: &Field| matches!(field.role, Role::Feature | Role::Protected);
    let label = schema.with_role(Role::Label).and_then(|field| table.column(&field.name));
    let positives =
        label.zip(schema.positive.as_deref()).map_or(0, |(label, positive)| label.rows_of(positive));
    let labelled = label.map_or(0, ColumnProfile::present);
    let whole = (!table.sample.is_whole()).then_some((labelled, positives));
    Ok(leaks::examine(&source, &learnt, Known { horizon: i64::from(DEFAULT_HORIZON_DAYS) * 86_400, whole })?)
}

const OVERWRITE: &str = "`--force` overwrites it, `--config FILE` writes elsewhere";

fn already_there(config: &Path) -> UserError {
    UserError::new(format!("`{}` is already there", config.display()))
}

fn write(config: &Path, text: &str, force: bool) -> Result<()> {
    let attempt = || format!("cannot write `{}`", config.display());
    if let Some(folder) = config.parent() {
        std::fs::create_dir_all(folder).users(attempt())?;
    }
    // Without force the file is created anew or not at all, even if another program makes one meanwhile.
    let file = OpenOptions::new().write(true).create(true).truncate(force).create_new(!force).open(config);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(already_there(config)).hint(OVERWRITE)
        }
        outcome => outcome.users(attempt()).hint("`--config FILE` writes elsewhere"),
    }
}
