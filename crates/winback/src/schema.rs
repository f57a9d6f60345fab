//! What the settings and the look of a history make together: a schema.
//!
//! Roles come from the settings alone; kinds are told from the values, unless `[columns.NAME] kind` says otherwise.
//! Columns that cannot be learnt from (identifiers, free text, a single value) stay out even where the settings do not
//! name them, so that a column added to the history later does no harm. Guessing itself is left to `winback-table`.

use std::collections::BTreeMap;

use winback_table::infer::{Hints, Proposal, infer};
use winback_table::profile::TableProfile;
use winback_table::{Field, Kind, Notation, Role, nearest_name};

use crate::config::{ColumnSettings, Settings};
use crate::error::{Result, ResultExt as _, UserError};

impl Settings {
    /// The schema of a history with these settings, with the reason for what is not plain in it.
    pub(crate) fn schema(&self, table: &TableProfile) -> Result<Proposal> {
        let roles = self.roles(table)?;
        let Some(label) = &self.data.label else {
            let missing = UserError::new(format!("`{}` names no label", self.file.display()));
            return Err(missing).hint("write `label = { column = …, positive = … }` under `[data]`, or let `winback init HISTORY` do it");
        };
        let hints = Hints {
            key: self.data.key.clone(),
            label: Some(label.column.clone()),
            positive: Some(label.positive.clone()),
            time: self.data.time.clone(),
            exclude: self.data.exclude.clone(),
            protected: self.data.protected.clone(),
        };
        let mut proposal = infer(table, &hints, &self.data.missing)?;
        let fields = proposal.schema.fields.iter_mut().zip(&table.columns);
        for ((field, column), reason) in fields.zip(&mut proposal.reasons) {
            let said = self.columns.get(&field.name);
            if roles.get(field.name.as_str()) == Some(&Role::Weight) {
                (field.kind, field.role, *reason) = (Kind::Number, Role::Weight, None);
                field.notation = column.notation(Kind::Number);
            }
            if let Some(kind) = said.and_then(ColumnSettings::told_kind) {
                self.check_kind(&field.name, roles.get(field.name.as_str()).copied(), kind)?;
                field.kind = kind;
                // Whoever names the kind of a column wants it learnt from, where that kind can be.
                if !roles.contains_key(field.name.as_str()) {
                    let learnable = !matches!(kind, Kind::Identifier | Kind::Text);
                    field.role = if learnable { Role::Feature } else { Role::Excluded };
                    *reason = None;
                }
            } else if !roles.contains_key(field.name.as_str()) {
                // A key or a time that nobody named is a guess; here nothing is guessed.
                field.role = match field.role {
                    Role::Key => Role::Excluded,
                    Role::Time => Role::Feature,
                    role => role,
                };
            }
            if let Some(said) = said {
                field.missing.clone_from(&said.missing);
                field.notation = said.notation(column.notation(field.kind));
                field.monotone = said.monotone;
                self.check_trend(field, roles.get(field.name.as_str()).copied())?;
            }
            field.wording = said.map(|said| said.wording.clone()).unwrap_or_default();
        }
        proposal.schema.validate()?;
        Ok(proposal)
    }

    /// The roles that the settings give, each to a column that exists, and no column two.
    fn roles(&self, table: &TableProfile) -> Result<BTreeMap<&str, Role>> {
        let data = &self.data;
        let label = data.label.as_ref().map(|label| &label.column);
        let single = [
            ("key", &data.key, Role::Key),
            ("time", &data.time, Role::Time),
            ("weight", &data.weight, Role::Weight),
        ];
        let named = single.into_iter().filter_map(|(place, name, role)| Some((place, name.as_ref()?, role)));
        let named = named.chain(label.map(|name| ("label", name, Role::Label)));
        let named = named.chain(data.exclude.iter().map(|name| ("exclude", name, Role::Excluded)));
        let named = named.chain(data.protected.iter().map(|name| ("protected", name, Role::Protected)));
        let mut places: BTreeMap<&str, (&str, Role)> = BTreeMap::new();
        for (place, name, role) in named {
            self.require(table, name, &format!("[data] {place}"))?;
            if let Some((other, _)) = places.insert(name, (place, role)).filter(|(other, _)| *other != place)
            {
                let message =
                    format!("`{}` names `{name}` as `{other}` and as `{place}`", self.file.display());
                return Err(UserError::new(message)).hint("a column has one role; take it out of one place");
            }
        }
        for name in self.columns.keys() {
            self.require(table, name, &format!("[columns.{name}]"))?;
        }
        Ok(places.into_iter().map(|(name, (_, role))| (name, role)).collect())
    }

    fn require(&self, table: &TableProfile, name: &str, place: &str) -> Result<()> {
        let mut names = table.columns.iter().map(|column| column.name.as_str());
        if names.clone().any(|column| column == name) {
            return Ok(());
        }
        let file = self.file.display();
        let unknown = UserError::new(format!(
            "`{place}` in `{file}` names the column `{name}`, which the history does not have"
        ));
        let Some(nearest) = nearest_name(name, names.clone()) else {
            let first: Vec<&str> = names.by_ref().take(5).collect();
            return Err(unknown).hint(format!("its columns begin with `{}`", first.join("`, `")));
        };
        Err(unknown).hint(format!("the nearest is `{nearest}`"))
    }

    /// A trend needs values in an order, and a column that is learnt from.
    fn check_trend(&self, field: &Field, said: Option<Role>) -> Result<()> {
        if field.monotone.is_none() {
            return Ok(());
        }
        let (file, name) = (self.file.display(), &field.name);
        if let Some(role) = said.filter(|role| *role != Role::Protected) {
            let message = format!(
                "`{file}` calls `{name}` monotone, but its role is {}, so that it is not learnt from",
                role.name()
            );
            return Err(UserError::new(message)).hint(format!("take `monotone` out of `[columns.{name}]`"));
        }
        if !field.kind.is_ordered() {
            let kind = field.kind.described();
            let message =
                format!("`{file}` calls `{name}` monotone, but it is {kind}, and such values have no order");
            return Err(UserError::new(message)).hint(format!(
                "take `monotone` out of `[columns.{name}]`, or add `kind = \"number\"` if its values are numbers"
            ));
        }
        Ok(())
    }

    /// A key is always a code, a moment always a date and a weight always a number; other kinds would contradict the role.
    fn check_kind(&self, name: &str, role: Option<Role>, kind: Kind) -> Result<()> {
        let needed = match role {
            Some(Role::Key) => Kind::Identifier,
            Some(Role::Time) => Kind::Time,
            Some(Role::Weight) => Kind::Number,
            _ => return Ok(()),
        };
        if kind == needed {
            return Ok(());
        }
        let (file, role) = (self.file.display(), role.map_or("", Role::name));
        let message = format!("`{file}` calls the {role} `{name}` {}", kind.described());
        Err(UserError::new(message)).hint(format!("take `kind` out of `[columns.{name}]`"))
    }
}

impl ColumnSettings {
    /// The notation told from the values, with what the settings say over it.
    fn notation(&self, told: Notation) -> Notation {
        Notation {
            numbers: self.numbers.unwrap_or(told.numbers),
            unit: self.unit.clone().or(told.unit),
            dates: self.dates.unwrap_or(told.dates),
        }
    }
}

#[cfg(test)]
mod tests;
