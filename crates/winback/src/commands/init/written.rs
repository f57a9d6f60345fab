//! The text of `winback.toml` as `winback init` proposes it: every guess is a line that can be changed, what is only
//! suspected is a comment.
//!
//! The text is read back before anybody sees it, and must mean the schema that was shown.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::bail;
use winback_retain::findings::Severity;
use winback_table::{Field, Kind, Role};

use super::overview::leavers;
use super::{Look, Request};
use crate::config::{DEFAULT_ROOT, Settings};
use crate::error::{Result, ResultExt as _};

/// Where comments behind a value begin.
const COMMENT_COLUMN: usize = 44;

/// The settings file for what was asked and found.
pub(super) fn text(request: &Request, look: &Look, config: &Path) -> Result<String> {
    let mut text = String::from(
        "# Settings of Winback. Paths are relative to the folder of this file.\n\
         # The environment (WINBACK_ROOT, WINBACK_TRAIN_SEED …) wins over this file, and flags win over both.\n\n\
         # Where models, weekly files and results live: a folder, as file:PATH.\n",
    );
    let root = request.root.clone().map_or_else(|| root_around(&request.history, config), Ok)?;
    value(&mut text, "root", &quoted(&root), "");
    text.push_str("\n[data]\n");
    data(&mut text, request, look, config)?;
    columns(&mut text, look);
    text.push_str(
        "\n[train]\n\
         # The name of the model.\n\
         name = \"churn\"\n\
         # auto, trees or linear.\n\
         learner = \"auto\"\n\
         # quick, normal or thorough: how much time the search for settings may take.\n\
         effort = \"normal\"\n\
         # The same seed, data and settings give the same model.\n\
         seed = 1\n\
         # Whether protected columns are learnt from; they are never a reason.\n\
         learn_protected = false\n\
         # The risk is high from so many times the share of those who left on, medium from so many.\n\
         risk_high = 3.0\n\
         risk_medium = 1.0\n",
    );
    let read_back = Settings::parse(&text, config)?.schema(&look.table)?;
    if read_back.schema != look.proposal.schema {
        bail!("the settings for `{}` would not mean what was found; nothing was written", config.display());
    }
    Ok(text)
}

fn data(text: &mut String, request: &Request, look: &Look, config: &Path) -> Result<()> {
    let Look { table, proposal, .. } = look;
    let schema = &proposal.schema;
    text.push_str(
        "# The labelled customers; left out, the files in input_folder/ of the root. Nothing is copied.\n",
    );
    let files: Vec<String> =
        request.history.iter().map(|file| seen_from(config, file)).collect::<Result<_>>()?;
    match files.as_slice() {
        [file] => value(text, "history", &quoted(file), ""),
        files => {
            text.push_str("history = [\n");
            files.iter().for_each(|file| writeln(text, &format!("    {},", quoted(file))));
            text.push_str("]\n");
        }
    }
    match schema.with_role(Role::Key) {
        Some(key) => value(text, "key", &quoted(&key.name), "names the customer"),
        None => text.push_str("# key = \"…\"   # the column that names the customer; none was found\n"),
    }
    if let (Some(label), Some(positive)) = (schema.with_role(Role::Label), &schema.positive) {
        let profile = table.columns.iter().find(|column| column.name == label.name);
        let share = profile.map_or_else(String::new, |column| leavers(column, positive));
        writeln(
            text,
            &format!(
                "# Who left: {share}. Every value but `positive` means stayed.",
                share = one_line(&share)
            ),
        );
        let label = format!("{{ column = {}, positive = {} }}", quoted(&label.name), quoted(positive));
        value(text, "label", &label, "");
    }
    match schema.with_role(Role::Time) {
        Some(time) => value(text, "time", &quoted(&time.name), "the moment each row describes"),
        None => text.push_str("# time = \"as_of\"   # the moment each row describes, if rows differ in it\n"),
    }
    text.push_str("# How long after that moment the label looks.\n# horizon = \"90 days\"\n");
    text.push_str("# Spellings of \"no value\", without regard to case.\n");
    let missing: Vec<String> = schema.missing.iter().map(|spelling| quoted(spelling)).collect();
    value(text, "missing", &format!("[{}]", missing.join(", ")), "");
    let reader = [("delimiter", &request.delimiter), ("encoding", &request.encoding)];
    for (name, given) in reader.into_iter().filter_map(|(name, given)| Some((name, given.as_ref()?))) {
        value(text, name, &quoted(given), "");
    }
    if let Some(size) = &request.unpacked_limit {
        value(text, "unpacked_limit", &quoted(size), "");
    }
    if let Some(ratio) = request.unpacked_ratio_limit {
        value(text, "unpacked_ratio_limit", &ratio.to_string(), "");
    }
    text.push_str("# A file is refused when more than this share of its rows cannot be used.\n");
    text.push_str("reject_limit = 0.01\n");

    let reasons = schema.fields.iter().zip(&proposal.reasons);
    let excluded: Vec<(&str, String)> = reasons
        .filter(|(field, _)| field.role == Role::Excluded)
        .map(|(field, reason)| (field.name.as_str(), why_excluded(reason.as_deref())))
        .collect();
    exclude(text, &excluded, &suspected(look));
    protected(text, look);
    Ok(())
}

/// Columns that would be learnt from and that the leak guard suspects, each once, with the gravest thing it says of
/// them. A column with another use, as the moment or a protected one, cannot be left out as well: it has one role.
fn suspected(look: &Look) -> Vec<(&str, String)> {
    let mut suspected: Vec<(&str, String)> = Vec::new();
    for finding in &look.examined.findings {
        if finding.severity == Severity::Note {
            continue;
        }
        let schema = &look.proposal.schema;
        let is_learnt =
            |column: &&String| schema.field(column).is_some_and(|field| field.role == Role::Feature);
        for column in finding.columns.iter().filter(is_learnt) {
            if suspected.iter().all(|(known, _)| known != column) {
                suspected.push((column, format!("{}: {}", finding.severity.name(), finding.kind)));
            }
        }
    }
    suspected
}

/// What is not learnt from, and as comments what perhaps should not be.
fn exclude(text: &mut String, excluded: &[(&str, String)], suspected: &[(&str, String)]) {
    text.push_str("# Not learnt from. Add what is known only after a customer has left.\n");
    if !suspected.is_empty() {
        text.push_str("# The leak guard suspects the lines that are comments; take the `#` away to leave the column out.\n");
    }
    if excluded.is_empty() && suspected.is_empty() {
        text.push_str("exclude = []\n");
        return;
    }
    let item = |mark: &str, (name, why): &(&str, String)| {
        let line = format!("    {mark}{},", quoted(name));
        format!("{line:<width$} # {}", one_line(why), width = COMMENT_COLUMN)
    };
    text.push_str("exclude = [\n");
    excluded.iter().for_each(|column| writeln(text, &item("", column)));
    suspected.iter().for_each(|column| writeln(text, &item("# ", column)));
    text.push_str("]\n");
}

/// Protected attributes are for the bank to name; what is only suspected is a comment.
fn protected(text: &mut String, look: &Look) {
    let list = |names: &[&str]| {
        format!("[{}]", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))
    };
    let fields = look.proposal.schema.fields.iter();
    let named = fields.filter(|field| field.role == Role::Protected).map(|field| field.name.as_str());
    let named: Vec<&str> = named.collect();
    let suspected: Vec<&str> = look.proposal.perhaps_protected.iter().map(String::as_str).collect();
    text.push_str(
        "# Protected attributes: reported on, learnt from only if [train] says so, never a reason.\n",
    );
    match (named.is_empty(), suspected.is_empty()) {
        (true, false) => {
            text.push_str("# By their names these could be; they are learnt from until you say so:\n");
            writeln(text, &format!("# protected = {}", list(&suspected)));
        }
        (false, false) => {
            writeln(text, &format!("# By their names these could be, too: {}", list(&suspected)));
            value(text, "protected", &list(&named), "");
        }
        (_, true) => value(text, "protected", &list(&named), ""),
    }
}

/// How columns are spoken of, shown on one of the user's own.
fn columns(text: &mut String, look: &Look) {
    let features = || look.proposal.schema.fields.iter().filter(|field| field.role == Role::Feature);
    let number = features().find(|field| field.kind == Kind::Number && field.name.contains("rans"));
    let number = number.or_else(|| features().find(|field| field.kind == Kind::Number));
    let Some(Field { name, kind, .. }) = number.or_else(|| features().next()) else { return };
    text.push_str(
        "\n# What the reasons call a column, and its kind where it was told wrongly (number, category, flag, time,\n\
         # text, identifier). In a sentence {name}, {value} and {typical} are filled in; there are sentences for a low,\n\
         # a high, a level of a category and a missing value. monotone = \"rising\" keeps the risk from falling as the\n\
         # values rise, \"falling\" from rising.\n",
    );
    writeln(text, &format!("# [columns.{}]", quoted_key(name)));
    writeln(text, &format!("# name = {}", quoted(&spoken(name))));
    writeln(text, &format!("# kind = {}", quoted(kind.name())));
    if kind.is_ordered() {
        text.push_str("# monotone = \"falling\"\n");
    }
    text.push_str("# reason = { low = \"Low {name}: {value}; typical is {typical}\" }\n");
}

/// A column's name as one would say it: `CreditScore` is "credit score".
fn spoken(name: &str) -> String {
    let mut words = String::new();
    let mut after_lower = false;
    for character in name.chars() {
        if character.is_uppercase() && after_lower {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
        after_lower = character.is_lowercase();
    }
    words.replace(['_', '.'], " ")
}

fn why_excluded(reason: Option<&str>) -> String {
    reason.map_or("as asked", |reason| reason.strip_prefix("excluded: ").unwrap_or(reason)).to_owned()
}

/// A path of the current folder as it is seen from the folder of the settings file.
fn seen_from(config: &Path, file: &Path) -> Result<String> {
    let folder = config.parent().unwrap_or(Path::new(""));
    let seen: PathBuf = if file.is_absolute() || folder.as_os_str().is_empty() || folder == Path::new(".") {
        file.to_owned()
    } else {
        let absolute = |path| std::path::absolute(path).users("cannot tell the current folder");
        let (folder, file) = (absolute(folder)?, absolute(file)?);
        file.strip_prefix(&folder).map(Path::to_owned).unwrap_or(file)
    };
    Ok(seen.display().to_string())
}

/// The bank whose `input_folder` holds all of the history, or the usual one.
fn root_around(history: &[PathBuf], config: &Path) -> Result<String> {
    let bank = |file: &PathBuf| {
        let folder = file.parent().filter(|folder| folder.ends_with("input_folder"))?;
        // Of `input_folder/a.csv` it is the folder that we are in.
        Some(Path::new(".").join(folder.parent()?))
    };
    let banks: Option<BTreeSet<PathBuf>> = history.iter().map(bank).collect();
    let banks: Vec<PathBuf> = banks.unwrap_or_default().into_iter().collect();
    let [bank] = banks.as_slice() else { return Ok(DEFAULT_ROOT.to_owned()) };
    let seen = seen_from(config, bank)?;
    let is_whole = seen.starts_with(['/', '.']);
    Ok(match seen.as_str() {
        "" | "./" => "file:.".to_owned(),
        seen if is_whole => format!("file:{seen}"),
        seen => format!("file:./{seen}"),
    })
}

fn value(text: &mut String, name: &str, value: &str, comment: &str) {
    let line = format!("{name} = {value}");
    if comment.is_empty() {
        writeln(text, &line);
    } else {
        writeln(text, &format!("{line:<width$} # {}", one_line(comment), width = COMMENT_COLUMN));
    }
}

fn writeln(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A string of TOML, on one line whatever it holds, so that it can also stand in a comment.
fn quoted(raw: &str) -> String {
    let mut text = String::from("\"");
    for character in raw.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            _ if character.is_control() => {
                write!(text, "\\u{:04X}", u32::from(character)).expect("writing into memory cannot fail");
            }
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

fn quoted_key(name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !name.is_empty() && name.bytes().all(bare) { name.to_owned() } else { quoted(name) }
}

fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests;
