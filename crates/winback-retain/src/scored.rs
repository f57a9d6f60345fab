//! The scored file: one line per customer, with probability, band, rank and reasons.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, RecordBatch, StringBuilder, UInt64Array};
use arrow::datatypes::{DataType, Field as ArrowField, Schema as ArrowSchema, SchemaRef};
use winback_learn::{Explanation, Model};

use crate::report::{About, Gathering, Population, ScoredReport};
use crate::teller::Teller;
use crate::{Bands, Percentiles, Result, RiskBand};

/// Reasons a customer.
pub const REASONS: usize = 3;
/// The name of the key column where the bank has none: the number of the row in the file, from 1.
pub const ROW_NUMBER: &str = "row";

/// Probabilities and effects are written to so many decimals: far below what any model knows, and the same on every
/// machine.
const DECIMALS: f64 = 1e9;

/// Makes the lines of the scored file from batches of customers.
#[derive(Debug, Clone)]
pub struct Scorer {
    model: Model,
    teller: Teller,
    bands: Bands,
    percentiles: Percentiles,
    population: Population,
    key: Option<String>,
    model_version: String,
    arrow: SchemaRef,
}

/// What scoring a batch gave.
#[derive(Debug, Clone)]
pub struct Scored {
    /// The lines of the scored file.
    pub lines: RecordBatch,
    /// The calibrated probabilities.
    pub probabilities: Vec<f64>,
    /// For each column of the model how many rows have a level that training had too few of, or none.
    pub unknown: Vec<u64>,
    /// For each column of the model the rows of each group of [`Population`].
    pub groups: Vec<Vec<u64>>,
}

impl Scorer {
    /// A scorer for a model; `population` is that of its training, `key` names the column to carry over,
    /// `model_version` is written in every line.
    ///
    /// # Errors
    /// When the model's bands or out-of-fold scores contradict themselves, which a loaded model's do not.
    pub fn new(
        model: Model,
        teller: Teller,
        population: Population,
        key: Option<String>,
        model_version: String,
    ) -> Result<Self> {
        let bands = Bands::new(model.bands[0], model.bands[1])?;
        let percentiles = Percentiles::new(model.out_of_fold_grid.clone())?;
        let arrow = Arc::new(arrow_schema(key.as_deref()));
        Ok(Self { model, teller, bands, percentiles, population, key, model_version, arrow })
    }

    /// The columns of the scored file.
    #[must_use]
    pub fn columns(&self) -> &SchemaRef {
        &self.arrow
    }

    /// The report of a file whose rows `gathering` has seen.
    #[must_use]
    pub fn report(&self, gathering: Gathering, about: About) -> ScoredReport {
        gathering.finish(&self.model, &self.population, about)
    }

    /// Names of the model's columns, in the order of [`Scored::unknown`].
    pub fn model_columns(&self) -> impl Iterator<Item = &str> {
        self.model.encoder.columns.iter().map(|column| column.name.as_str())
    }

    /// The band of a probability.
    #[must_use]
    pub fn band(&self, probability: f64) -> RiskBand {
        self.bands.band(probability, self.model.base_rate)
    }

    /// Scores and explains a batch; `numbers` are the numbers of its rows in the file, from 1.
    ///
    /// # Errors
    /// When the batch lacks a column of the model.
    pub fn score(&self, batch: &RecordBatch, numbers: &[u64]) -> Result<Scored> {
        let explanation = self.model.explain(batch)?;
        let rows = batch.num_rows();
        let probabilities: Vec<f64> = (0..rows).map(|row| explanation.probability(row)).collect();
        let lines = self.lines(batch, numbers, &explanation, &probabilities)?;
        let groups = self.population.count(&explanation.codes);
        Ok(Scored { lines, probabilities, unknown: explanation.unknown, groups })
    }

    fn lines(
        &self,
        batch: &RecordBatch,
        numbers: &[u64],
        explanation: &Explanation,
        probabilities: &[f64],
    ) -> Result<RecordBatch> {
        let key: ArrayRef = match self.key.as_deref().and_then(|key| batch.column_by_name(key)) {
            Some(column) => column.clone(),
            None => Arc::new(UInt64Array::from(numbers.to_vec())),
        };
        let mut probability = Float64Builder::new();
        let mut band = StringBuilder::new();
        let mut percentile = Float64Builder::new();
        let mut words: [StringBuilder; REASONS] = Default::default();
        let mut columns: [StringBuilder; REASONS] = Default::default();
        let mut effects: [Float64Builder; REASONS] = Default::default();
        let mut other = Float64Builder::new();
        let mut version = StringBuilder::new();
        let telling = self.teller.of(batch);
        let mut sentence = String::new();
        for (row, share) in probabilities.iter().enumerate() {
            probability.append_value(rounded(*share));
            band.append_value(self.band(*share).name());
            percentile.append_value(self.percentiles.rank(*share));
            let chosen = telling.choose(explanation.of_row(row), REASONS);
            for place in 0..REASONS {
                let Some(&(column, effect)) = chosen.reasons.get(place) else {
                    words[place].append_null();
                    columns[place].append_null();
                    effects[place].append_null();
                    continue;
                };
                sentence.clear();
                telling.push_words(row, column, effect, &mut sentence);
                words[place].append_value(&sentence);
                columns[place].append_value(telling.name(column));
                effects[place].append_value(rounded(effect));
            }
            other.append_value(rounded(chosen.other_effect));
            version.append_value(&self.model_version);
        }
        let mut arrays: Vec<ArrayRef> =
            vec![key, Arc::new(probability.finish()), Arc::new(band.finish()), Arc::new(percentile.finish())];
        arrays.extend(words.iter_mut().map(|words| Arc::new(words.finish()) as ArrayRef));
        for (column, effect) in columns.iter_mut().zip(&mut effects) {
            arrays.push(Arc::new(column.finish()));
            arrays.push(Arc::new(effect.finish()));
        }
        arrays.push(Arc::new(other.finish()));
        arrays.push(Arc::new(version.finish()));
        Ok(RecordBatch::try_new(self.arrow.clone(), arrays)?)
    }
}

fn rounded(value: f64) -> f64 {
    (value * DECIMALS).round() / DECIMALS
}

fn arrow_schema(key: Option<&str>) -> ArrowSchema {
    let text = |name: String| ArrowField::new(name, DataType::Utf8, true);
    let number = |name: String| ArrowField::new(name, DataType::Float64, true);
    let key = match key {
        Some(key) => ArrowField::new(key, DataType::Utf8, true),
        None => ArrowField::new(ROW_NUMBER, DataType::UInt64, true),
    };
    let mut fields = vec![
        key,
        number("churn_probability".to_owned()),
        text("risk_band".to_owned()),
        number("risk_percentile".to_owned()),
    ];
    fields.extend((1..=REASONS).map(|place| text(format!("reason_{place}"))));
    for place in 1..=REASONS {
        fields.push(text(format!("reason_{place}_column")));
        fields.push(number(format!("reason_{place}_effect")));
    }
    fields.push(number("other_effect".to_owned()));
    fields.push(text("model_version".to_owned()));
    ArrowSchema::new(fields)
}
