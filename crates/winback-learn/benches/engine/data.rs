//! The data of the contests: written once as Parquet, which all contenders read into memory before the clock runs.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use serde_json::{Value, json};
use winback_simulate::wide::{Shape, WideSource, WideTable};
use winback_table::input::{FileInput, Input};
use winback_table::reader::{Options, TableReader};
use winback_table::{MemorySource, Role, Schema, Source as _, parquet};

use crate::{Result, files};

/// Writes training and test rows.
pub(crate) fn write(folder: &Path, rows: u64, test_rows: u64) -> Result<Value> {
    std::fs::create_dir_all(folder)?;
    for ((file, rows), seed) in files(folder).iter().zip([rows, test_rows]).zip(1..) {
        let source = WideSource::from(WideTable { shape: Shape::Churn, rows, seed });
        let mut writer = parquet::Writer::new(File::create(file)?, &Arc::new(source.schema().arrow()))?;
        for batch in source.open()? {
            writer.write(&batch?)?;
        }
        writer.finish()?;
    }
    Ok(json!({ "rows": rows, "test_rows": test_rows }))
}

/// A file in memory, in batches as the program reads them.
pub(crate) fn read(file: &Path) -> Result<MemorySource> {
    let mut schema = WideSource::from(WideTable { shape: Shape::Churn, rows: 0, seed: 1 }).schema().clone();
    // So Parquet spells it.
    schema.positive = Some("true".to_owned());
    let inputs: Vec<Arc<dyn Input>> = vec![Arc::new(FileInput::new(file))];
    let mut reader = TableReader::new(inputs, &schema, Options::default());
    let mut batches: Vec<RecordBatch> = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch.rows);
    }
    Ok(MemorySource::new(Schema::clone(reader.schema()), batches))
}

/// The labels of a table in memory.
pub(crate) fn labels(source: &MemorySource) -> Result<Vec<bool>> {
    let label = source.schema().with_role(Role::Label).ok_or("a wide table has a label")?.name.clone();
    let mut labels = Vec::new();
    for batch in source.open()? {
        let batch = batch?;
        let column = batch.column_by_name(&label).ok_or("every batch has the label")?;
        let column =
            column.as_any().downcast_ref::<arrow::array::BooleanArray>().ok_or("a label is a flag")?;
        labels.extend(column.iter().map(Option::unwrap_or_default));
    }
    Ok(labels)
}
