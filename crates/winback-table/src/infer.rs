//! A guess at what the columns of a file mean, with the reason for each guess.
//!
//! What the user named is taken; the rest is told from names and values. A guess is a proposal to a person, who sees it
//! as a table and a settings file before anything is learnt.

mod kind;
mod names;

use self::kind::guess_kind;
use self::names::{
    KEYS, LABELS, POSITIVES, PROTECTED, TIMES, has_word, is_key_name, is_row_number, is_unnamed,
};
use crate::cell;
use crate::profile::{ColumnProfile, TableProfile};
use crate::{Error, Field, Kind, Result, Role, Schema, nearest_name};

/// What the user has already said.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// The key column.
    pub key: Option<String>,
    /// The label column.
    pub label: Option<String>,
    /// The label's value that means "left".
    pub positive: Option<String>,
    /// The time column.
    pub time: Option<String>,
    /// Columns not to learn from.
    pub exclude: Vec<String>,
    /// Protected attributes.
    pub protected: Vec<String>,
}

/// A proposed schema, with what a person should know about it.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The columns, in the order of the file.
    pub schema: Schema,
    /// For each column of the schema, why it was given its kind and role, where that is not plain.
    pub reasons: Vec<Option<String>>,
    /// Columns whose names suggest a protected attribute, and which nobody has named as such.
    pub perhaps_protected: Vec<String>,
}

/// Guesses a schema from a profile and what the user said.
///
/// # Errors
/// When a named column is not there, or no label can be found.
pub fn infer(table: &TableProfile, hints: &Hints, missing: &[String]) -> Result<Proposal> {
    let named = [&hints.key, &hints.label, &hints.time].into_iter().flatten();
    for name in named.chain(&hints.exclude).chain(&hints.protected) {
        require(table, name)?;
    }
    let mut guesses: Vec<Guess> = table.columns.iter().map(|column| guess(column, hints)).collect();
    choose_key(&table.columns, &mut guesses, hints);
    let positive = choose_label(&table.columns, &mut guesses, hints)?;
    choose_time(&table.columns, &mut guesses, hints);
    let unnamed = |index: &usize| guesses[*index].role == Role::Feature;
    let perhaps_protected = (0..guesses.len())
        .filter(unnamed)
        .map(|index| table.columns[index].name.clone())
        .filter(|name| has_word(name, &PROTECTED))
        .collect();
    let named_fields = table.columns.iter().zip(&guesses);
    let fields = named_fields.map(|(column, guess)| {
        let notation = column.notation(guess.kind);
        Field { notation, ..Field::new(&column.name, guess.kind, guess.role) }
    });
    let fields = fields.collect();
    let mut schema = Schema::new(fields, positive)?;
    schema.missing = missing.to_vec();
    Ok(Proposal { schema, reasons: guesses.into_iter().map(|guess| guess.why).collect(), perhaps_protected })
}

fn require(table: &TableProfile, name: &str) -> Result<()> {
    if table.columns.iter().any(|column| column.name == name) {
        return Ok(());
    }
    let nearest = nearest_name(name, table.columns.iter().map(|column| column.name.as_str()));
    let hint = nearest.map_or_else(String::new, |nearest| format!("; the nearest is `{nearest}`"));
    Err(Error::Schema(format!("there is no column `{name}`{hint}")))
}

struct Guess {
    kind: Kind,
    role: Role,
    why: Option<String>,
}

fn guess(column: &ColumnProfile, hints: &Hints) -> Guess {
    let (kind, why) = guess_kind(column);
    let plain = |role| Guess { kind, role, why: None };
    if hints.exclude.contains(&column.name) {
        return plain(Role::Excluded);
    }
    if hints.protected.contains(&column.name) {
        return plain(Role::Protected);
    }
    let excluded = |why: &str| Guess { kind, role: Role::Excluded, why: Some(why.to_owned()) };
    // Tools that write their row numbers into a file give that column no name.
    if is_unnamed(&column.name) && column.integers == column.rows && column.never_repeats() {
        return excluded("excluded: it has no name and numbers the rows");
    }
    match kind {
        Kind::Identifier => excluded("excluded: every value is different, as in an identifier"),
        Kind::Text => excluded("excluded: free text"),
        _ if column.distinct() <= 1 && column.missing == 0 => excluded("excluded: it has one value only"),
        _ if column.present() == 0 => excluded("excluded: it has no value at all"),
        _ => Guess { kind, role: Role::Feature, why },
    }
}

fn choose_key(columns: &[ColumnProfile], guesses: &mut [Guess], hints: &Hints) {
    let chosen = match &hints.key {
        Some(name) => columns.iter().position(|column| column.name == *name).map(|index| (index, None)),
        None => {
            let best = unique_key(columns, guesses, hints);
            // Rows are numbered in any export; a number of the row is a key only where nothing better is.
            let better = best.filter(|index| !is_row_number(&columns[*index].name));
            let unique = |index| (index, Some("the key: every value is different"));
            let repeated = |index| (index, Some("the key, by its name; its values repeat"));
            let found = better.map(unique).or_else(|| repeated_key(columns, hints).map(repeated));
            found.or_else(|| best.map(unique))
        }
    };
    if let Some((index, why)) = chosen {
        guesses[index] = Guess { kind: Kind::Identifier, role: Role::Key, why: why.map(str::to_owned) };
    }
}

/// The identifier most like a key.
fn unique_key(columns: &[ColumnProfile], guesses: &[Guess], hints: &Hints) -> Option<usize> {
    (0..columns.len())
        .filter(|index| guesses[*index].kind == Kind::Identifier)
        .filter(|index| columns[*index].missing == 0 && !hints.exclude.contains(&columns[*index].name))
        .max_by_key(|index| {
            let name = &columns[*index].name;
            // Of equals the first wins, as the key usually stands first.
            (
                has_word(name, &KEYS),
                has_word(name, &["id", "key", "number"]),
                !is_row_number(name),
                usize::MAX - index,
            )
        })
}

/// Distinct values that a key which repeats must have: below that it is more likely a count or a group.
const KEY_VALUES: u64 = 100;

/// The first column that is a key by its name, where a history has several rows for each customer.
fn repeated_key(columns: &[ColumnProfile], hints: &Hints) -> Option<usize> {
    let named = |name: &String| {
        let taken = [&hints.label, &hints.time].into_iter().flatten();
        taken.chain(&hints.exclude).chain(&hints.protected).any(|other| other == name)
    };
    columns.iter().position(|column| {
        let whole = column.missing == 0 && column.integers == column.numbers;
        whole && column.distinct() >= KEY_VALUES && is_key_name(&column.name) && !named(&column.name)
    })
}

/// Chooses the label; answers its positive value.
fn choose_label(columns: &[ColumnProfile], guesses: &mut [Guess], hints: &Hints) -> Result<Option<String>> {
    let eligible = |index: &usize| {
        let free = guesses[*index].role == Role::Feature;
        free && columns[*index].distinct() == 2
    };
    let chosen = match &hints.label {
        Some(name) => columns.iter().position(|column| column.name == *name),
        None => (0..columns.len()).filter(eligible).find(|index| has_word(&columns[*index].name, &LABELS)),
    };
    let Some(index) = chosen else {
        return Err(Error::Schema(
            "no column looks like the label (two values, a name such as `churn`); name it with --label and --positive"
                .to_owned(),
        ));
    };
    let column = &columns[index];
    let levels: Vec<(&String, u64)> =
        column.levels.iter().flatten().map(|(level, count)| (level, *count)).collect();
    let spelled = || levels.iter().map(|(level, _)| format!("`{level}`")).collect::<Vec<_>>().join(", ");
    let positive = match &hints.positive {
        Some(positive) => {
            // The file's own spelling is taken, so that what is counted and shown of the label goes by it.
            let exact = levels.iter().find(|(level, _)| *level == positive);
            let meant = exact.or_else(|| levels.iter().find(|(level, _)| cell::same_value(level, positive)));
            let Some((level, _)) = meant else {
                let has = if levels.is_empty() { "too many to name".to_owned() } else { spelled() };
                let message = format!("`{positive}` is no value of `{}`, which has {has}", column.name);
                return Err(Error::Schema(message));
            };
            (*level).clone()
        }
        None if levels.len() == 2 => likely_positive(&levels),
        None => {
            let message = format!(
                "`{}` has {} values; name the one that means left with --positive",
                column.name,
                column.distinct()
            );
            return Err(Error::Schema(message));
        }
    };
    let why = hints.label.is_none() || hints.positive.is_none();
    let why = why.then(|| format!("the label: `{positive}` means left"));
    guesses[index] = Guess { kind: guesses[index].kind, role: Role::Label, why };
    Ok(Some(positive))
}

fn likely_positive(levels: &[(&String, u64)]) -> String {
    let says_left =
        |level: &str| level.to_lowercase().split_whitespace().any(|word| POSITIVES.contains(&word));
    let by_word: Vec<&(&String, u64)> = levels.iter().filter(|(level, _)| says_left(level)).collect();
    match by_word.as_slice() {
        [(level, _)] => (*level).clone(),
        // Those who leave are the fewer.
        _ => levels
            .iter()
            .min_by_key(|(_, count)| *count)
            .map_or_else(String::new, |(level, _)| (*level).clone()),
    }
}

fn choose_time(columns: &[ColumnProfile], guesses: &mut [Guess], hints: &Hints) {
    let chosen = match &hints.time {
        Some(name) => columns.iter().position(|column| column.name == *name),
        None => (0..columns.len()).find(|index| {
            // A moment that is the same in all rows is still the moment the rows describe.
            let name = &columns[*index].name;
            let free = matches!(guesses[*index].role, Role::Feature | Role::Excluded)
                && !hints.exclude.contains(name);
            free && guesses[*index].kind == Kind::Time && has_word(name, &TIMES)
        }),
    };
    if let Some(index) = chosen {
        let why = hints.time.is_none().then(|| "the moment each row describes, by its name".to_owned());
        guesses[index] = Guess { kind: Kind::Time, role: Role::Time, why };
    }
}

#[cfg(test)]
mod tests;
