//! What the columns of a table are, and what they are for.
//!
//! Meaning is kept apart from storage: a [`Kind`] says how a cell is to be understood, a [`Role`] what the column does.
//! The schema travels inside every model, and a model is served only through the schema it carries.

mod field;
mod kind;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::field::{Field, Wording};
pub use self::kind::{Kind, Role, Trend};
use crate::cell::trimmed;
use crate::{Error, Result};

/// The columns of a table, with what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The columns, in the order of the history file.
    pub fields: Vec<Field>,
    /// The label's value that means "left"; every other value means "stayed".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// Spellings of "no value", compared without case and outer blanks.
    pub missing: Vec<String>,
}

impl Schema {
    /// The spellings of a missing value that are assumed when nobody names others.
    pub const MISSING: [&'static str; 7] = ["", "?", "NA", "N/A", "NaN", "null", "Unknown"];

    /// A schema with the usual spellings of missing values.
    ///
    /// # Errors
    /// When two fields share a name, or more than one is the key, the label, the time or the weight.
    pub fn new(fields: Vec<Field>, positive: Option<String>) -> Result<Self> {
        let schema = Self { fields, positive, missing: Self::MISSING.map(str::to_owned).to_vec() };
        schema.validate()?;
        Ok(schema)
    }

    /// Reads a schema from its JSON form.
    ///
    /// # Errors
    /// When the text is not a schema, or contradicts itself.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let schema: Self = serde_json::from_slice(bytes)
            .map_err(|error| Error::Schema(format!("not the JSON of one: {error}")))?;
        schema.validate()?;
        Ok(schema)
    }

    /// The JSON form, with a line end.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("a schema holds only strings and lists");
        bytes.push(b'\n');
        bytes
    }

    /// Checks what the types cannot: names are unique, single roles are single, what is monotone has an
    /// order, a label has its positive value.
    ///
    /// # Errors
    /// [`Error::Schema`] naming the column at fault.
    pub fn validate(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        for field in &self.fields {
            if !names.insert(field.name.as_str()) {
                return Err(Error::Schema(format!("the column `{}` is there twice", field.name)));
            }
        }
        if let Some(field) =
            self.fields.iter().find(|field| field.monotone.is_some() && !field.kind.is_ordered())
        {
            let (name, kind) = (&field.name, field.kind.described());
            return Err(Error::Schema(format!("`{name}` is to be monotone, but {kind} has no order")));
        }
        for role in [Role::Key, Role::Label, Role::Time, Role::Weight] {
            let mut holders = self.fields.iter().filter(|field| field.role == role);
            if let (Some(first), Some(second)) = (holders.next(), holders.next()) {
                let (first, second, role) = (&first.name, &second.name, role.name());
                return Err(Error::Schema(format!("both `{first}` and `{second}` are the {role}")));
            }
        }
        if let Some(label) = self.with_role(Role::Label)
            && self.positive.is_none()
        {
            return Err(Error::Schema(format!(
                "the label `{}` has no value that is named as positive",
                label.name
            )));
        }
        Ok(())
    }

    /// The one field with this role, if there is one.
    #[must_use]
    pub fn with_role(&self, role: Role) -> Option<&Field> {
        self.fields.iter().find(|field| field.role == role)
    }

    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The schema of some of the columns, in the same order.
    #[must_use]
    pub fn select(&self, keep: impl Fn(&Field) -> bool) -> Self {
        let fields: Vec<Field> = self.fields.iter().filter(|field| keep(field)).cloned().collect();
        let labelled = fields.iter().any(|field| field.role == Role::Label);
        Self { fields, positive: self.positive.clone().filter(|_| labelled), missing: self.missing.clone() }
    }

    /// The columns that are read: all but the excluded ones.
    #[must_use]
    pub fn used(&self) -> Self {
        self.select(|field| field.role != Role::Excluded)
    }

    /// The Arrow schema of a batch under this schema.
    #[must_use]
    pub fn arrow(&self) -> arrow::datatypes::Schema {
        let fields = self.fields.iter();
        arrow::datatypes::Schema::new(
            fields
                .map(|field| arrow::datatypes::Field::new(&field.name, field.data_type(), true))
                .collect::<Vec<_>>(),
        )
    }

    /// A digest of what decides the meaning of the used columns: names, kinds, roles, notations, the positive value and
    /// the spellings of missing values. Order, trends, wording and excluded columns do not count.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut lines: Vec<String> = self
            .used()
            .fields
            .iter()
            .map(|field| format!("column\t{}\t{}\t{}", field.name, field.kind.name(), field.role.name()))
            .collect();
        for field in self.fields.iter().filter(|field| field.role != Role::Excluded) {
            let name = &field.name;
            // Only what is not plain, so that schemas from before there was more keep their digest.
            if !field.notation.is_plain() {
                lines.push(format!("notation\t{name}\t{}", field.notation.digested()));
            }
            let missing = field.missing.iter().map(|spelling| spelling.trim().to_lowercase());
            lines.extend(missing.map(|spelling| format!("missing\t{name}\t{spelling}")));
        }
        lines.extend(
            self.missing.iter().map(|spelling| format!("missing\t{}", spelling.trim().to_lowercase())),
        );
        lines.extend(self.positive.iter().map(|value| format!("positive\t{value}")));
        lines.sort();
        lines.dedup();
        hex::encode(Sha256::digest(lines.join("\n")))
    }

    /// Whether a cell spells "no value".
    #[must_use]
    pub fn is_missing(&self, cell: &str) -> bool {
        let cell = trimmed(cell);
        self.missing.iter().any(|spelling| trimmed(spelling).eq_ignore_ascii_case(cell))
    }
}

/// The name among `found` that is most similar to `wanted`, if any is similar enough to be meant.
#[must_use]
pub fn nearest_name<'a>(wanted: &str, found: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    found
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(similarity, _)| *similarity >= 0.75)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::new(
            vec![
                Field::new("id", Kind::Identifier, Role::Key),
                Field::new("left", Kind::Flag, Role::Label),
                Field::new("age", Kind::Number, Role::Feature),
            ],
            Some("yes".to_owned()),
        )
        .unwrap()
    }

    #[test]
    fn a_fingerprint_sees_meaning_and_nothing_else() {
        let original = schema();
        let mut other = schema();
        other.fields.swap(0, 2);
        other.fields[0].wording.name = Some("years".to_owned());
        other.fields[0].monotone = Some(Trend::Rising);
        other.fields.push(Field::new("note", Kind::Text, Role::Excluded));
        assert_eq!(original.fingerprint(), other.fingerprint());
        let mut comma = other.clone();
        comma.fields[0].notation.numbers = crate::Numbers::Comma;
        assert_ne!(original.fingerprint(), comma.fingerprint());
        let mut missing = other.clone();
        missing.fields[0].missing = vec!["999".to_owned()];
        assert_ne!(original.fingerprint(), missing.fingerprint());
        other.fields[0].kind = Kind::Category;
        assert_ne!(original.fingerprint(), other.fingerprint());
    }

    #[test]
    fn json_goes_there_and_back() {
        assert_eq!(Schema::from_json(&schema().to_json()).unwrap(), schema());
        let text = String::from_utf8(schema().to_json()).unwrap();
        assert!(!text.contains("notation") && !text.contains("monotone"), "what is plain is not said");
        let mut other = schema();
        other.fields[2].notation.unit = Some("€".to_owned());
        other.fields[2].missing = vec!["999".to_owned()];
        other.fields[2].monotone = Some(Trend::Falling);
        assert_eq!(Schema::from_json(&other.to_json()).unwrap(), other);
    }

    #[test]
    fn contradictions_are_named() {
        let twice = vec![Field::new("a", Kind::Number, Role::Key), Field::new("b", Kind::Number, Role::Key)];
        let error = Schema::new(twice, None).unwrap_err().to_string();
        assert_eq!(error, "schema: both `a` and `b` are the key");
        let mut without_order = Field::new("a", Kind::Category, Role::Feature);
        without_order.monotone = Some(Trend::Rising);
        let error = Schema::new(vec![without_order], None).unwrap_err().to_string();
        assert_eq!(error, "schema: `a` is to be monotone, but a category has no order");
    }

    #[test]
    fn missing_values_have_many_spellings() {
        let schema = schema();
        for cell in ["", "  ", "?", "na", "UNKNOWN", " null "] {
            assert!(schema.is_missing(cell), "{cell:?}");
        }
        assert!(!schema.is_missing("0"));
    }

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let found = ["Total_Trans_Amt", "Total_Trans_Ct", "Gender"];
        assert_eq!(nearest_name("total_trans_count", found), Some("Total_Trans_Ct"));
        assert_eq!(nearest_name("xyz", found), None);
    }
}
