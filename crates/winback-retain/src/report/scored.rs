//! A scored file's report, gathered batch by batch while the file is scored: memory does not grow with its rows.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, UInt64Type};
use serde::Serialize;
use winback_learn::Model;
use winback_table::keys::{self, KeySet};

use super::{ColumnShift, Population, Quarantine};
use crate::teller::Reason;
use crate::{Bands, ComparedWith, REASONS, RiskBand, Scored};

/// Customers shown.
const SHOWN: usize = 20;

/// Everything a scored file's page shows.
#[derive(Debug, Clone, Serialize)]
pub struct ScoredReport {
    /// The scored file, by name.
    pub file: String,
    /// The model that scored it.
    pub model_version: String,
    /// Rows read.
    pub read: u64,
    /// The customers now.
    pub now: BandShares,
    /// Those of the training, by scores of rows that were not learnt from.
    pub training: BandShares,
    /// Those of the earlier file, if one was named.
    pub previous: Option<PreviousShares>,
    /// The probabilities from which a risk is high, and medium.
    pub bands: [f64; 2],
    /// What the effects behind all reasons are a comparison with.
    pub compared_with: ComparedWith,
    /// The customers most at risk.
    pub top: Vec<TopCustomer>,
    /// How the customers differ from the training's, the largest shift first.
    pub shifts: Vec<ColumnShift>,
    /// What could not be scored.
    pub quarantine: Quarantine,
    /// What a person should know of the file.
    pub notes: Vec<String>,
    /// What speaks against using the model at all, as that it was promoted over closed gates.
    pub warning: Option<String>,
}

/// How many customers are in each band.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct BandShares {
    /// Customers: high, medium, low.
    pub customers: [u64; 3],
    /// Their mean probability.
    pub mean_probability: f64,
}

/// An earlier scored file beside this one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviousShares {
    /// Its name.
    pub file: String,
    /// Its customers.
    pub shares: BandShares,
    /// Customers with a high risk now and not then; nothing where customers have no key.
    pub newly_high: Option<u64>,
}

/// One of the customers most at risk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopCustomer {
    /// The key, or the number of the row.
    pub key: String,
    /// The calibrated probability.
    pub probability: f64,
    /// The band.
    pub band: &'static str,
    /// The reasons, the one to tell first in front.
    pub reasons: Vec<Reason>,
    /// What all other columns add, in calibrated log-odds.
    pub other_effect: f64,
}

/// An earlier scored file: bands, and the keys of its high risks as hashes.
#[derive(Debug, Default)]
pub struct Previous {
    file: String,
    customers: [u64; 3],
    total: f64,
    high: KeySet,
}

impl Previous {
    /// Nothing yet of the file of this name.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), ..Self::default() }
    }

    /// Takes a customer of the earlier file; one without a probability or a known band does not count.
    ///
    /// # Errors
    /// When the keys do not fit in memory and cannot be put aside.
    pub fn add(&mut self, key: &str, probability: f64, band: &str) -> std::io::Result<()> {
        let Some(place) = BANDS.iter().position(|known| known.name() == band) else { return Ok(()) };
        if probability.is_finite() {
            self.customers[place] += 1;
            self.total += probability;
            if place == 0 {
                self.high.insert(keys::hash(key, None))?;
            }
        }
        Ok(())
    }
}

/// The bands in the order of [`BandShares::customers`].
const BANDS: [RiskBand; 3] = [RiskBand::High, RiskBand::Medium, RiskBand::Low];

/// Gathers a report while a file is scored.
#[derive(Debug)]
pub struct Gathering {
    customers: [u64; 3],
    total: f64,
    top: Vec<TopCustomer>,
    groups: Vec<Vec<u64>>,
    quarantine: Quarantine,
    previous: Option<Previous>,
    newly_high: u64,
    has_keys: bool,
}

impl Gathering {
    /// Nothing yet; `previous` is the earlier file, read to its end. `has_keys` says whether customers can be known
    /// again.
    #[must_use]
    pub fn new(previous: Option<Previous>, has_keys: bool) -> Self {
        Self {
            customers: [0; 3],
            total: 0.0,
            top: Vec::new(),
            groups: Vec::new(),
            quarantine: Quarantine::default(),
            previous,
            newly_high: 0,
            has_keys,
        }
    }

    /// Takes the rejected rows of a batch.
    pub fn reject(&mut self, rejects: &[winback_table::Reject]) {
        self.quarantine.add(rejects);
    }

    /// Takes the scored rows of a batch.
    ///
    /// # Errors
    /// When the keys of the earlier file cannot be looked up.
    pub fn add(&mut self, scored: &Scored) -> std::io::Result<()> {
        let lines = Lines(&scored.lines);
        for (row, probability) in scored.probabilities.iter().enumerate() {
            self.total += probability;
            let band = lines.band(row);
            let place = BANDS.iter().position(|known| known.name() == band).unwrap_or(2);
            self.customers[place] += 1;
            if place == 0
                && self.has_keys
                && let Some(previous) = &mut self.previous
            {
                self.newly_high += u64::from(previous.high.insert(keys::hash(&lines.key(row), None))?);
            }
            let is_shown =
                self.top.len() < SHOWN || self.top.last().is_some_and(|last| last.probability < *probability);
            if is_shown {
                let at = self.top.partition_point(|other| other.probability >= *probability);
                self.top.insert(at, lines.customer(row, *probability, BANDS[place].name()));
                self.top.truncate(SHOWN);
            }
        }
        self.groups.resize(scored.groups.len(), Vec::new());
        for (total, groups) in self.groups.iter_mut().zip(&scored.groups) {
            total.resize(groups.len(), 0);
            total.iter_mut().zip(groups).for_each(|(total, rows)| *total += rows);
        }
        Ok(())
    }

    /// The report of the file.
    #[must_use]
    pub fn finish(self, model: &Model, population: &Population, about: About) -> ScoredReport {
        let shares = |customers: [u64; 3], total: f64| BandShares {
            customers,
            mean_probability: total / customers.iter().sum::<u64>().max(1) as f64,
        };
        let newly_high = self.has_keys.then_some(self.newly_high);
        ScoredReport {
            file: about.file,
            model_version: about.model_version,
            read: about.read,
            now: shares(self.customers, self.total),
            training: training(model),
            previous: self.previous.map(|previous| PreviousShares {
                shares: shares(previous.customers, previous.total),
                file: previous.file,
                newly_high,
            }),
            bands: model.bands.map(|multiple| multiple * model.base_rate),
            compared_with: ComparedWith::Training,
            top: self.top,
            shifts: population.shifts(&self.groups),
            quarantine: self.quarantine,
            notes: about.notes,
            warning: about.warning,
        }
    }
}

/// What a report says of a file that its rows do not tell.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// The file's name.
    pub file: String,
    /// The model that scored it.
    pub model_version: String,
    /// Rows read.
    pub read: u64,
    /// What a person should know of it.
    pub notes: Vec<String>,
    /// What speaks against using the model at all, as that it was promoted over closed gates.
    pub warning: Option<String>,
}

/// The bands of the training's customers, by their out-of-fold probabilities.
fn training(model: &Model) -> BandShares {
    let grid = &model.out_of_fold_grid;
    let mut customers = [0; 3];
    if let Ok(bands) = Bands::new(model.bands[0], model.bands[1]) {
        for probability in grid {
            let band = bands.band(*probability, model.base_rate);
            customers[BANDS.iter().position(|known| *known == band).unwrap_or(2)] += 1;
        }
    }
    BandShares { customers, mean_probability: grid.iter().sum::<f64>() / grid.len().max(1) as f64 }
}

/// The columns of scored lines.
struct Lines<'a>(&'a RecordBatch);

impl Lines<'_> {
    fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.0.column_by_name(name)
    }

    fn key(&self, row: usize) -> String {
        let key = self.0.column(0);
        match key.as_string_opt::<i32>() {
            Some(keys) => keys.value(row).to_owned(),
            None => key
                .as_primitive_opt::<UInt64Type>()
                .map_or_else(String::new, |numbers| numbers.value(row).to_string()),
        }
    }

    fn text(&self, name: &str, row: usize) -> Option<&str> {
        let texts = self.column(name)?.as_string_opt::<i32>()?;
        (!texts.is_null(row)).then(|| texts.value(row))
    }

    fn number(&self, name: &str, row: usize) -> Option<f64> {
        let numbers = self.column(name)?.as_primitive_opt::<Float64Type>()?;
        (!numbers.is_null(row)).then(|| numbers.value(row))
    }

    fn band(&self, row: usize) -> &str {
        self.text("risk_band", row).unwrap_or("low")
    }

    fn customer(&self, row: usize, probability: f64, band: &'static str) -> TopCustomer {
        let reason = |place: usize| {
            Some(Reason {
                words: self.text(&format!("reason_{place}"), row)?.to_owned(),
                column: self.text(&format!("reason_{place}_column"), row)?.to_owned(),
                effect: self.number(&format!("reason_{place}_effect"), row)?,
            })
        };
        TopCustomer {
            key: self.key(row),
            probability,
            band,
            reasons: (1..=REASONS).filter_map(reason).collect(),
            other_effect: self.number("other_effect", row).unwrap_or(0.0),
        }
    }
}
