//! `winback init`: look at a history, show what its columns seem to mean, and write the settings that say so.
//!
//! What the user names is taken; the rest is guessed by `winback-table`, and every guess is listed. The leak guard of
//! `winback-retain` looks at some of the rows, kept while the file was read once. Nothing is copied or sent. The text of
//! the settings file is made in `written`, what is shown to people in `overview`, and for a browser in `page`.

mod overview;
mod page;
mod request;
mod written;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use winback_retain::leaks::{self, Examined, Known};
use winback_table::infer::{Proposal, infer};
use winback_table::profile::{ColumnProfile, TableProfile, profile};
use winback_table::{Field, Kind, Oddity, OddityKind, Role, Schema, nearest_name};

use self::overview::Overview;
pub(crate) use self::request::Arguments;
use self::request::Request;
use super::Context;
use crate::config::DEFAULT_HORIZON_DAYS;
use crate::error::{Result, ResultExt as _, UserError};
use crate::printer::count;
use crate::steps::partial::{Finish as _, Partial};
use crate::steps::report;
use crate::wire::{expand, inputs};

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
    if let Some(html) = &html {
        check_page(html, &request, config)?;
    }
    let mut table = read(context, &request)?;
    let proposal = propose(&table, &request)?;
    let examined = examine(&table, &proposal)?;
    table.oddities.iter_mut().for_each(|oddity| hide_value(oddity, &proposal.schema));
    let look = Look { table, proposal, examined };
    let text = written::text(&request, &look, config)?;
    let overview = Overview::new(&request, &look);
    write(config, &text, force)?;
    if let Some(html) = &html {
        report::write(html, Some(&page::html(&request, &look, &overview)))?;
    }
    overview.print(&context.printer, config, html.as_deref())?;
    if look.table.malformed > 0 {
        let rows = count(look.table.malformed);
        context.printer.warn(&format!("rows that cannot be read: {rows}; they will be rejected"));
    }
    if let Some(html) = &html {
        context.printer.say(&format!("wrote {}, for a browser", html.display()));
    }
    context.printer.say(&format!("wrote {}; look it through", config.display()));
    Ok(())
}

/// The page must not take the place of a history or of the settings.
fn check_page(html: &Path, request: &Request, config: &Path) -> Result<()> {
    // The file need not be there yet, but its folder may be reached in two ways.
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let in_folder = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
        path.canonicalize().ok().or_else(in_folder).or_else(|| std::path::absolute(path).ok())
    };
    let files = expand(&request.history)?;
    if files.iter().map(PathBuf::as_path).chain([config]).any(|file| place(file) == place(html)) {
        return Err(UserError::new(format!("`{}` is no place for the page", html.display())))
            .hint("name a new file with `--html`");
    }
    Ok(())
}

/// What is odd about the values of a column that names customers, or is left out because it may, would show one of
/// them: its kind, its place and its count stay, the value goes.
fn hide_value(oddity: &mut Oddity, schema: &Schema) {
    let field = oddity.column.as_deref().and_then(|column| schema.field(column));
    let is_personal = |field: &Field| {
        matches!(field.role, Role::Key | Role::Excluded)
            || matches!(field.kind, Kind::Identifier | Kind::Text)
    };
    if !oddity.is_about_names() && field.is_some_and(is_personal) {
        *oddity = oddity.without_values();
        if let OddityKind::Sentinel { value, .. } = &mut oddity.kind {
            "…".clone_into(value);
        }
    }
}

fn read(context: &Context, request: &Request) -> Result<TableProfile> {
    let inputs = inputs(&expand(&request.history)?, request.limits);
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
    let placed = Partial::create(config).and_then(|mut file| {
        file.write_all(text.as_bytes()).users(attempt())?;
        if force { file.finish(true) } else { file.finish_new() }
    });
    match placed.hint("`--config FILE` writes elsewhere")? {
        true => Ok(()),
        false => Err(already_there(config)).hint(OVERWRITE),
    }
}
