//! The challenger in the shadow: it scores the champion's file too, for comparison alone. Nobody is contacted on its word,
//! and what it cannot do keeps no file from being scored.

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use serde_json::{Value as Json, json};
use winback_flow::Artifact;
use winback_retain::in_percent;
use winback_table::input::Limits;
use winback_table::reader::{Options, Repeats, TableReader};
use winback_table::{Field, Kind, Role, Schema};

use super::opened::scorer;
use super::register::called;
use super::score::{Week, beside, score};
use super::train::options;
use crate::desk::Desk;
use crate::error::{Result, ResultExt as _};
use crate::printer::count;
use crate::wire::inputs;

/// What is told of a challenger.
pub(crate) struct Shadow {
    pub(crate) told: Json,
    pub(crate) in_words: String,
}

/// Scores a file with the challenger beside the champion's scores of it, `scored`.
pub(crate) fn told(desk: &Desk, file: &Artifact, challenger: &str, scored: &Path) -> Shadow {
    match score_beside(desk, file, challenger, scored) {
        Ok(compared) => Shadow {
            in_words: format!(
                "the challenger `{challenger}` gives {} on average, {:+.2} points from the champion's, and puts {} of {} customers into another risk band",
                in_percent(compared.mean_probability),
                100.0 * compared.mean_difference,
                count(compared.in_another_band),
                count(compared.customers)
            ),
            told: json!({
                "challenger": challenger,
                "customers": compared.customers,
                "mean_probability": compared.mean_probability,
                "mean_difference": compared.mean_difference,
                "mean_absolute_difference": compared.mean_absolute_difference,
                "in_another_band": compared.in_another_band,
            }),
        },
        // The error may speak of rows; the challenger's name is enough.
        Err(_) => Shadow {
            in_words: format!("the challenger `{challenger}` could not score this file"),
            told: json!({ "challenger": challenger, "failed": true }),
        },
    }
}

fn score_beside(desk: &Desk, file: &Artifact, challenger: &str, scored: &Path) -> Result<Compared> {
    let package = desk.bucket.package(&called(desk, challenger)?)?;
    let schema = package.model.encoder.scoring_schema(&package.schema);
    let key = schema.with_role(Role::Key).map(|field| field.name.clone());
    let scorer = scorer(&desk.settings, package, key, challenger)?;
    let output = beside(scored, ".challenger.csv");
    let week = Week {
        inputs: vec![desk.input(&desk.bring(file)?)],
        output: &output,
        options: options(&desk.settings, Repeats::Rejected),
        reject_limit: desk.settings.data.reject_limit,
    };
    score(&scorer, &schema, week, None, &|_| ())?;
    compare(scored, &output, desk.settings.data.limits)
}

/// How the challenger's scores differ from the champion's.
#[derive(Debug, Default, PartialEq)]
struct Compared {
    customers: u64,
    /// The challenger's.
    mean_probability: f64,
    /// The challenger's less the champion's.
    mean_difference: f64,
    mean_absolute_difference: f64,
    /// Customers whom the challenger puts into another risk band.
    in_another_band: u64,
}

/// Compares two scored files of the same rows, in the same order, as streams.
fn compare(champions: &Path, challengers: &Path, limits: Limits) -> Result<Compared> {
    let (mut first, mut second) = (Scores::open(champions, limits)?, Scores::open(challengers, limits)?);
    let mut compared = Compared::default();
    loop {
        match (first.next()?, second.next()?) {
            (None, None) => break,
            (Some((champion, champion_band)), Some((challenger, challenger_band))) => {
                compared.customers += 1;
                compared.mean_probability += challenger;
                compared.mean_difference += challenger - champion;
                compared.mean_absolute_difference += (challenger - champion).abs();
                compared.in_another_band += u64::from(champion_band != challenger_band);
            }
            _ => anyhow::bail!("champion and challenger scored different rows: this is a fault of winback"),
        }
    }
    let customers = compared.customers.max(1) as f64;
    compared.mean_probability /= customers;
    compared.mean_difference /= customers;
    compared.mean_absolute_difference /= customers;
    Ok(compared)
}

/// Probabilities and bands of a scored file, one after the other.
struct Scores {
    reader: TableReader,
    waiting: std::vec::IntoIter<(f64, String)>,
}

impl Scores {
    fn open(file: &Path, limits: Limits) -> Result<Self> {
        let fields = [("churn_probability", Kind::Number), ("risk_band", Kind::Category)];
        let fields = fields.map(|(name, kind)| Field::new(name, kind, Role::Feature)).to_vec();
        let reader = TableReader::new(
            inputs(&[file.to_owned()], limits),
            &Schema::new(fields, None)?,
            Options::default(),
        );
        Ok(Self { reader, waiting: Vec::new().into_iter() })
    }

    fn next(&mut self) -> Result<Option<(f64, String)>> {
        loop {
            if let Some(next) = self.waiting.next() {
                return Ok(Some(next));
            }
            let Some(batch) = self.reader.next_batch().users("cannot read a scored file")? else {
                return Ok(None);
            };
            let probabilities = batch.rows["churn_probability"].as_primitive::<Float64Type>();
            let bands = batch.rows["risk_band"].as_string::<i32>();
            let rows =
                (0..batch.rows.num_rows()).map(|row| (probabilities.value(row), bands.value(row).to_owned()));
            self.waiting = rows.collect::<Vec<_>>().into_iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_are_compared_row_by_row() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, rows: &str| {
            let path = place.path().join(name);
            std::fs::write(&path, format!("id,churn_probability,risk_band\n{rows}")).unwrap();
            path
        };
        let first = write("a.csv", "1,0.5,high\n2,0.25,medium\n");
        let second = write("b.csv", "1,0.75,high\n2,0.125,low\n");
        let compared = compare(&first, &second, Limits::default()).unwrap();
        let expected = Compared {
            customers: 2,
            mean_probability: 0.4375,
            mean_difference: 0.0625,
            mean_absolute_difference: 0.1875,
            in_another_band: 1,
        };
        assert_eq!(compared, expected);
        let short = write("c.csv", "1,0.75,high\n");
        assert!(compare(&first, &short, Limits::default()).is_err());
    }
}
