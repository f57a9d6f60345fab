//! The numbers of a column under each reading of its cells: the column may turn out to have decimal points or decimal
//! commas, and that is known only when all of it was read.

use super::extremes::Extremes;
use super::sample::Sample;
use crate::Numbers;
use crate::oddity::Place;

/// The range, an even choice and the outermost of some numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    pub(super) range: Option<(f64, f64)>,
    pub(super) sample: Sample,
    pub(super) extremes: Extremes,
}

impl Figures {
    fn add(&mut self, number: f64, place: &Place) {
        let (low, high) = self.range.unwrap_or((number, number));
        self.range = Some((low.min(number), high.max(number)));
        self.sample.add(number);
        self.extremes.add(number, place);
    }
}

/// Those of a column, as both signs would have it.
#[derive(Debug, Clone, Default)]
pub(super) struct Readings {
    as_point: Figures,
    /// None as long as both are the same.
    as_comma: Option<Box<Figures>>,
}

impl Readings {
    /// With samples of at most `kept` numbers.
    pub(super) fn new(kept: usize) -> Self {
        Self { as_point: Figures { sample: Sample::new(kept), ..Figures::default() }, as_comma: None }
    }

    /// Considers a cell by what it is with a decimal point and with a decimal comma, where it is a number then.
    pub(super) fn add(&mut self, as_point: Option<f64>, as_comma: Option<f64>, place: &Place) {
        let bits = |number: Option<f64>| number.map(f64::to_bits);
        if self.as_comma.is_none() && bits(as_point) != bits(as_comma) {
            self.as_comma = Some(Box::new(self.as_point.clone()));
        }
        if let Some(number) = as_point {
            self.as_point.add(number, place);
        }
        if let (Some(figures), Some(number)) = (&mut self.as_comma, as_comma) {
            figures.add(number, place);
        }
    }

    /// Those in a notation; without one, those that all notations share, if they do.
    pub(super) fn of(&self, numbers: Option<Numbers>) -> Option<&Figures> {
        match (numbers, &self.as_comma) {
            (Some(Numbers::Comma), Some(as_comma)) => Some(as_comma),
            (None, Some(_)) => None,
            _ => Some(&self.as_point),
        }
    }
}
