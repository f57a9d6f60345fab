//! A table that can be read more than once, as a stream of batches.

use arrow::record_batch::RecordBatch;

use crate::{Result, Schema};

/// The batches of one reading.
pub type BatchIterator<'a> = Box<dyn Iterator<Item = Result<RecordBatch>> + Send + 'a>;

/// Rows that can be opened again and again, always the same: a learner makes one pass for its dictionaries and a
/// second for its codes, and never holds the raw table.
pub trait Source: Sync {
    /// What the columns mean; every batch has exactly these columns, in this order.
    fn schema(&self) -> &Schema;

    /// Starts a new reading from the first row.
    ///
    /// # Errors
    /// When the file cannot be opened or does not fit the schema.
    fn open(&self) -> Result<BatchIterator<'_>>;
}

/// Batches held in memory.
#[derive(Debug, Clone)]
pub struct MemorySource {
    schema: Schema,
    batches: Vec<RecordBatch>,
}

impl MemorySource {
    /// Batches whose columns are those of `schema`, in its order.
    #[must_use]
    pub fn new(schema: Schema, batches: Vec<RecordBatch>) -> Self {
        Self { schema, batches }
    }
}

impl Source for MemorySource {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn open(&self) -> Result<BatchIterator<'_>> {
        Ok(Box::new(self.batches.iter().cloned().map(Ok)))
    }
}
