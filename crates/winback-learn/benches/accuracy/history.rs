//! A real history in memory with the folds that all contenders share.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Float64Type;
use arrow::record_batch::RecordBatch;
use winback_table::input::{FileInput, Input};
use winback_table::reader::{Options, TableReader};
use winback_table::{MemorySource, Role, Schema};

use crate::Result;

/// Parts of each repeat.
pub(crate) const FOLDS: usize = 5;

/// Rows, and in which fold each is held out.
pub(crate) struct History {
    pub(crate) name: String,
    schema: Schema,
    rows: RecordBatch,
    /// For each repeat the fold of each row.
    folds: Vec<Vec<usize>>,
}

/// The histories of a folder, by name.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::result::Result<_, std::io::Error>>()?;
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "parquet"))
        .collect();
    files.sort();
    Ok(files)
}

impl History {
    /// Reads a history as `testdata/bench/accuracy.py` writes it: its schema lies beside it.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let schema = Schema::from_json(&std::fs::read(file.with_extension("json"))?)?;
        let mut with_folds = schema.clone();
        let is_fold = |name: &str| name.starts_with("fold_");
        with_folds.fields.iter_mut().filter(|field| is_fold(&field.name)).for_each(|field| {
            field.role = Role::Feature;
        });
        let inputs: Vec<Arc<dyn Input>> = vec![Arc::new(FileInput::new(file))];
        let mut reader = TableReader::new(inputs, &with_folds, Options::default());
        let mut batches = Vec::new();
        while let Some(batch) = reader.next_batch()? {
            batches.push(batch.rows);
        }
        let first = batches.first().ok_or("a history has rows")?.schema();
        let rows = arrow::compute::concat_batches(&first, &batches)?;
        let fold_columns = first.fields().iter().filter(|field| is_fold(field.name()));
        let folds = fold_columns.filter_map(|field| rows.column_by_name(field.name())).map(|column| {
            column.as_primitive::<Float64Type>().values().iter().map(|fold| *fold as usize).collect()
        });
        let folds = folds.collect();
        let kept: Vec<usize> =
            (0..first.fields().len()).filter(|place| !is_fold(first.field(*place).name())).collect();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, schema: schema.used(), rows: rows.project(&kept)?, folds })
    }

    /// How many times its rows are parted.
    pub(crate) fn repeats(&self) -> usize {
        self.folds.len()
    }

    /// The rows to learn from and those held out.
    pub(crate) fn parts(&self, repeat: usize, fold: usize) -> Result<(MemorySource, MemorySource)> {
        let is_held_out: Vec<bool> = self.folds[repeat].iter().map(|of_row| *of_row == fold).collect();
        let part = |held_out: bool| -> Result<MemorySource> {
            let keep: BooleanArray = is_held_out.iter().map(|row| Some(*row == held_out)).collect();
            let rows = filter_record_batch(&self.rows, &keep)?;
            Ok(MemorySource::new(self.schema.clone(), vec![rows]))
        };
        Ok((part(false)?, part(true)?))
    }
}
