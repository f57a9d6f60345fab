//! Reports as plain data: what a page shows, before anything is drawn.
//!
//! A [`ModelReport`] says how good a model is and what moves it, a [`ScoredReport`] what a scored file holds and how
//! its customers differ from the training's, a [`ProfileReport`] what a history looks like. All are built by pure
//! functions and hold no reader's markup; `crate::page` renders them.

mod calibration;
mod curves;
mod effects;
mod groups;
mod model;
mod population;
mod profile;
mod quarantine;
mod scored;
mod segments;
mod shares;
mod thresholds;

pub use calibration::{Calibration, CalibrationBin, ScoreBin};
pub use curves::{Curves, Point};
pub use effects::{Dependence, DependencePoint, Effects, Swarm, SwarmDot};
pub(crate) use groups::{MISSING, OTHER};
pub use model::{Evidence, ModelReport, Origin, model_report};
pub use population::{ColumnShift, Population, Share, Verdict};
pub use profile::{ProfileColumn, ProfileReport, ShownFinding};
pub use quarantine::{Quarantine, QuarantineCount, QuarantineLine};
pub use scored::{About, BandShares, Gathering, Previous, PreviousShares, ScoredReport, TopCustomer};
pub use segments::{Segment, Segmented};
pub use thresholds::{Threshold, thresholds};

use serde::Serialize;
use winback_learn::metrics::Interval;

/// A figure with its 95 % interval, as a report holds it.
pub type Figure = Interval;

/// A column as it is spoken of, and as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The name in the file.
    pub column: String,
    /// The name that the bank gave it, else the name in the file.
    pub shown: String,
}

impl Named {
    pub(crate) fn new(schema: &winback_table::Schema, column: &str) -> Self {
        let wording = schema.field(column).and_then(|field| field.wording.name.as_deref());
        let shown = wording.map(str::trim).filter(|name| !name.is_empty()).unwrap_or(column);
        Self { column: column.to_owned(), shown: shown.to_owned() }
    }
}

/// Whether borders part whole numbers: each lies in the middle between two, and some between neighbours.
pub(crate) fn is_whole(borders: &[f32]) -> bool {
    let is_half = |border: f32| (border.fract().abs() - 0.5).abs() < 1e-6;
    let is_between = |border: f32| is_half(border) || border.fract().abs() < 1e-6;
    borders.iter().all(|border| is_between(*border)) && borders.iter().any(|border| is_half(*border))
}

/// A time by its days since 1970, as a date.
pub(crate) fn date_shown(days: f64) -> String {
    groups::value_shown(winback_table::Kind::Time, days)
}
