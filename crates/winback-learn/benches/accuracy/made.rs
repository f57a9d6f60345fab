//! Made histories whose truth is known, for what real ones have little of: a decision eight questions deep that asks
//! something else in each branch, and categories that mean something only in pairs.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use winback_simulate::wide::{Shape, WideTable};
use winback_table::parquet;

use crate::Result;

const ROWS: u64 = 40_000;

/// Writes each as Parquet, with the true probability of every row as the column `truth`.
pub(crate) fn write(folder: &Path) -> Result<usize> {
    std::fs::create_dir_all(folder)?;
    let made = [("made-deep", Shape::Deep), ("made-pairs", Shape::Pairs)];
    for (name, shape) in made {
        let table = WideTable { shape, rows: ROWS, seed: 1 };
        let rows = table.batch(0..ROWS);
        let mut fields: Vec<_> = rows.schema().fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new("truth", DataType::Float64, false)));
        let mut columns = rows.columns().to_vec();
        columns.push(Arc::new(table.truth().collect::<Float64Array>()) as ArrayRef);
        let schema = Arc::new(Schema::new(fields));
        let mut writer =
            parquet::Writer::new(File::create(folder.join(format!("{name}.parquet")))?, &schema)?;
        writer.write(&RecordBatch::try_new(schema, columns)?)?;
        writer.finish()?;
    }
    Ok(made.len())
}
