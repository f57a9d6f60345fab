//! Small histories of many kinds, with or without a column that knows the outcome: what a leak guard is measured on.
//!
//! Without a leak a history may be noise, additive, strong, full of levels or gaps, a panel, or a small bank; what it
//! says of the label is earned. A leak is one or two columns more, named `leak_1` and `leak_2`. Everything follows from
//! the kind, the leak and the seed.

mod leak;
mod table;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use winback_table::{Field, MemorySource, Role, Schema};

pub use self::leak::Leak;
use self::table::Table;
use crate::bank::Bank;
use crate::random::{Draws, Purpose};

/// What a small history is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// The label has nothing to do with the columns.
    Noise,
    /// Log-odds add up over some numbers.
    Additive,
    /// The same, so strong that a good model reaches an AUC of about 0.97.
    Strong,
    /// Levels, few and many, move the log-odds.
    Levels,
    /// Two numbers act against each other, with one row in seven going its own way.
    Interaction,
    /// One row in twenty-five is positive.
    Rare,
    /// A third of the cells are missing, somewhat more of them where the label is positive.
    Gaps,
    /// Customers stand there once a month, their rows alike.
    Panel,
    /// Amounts with heavy tails, and columns made from others, as banks have them.
    Amounts,
    /// A made bank of this size.
    Bank,
}

impl Plain {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Noise,
        Self::Additive,
        Self::Strong,
        Self::Levels,
        Self::Interaction,
        Self::Rare,
        Self::Gaps,
        Self::Panel,
        Self::Amounts,
        Self::Bank,
    ];
}

/// A small history: a kind, perhaps a leak, and a seed that decides everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallHistory {
    /// What it is like.
    pub plain: Plain,
    /// What knows the outcome, if anything does.
    pub leak: Option<Leak>,
    /// Which history of this kind it is.
    pub seed: u64,
}

impl SmallHistory {
    /// The history as a table in memory, its label among the columns.
    #[must_use]
    pub fn source(self) -> MemorySource {
        let mut draws = Draws::new(self.seed, 0, Purpose::Small, self.plain as u64);
        if self.plain == Plain::Bank {
            return self.bank(&mut draws);
        }
        let mut table = Table::new(self.plain, &mut draws);
        if let Some(leak) = self.leak {
            let planted = leak.cells(&table.labels, &mut draws);
            let position = draws.below(table.columns.len() as u64 + 1) as usize;
            for (index, cells) in planted.into_iter().enumerate() {
                table.columns.insert(position, (format!("leak_{}", index + 1), cells));
            }
        }
        table.finish()
    }

    /// A made bank, the leak added to its columns.
    fn bank(self, draws: &mut Draws) -> MemorySource {
        let customers = 600 + draws.below(1200);
        let made = Bank { customers, weeks: 0, seed: self.seed }.history_part(0..customers);
        let mut schema = Bank::schema();
        let mut columns = made.rows.columns().to_vec();
        let planted = self.leak.map(|leak| leak.cells(&made.left, draws));
        for (index, cells) in planted.into_iter().flatten().enumerate() {
            let (kind, array) = cells.finish();
            schema.fields.push(Field::new(format!("leak_{}", index + 1), kind, Role::Feature));
            columns.push(array);
        }
        memory(schema, columns)
    }
}

fn memory(schema: Schema, columns: Vec<ArrayRef>) -> MemorySource {
    let batch = RecordBatch::try_new(Arc::new(schema.arrow()), columns);
    MemorySource::new(schema, vec![batch.expect("columns are as long as the labels, under their own schema")])
}

#[cfg(test)]
mod tests {
    use arrow::array::BooleanArray;
    use winback_table::Source;

    use super::*;
    use crate::columns::LABEL;

    #[test]
    fn every_kind_has_both_outcomes_and_repeats_to_the_bit() {
        for plain in Plain::ALL {
            let history = SmallHistory { plain, leak: None, seed: 3 };
            let batch = history.source().open().unwrap().next().unwrap().unwrap();
            assert_eq!(batch, history.source().open().unwrap().next().unwrap().unwrap(), "{plain:?}");
            let labels: &BooleanArray = batch.column_by_name(LABEL).unwrap().as_any().downcast_ref().unwrap();
            let positives = labels.true_count();
            assert!(20 <= positives && positives < batch.num_rows() - 20, "{plain:?}: {positives}");
        }
    }

    #[test]
    fn a_leak_adds_its_columns_and_nothing_else() {
        for leak in Leak::ALL {
            let columns = |leak| {
                let source = SmallHistory { plain: Plain::Additive, leak, seed: 5 }.source();
                source.schema().fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>()
            };
            let mut with = columns(Some(leak));
            with.retain(|name| !name.starts_with("leak_"));
            assert_eq!(with, columns(None), "{leak:?}");
        }
    }
}
