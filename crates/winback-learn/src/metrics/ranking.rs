//! Measures of the order alone, from rows sorted once; ties share what they have.

/// Rows sorted by descending score, so that measures under many weightings cost one pass each.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// Row indices, the highest score first.
    order: Vec<u32>,
    /// Where each run of equal scores ends in `order`.
    run_ends: Vec<u32>,
}

/// Weight of negatives and positives.
#[derive(Debug, Clone, Copy, Default)]
struct Mass {
    negative: f64,
    positive: f64,
}

impl Mass {
    fn all(self) -> f64 {
        self.negative + self.positive
    }
}

impl Ranking {
    /// Sorts rows by score.
    #[must_use]
    pub fn new(scores: &[f64]) -> Self {
        let mut order: Vec<u32> = (0..scores.len() as u32).collect();
        let score = |row: u32| scores[row as usize];
        order.sort_by(|left, right| score(*right).total_cmp(&score(*left)));
        let mut run_ends: Vec<u32> = (1..order.len())
            .filter(|index| score(order[index - 1]).total_cmp(&score(order[*index])).is_ne())
            .map(|index| index as u32)
            .collect();
        if !order.is_empty() {
            run_ends.push(order.len() as u32);
        }
        Self { order, run_ends }
    }

    /// The runs of equal scores from the highest, each with its weight of negatives and positives.
    fn runs<'a>(&'a self, labels: &'a [bool], weights: Option<&'a [f64]>) -> impl Iterator<Item = Mass> + 'a {
        let mut from = 0;
        self.run_ends.iter().map(move |end| {
            let rows = &self.order[from..*end as usize];
            from = *end as usize;
            let mut mass = Mass::default();
            for row in rows {
                let row = *row as usize;
                let weight = crate::number::weight(weights, row);
                if labels[row] {
                    mass.positive += weight;
                } else {
                    mass.negative += weight;
                }
            }
            mass
        })
    }

    fn total(&self, labels: &[bool], weights: Option<&[f64]>) -> Mass {
        self.runs(labels, weights).fold(Mass::default(), |total, run| Mass {
            negative: total.negative + run.negative,
            positive: total.positive + run.positive,
        })
    }

    /// The area under the ROC curve; nothing when a class is absent.
    #[must_use]
    pub fn roc_auc(&self, labels: &[bool], weights: Option<&[f64]>) -> Option<f64> {
        let total = self.total(labels, weights);
        if total.positive <= 0.0 || total.negative <= 0.0 {
            return None;
        }
        let (mut area, mut above) = (0.0, 0.0);
        for run in self.runs(labels, weights) {
            area += run.negative * (above + run.positive / 2.0);
            above += run.positive;
        }
        Some(area / (total.positive * total.negative))
    }

    /// The mean precision over positives, by steps of equal scores; nothing without positives.
    #[must_use]
    pub fn average_precision(&self, labels: &[bool], weights: Option<&[f64]>) -> Option<f64> {
        let total = self.total(labels, weights);
        if total.positive <= 0.0 {
            return None;
        }
        let mut seen = Mass::default();
        let mut area = 0.0;
        for run in self.runs(labels, weights) {
            seen.negative += run.negative;
            seen.positive += run.positive;
            if run.positive > 0.0 {
                area += run.positive * seen.positive / seen.all();
            }
        }
        Some(area / total.positive)
    }

    /// The largest distance between the score distributions of the classes (Kolmogorov and Smirnov).
    #[must_use]
    pub fn kolmogorov_smirnov(&self, labels: &[bool]) -> Option<f64> {
        let total = self.total(labels, None);
        if total.positive <= 0.0 || total.negative <= 0.0 {
            return None;
        }
        let mut seen = Mass::default();
        let mut largest: f64 = 0.0;
        for run in self.runs(labels, None) {
            seen.negative += run.negative;
            seen.positive += run.positive;
            largest = largest.max((seen.positive / total.positive - seen.negative / total.negative).abs());
        }
        Some(largest)
    }

    /// How much more often the top `percent` of rows are positive than all; ties with the last place share the places.
    #[must_use]
    pub fn lift(&self, labels: &[bool], percent: usize) -> Option<f64> {
        let total = self.total(labels, None);
        if total.positive <= 0.0 {
            return None;
        }
        let places = (self.order.len() * percent).div_ceil(100) as f64;
        let (mut filled, mut positives) = (0.0, 0.0);
        for run in self.runs(labels, None) {
            let taken = run.all().min(places - filled);
            positives += run.positive * taken / run.all();
            filled += taken;
            if filled >= places {
                break;
            }
        }
        Some(positives / places / (total.positive / total.all()))
    }

    /// The standard error of the AUC (DeLong, DeLong and Clarke-Pearson 1988, by midranks).
    #[must_use]
    pub fn delong_standard_error(&self, labels: &[bool]) -> Option<f64> {
        let total = self.total(labels, None);
        if total.positive < 2.0 || total.negative < 2.0 {
            return None;
        }
        let mut above = Mass::default();
        // Sums and sums of squares of each row's placement among the other class.
        let (mut positives, mut negatives) = ([0.0; 2], [0.0; 2]);
        for run in self.runs(labels, None) {
            let below_negative = total.negative - above.negative - run.negative;
            let of_positive = (below_negative + run.negative / 2.0) / total.negative;
            let of_negative = (above.positive + run.positive / 2.0) / total.positive;
            positives = [
                positives[0] + run.positive * of_positive,
                positives[1] + run.positive * of_positive * of_positive,
            ];
            negatives = [
                negatives[0] + run.negative * of_negative,
                negatives[1] + run.negative * of_negative * of_negative,
            ];
            above = Mass { negative: above.negative + run.negative, positive: above.positive + run.positive };
        }
        let variance = |[total, squares]: [f64; 2], rows: f64| {
            ((squares - total * total / rows) / (rows - 1.0)).max(0.0)
        };
        let variance = variance(positives, total.positive) / total.positive
            + variance(negatives, total.negative) / total.negative;
        Some(variance.sqrt())
    }
}
