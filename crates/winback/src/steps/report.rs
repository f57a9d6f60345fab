//! Pages beside models and scored files.

use std::io::Write as _;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float64Type;
use winback_retain::page;
use winback_retain::report::{Evidence, Previous, model_report};
use winback_table::input::Limits;
use winback_table::reader::{Options, TableReader};
use winback_table::{Field, Kind, Role, Schema};

use super::ingest::History;
use super::partial::{Finish as _, Partial};
use super::train::Made;
use crate::config::{Learner, Settings};
use crate::error::{Result, ResultExt as _};
use crate::wire::inputs;

/// What the name of a page has after that of the scored file.
pub(crate) const PAGE: &str = ".report.html";

/// The page of a trained model; reads the history once more.
pub(crate) fn of_model(
    settings: &Settings,
    made: &Made,
    history: &History,
    history_digest: &str,
) -> Result<String> {
    let package = &made.package;
    let report = model_report(
        &Evidence {
            model: &package.model,
            schema: &package.schema,
            report: &package.report,
            profile: &package.profile,
            importance: &package.importance,
            findings: &made.findings,
            out_of_fold: &made.out_of_fold,
            groups: &made.groups,
            history: history_digest,
            learner: match settings.train.learner {
                Learner::Auto => "auto",
                Learner::Trees => "trees",
                Learner::Linear => "linear",
            },
            seed: settings.train.seed,
        },
        history,
    )?;
    Ok(page::model(&report))
}

/// An earlier scored file, read as a stream within `limits`; `key` is the column of the model's key.
pub(crate) fn previous(
    file: &Path,
    key: Option<&str>,
    limits: Limits,
    watch: &dyn Fn(u64),
) -> Result<Previous> {
    const COLUMNS: [&str; 2] = ["churn_probability", "risk_band"];
    let mut fields: Vec<Field> =
        key.map(|key| Field::new(key, Kind::Identifier, Role::Key)).into_iter().collect();
    fields.push(Field::new(COLUMNS[0], Kind::Number, Role::Feature));
    fields.push(Field::new(COLUMNS[1], Kind::Category, Role::Feature));
    let schema = Schema::new(fields, None)?;
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let mut previous = Previous::new(&name);
    let mut reader = TableReader::new(inputs(&[file.to_owned()], limits), &schema, Options::default());
    let attempt = || format!("`{}` is not a scored file of an earlier week", file.display());
    while let Some(batch) = reader.next_batch().users(attempt())? {
        let keys = key.and_then(|key| batch.rows.column_by_name(key)).map(|keys| keys.as_string::<i32>());
        let probabilities = batch.rows[COLUMNS[0]].as_primitive::<Float64Type>();
        let bands = batch.rows[COLUMNS[1]].as_string::<i32>();
        for row in 0..batch.rows.num_rows() {
            if !probabilities.is_null(row) && !bands.is_null(row) {
                let key = keys.map_or("", |keys| keys.value(row));
                let added = previous.add(key, probabilities.value(row), bands.value(row));
                added.users("cannot keep the customers of the earlier week")?;
            }
        }
        watch(reader.tally().read);
    }
    Ok(previous)
}

/// Writes a page; without one, an older page of that name goes, because it would speak of other rows.
pub(crate) fn write(path: &Path, page: Option<&str>) -> Result<()> {
    let mut file = Partial::create(path)?;
    file.write_all(page.unwrap_or_default().as_bytes())
        .users(format!("cannot write `{}`", path.display()))?;
    file.finish(page.is_some()).map(|_| ())
}
