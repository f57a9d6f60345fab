//! One tree: level by level, the question that parts all leaves best.
//!
//! Gradients are fixed-point integers, so histograms are exact whatever the order of rows and the number of threads.
//! Of two sister leaves only the smaller is summed; the other is what its parent has left.

use rayon::prelude::*;

use super::{Matrix, Question};

/// One unit of a gradient or hessian, a power of two.
pub(super) const GRADIENT_UNIT: f64 = 1.0 / 1_073_741_824.0;

/// Below this many rows times columns the work is too small to share.
const SHARED_WORK: usize = 1 << 19;

/// Gradient and hessian of a row, in units of 2⁻³⁰.
pub(super) type Gradient = [i32; 2];
/// Their sums over rows.
type Sums = [i64; 2];
type Histogram = [Sums; 256];

/// Room to grow trees in, reused from tree to tree.
pub(super) struct Grower<'a> {
    matrix: &'a Matrix,
    /// Bins in use in each column.
    bin_counts: Vec<usize>,
    columns: Vec<Vec<Histogram>>,
    order: Vec<u32>,
    gradients: Vec<Gradient>,
    spare: Vec<(u32, Gradient)>,
}

/// A grown tree before its values: questions, and the sums of each leaf.
pub(super) struct Grown {
    pub(super) questions: Vec<Question>,
    pub(super) sums: Vec<Sums>,
}

/// The best border of one column at one level.
#[derive(Clone, Copy)]
struct Best {
    score: f64,
    column: usize,
    bin: usize,
}

/// The rows of a leaf in `order`.
type Segment = std::ops::Range<usize>;

impl<'a> Grower<'a> {
    pub(super) fn new(matrix: &'a Matrix) -> Self {
        let bin_counts =
            matrix.columns.iter().map(|bins| bins.iter().max().map_or(0, |bin| usize::from(*bin) + 1));
        Self {
            matrix,
            bin_counts: bin_counts.collect(),
            columns: vec![Vec::new(); matrix.columns.len()],
            order: Vec::new(),
            gradients: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Grows a tree of at most `depth` levels on the rows' gradients; stops early where no question helps.
    pub(super) fn grow(&mut self, gradients: &[Gradient], depth: usize, l2: f64) -> Grown {
        self.order.clear();
        self.order.extend(0..gradients.len() as u32);
        self.gradients.clear();
        self.gradients.extend_from_slice(gradients);
        let whole: Segment = 0..gradients.len();
        let mut segments = vec![whole];
        let mut sums = vec![total(gradients)];
        let mut questions = Vec::with_capacity(depth);
        while questions.len() < depth {
            self.fill_histograms(&segments);
            let unsplit: f64 = sums.iter().map(|sums| score(*sums, l2)).sum();
            let best = self.best_question(segments.len(), l2);
            let Some(best) = best.filter(|best| best.score > unsplit * (1.0 + 1e-9) + 1e-9) else { break };
            let question = Question { column: best.column as u16, bin: best.bin as u8 };
            sums = self.split_sums(question, segments.len());
            questions.push(question);
            if questions.len() < depth {
                segments = self.partition(question, &segments);
            }
        }
        Grown { questions, sums }
    }

    /// Brings every column's histograms from the leaves of the level above to `segments`.
    fn fill_histograms(&mut self, segments: &[Segment]) {
        let (matrix, order, gradients) = (self.matrix, &self.order, &self.gradients);
        let fill = |(histograms, bins): (&mut Vec<Histogram>, &Vec<u8>)| {
            histograms.resize(histograms.len().max(segments.len()), [[0; 2]; 256]);
            if segments.len() == 1 {
                accumulate(
                    bins,
                    &order[segments[0].clone()],
                    &gradients[segments[0].clone()],
                    &mut histograms[0],
                );
                return;
            }
            let parents = segments.len() / 2;
            let (left, right) = histograms.split_at_mut(parents);
            for parent in 0..parents {
                let (no, yes) = (segments[parent].clone(), segments[parent + parents].clone());
                let (parent_histogram, other) = (&mut left[parent], &mut right[parent]);
                let smaller = if yes.len() <= no.len() { yes.clone() } else { no.clone() };
                accumulate(bins, &order[smaller.clone()], &gradients[smaller], other);
                for (sums, other) in parent_histogram.iter_mut().zip(other.iter()) {
                    sums[0] -= other[0];
                    sums[1] -= other[1];
                }
                if yes.len() > no.len() {
                    std::mem::swap(parent_histogram, other);
                }
            }
        };
        if matrix.rows * matrix.columns.len() >= SHARED_WORK {
            self.columns.par_iter_mut().zip(&matrix.columns).for_each(fill);
        } else {
            self.columns.iter_mut().zip(&matrix.columns).for_each(fill);
        }
    }

    /// The question with the highest score over `leaves` leaves; of equals the first column and the lowest bin.
    fn best_question(&self, leaves: usize, l2: f64) -> Option<Best> {
        let of_column = |column: usize| {
            let borders = self.bin_counts[column].saturating_sub(1);
            let mut scores = [0.0; 256];
            for histogram in &self.columns[column][..leaves] {
                add_scores(histogram, borders, l2, &mut scores);
            }
            let mut best: Option<Best> = None;
            for (bin, score) in scores[..borders].iter().enumerate() {
                if best.is_none_or(|best| *score > best.score) {
                    best = Some(Best { score: *score, column, bin });
                }
            }
            best
        };
        let found: Vec<Option<Best>> = if self.matrix.rows * self.columns.len() >= SHARED_WORK {
            (0..self.columns.len()).into_par_iter().map(of_column).collect()
        } else {
            (0..self.columns.len()).map(of_column).collect()
        };
        found.into_iter().flatten().reduce(|best, other| if other.score > best.score { other } else { best })
    }

    /// The sums of the leaves that a question makes of `leaves` leaves: first the noes, then the yeses.
    fn split_sums(&self, question: Question, leaves: usize) -> Vec<Sums> {
        let histograms = &self.columns[usize::from(question.column)][..leaves];
        let (no, yes): (Vec<Sums>, Vec<Sums>) = histograms
            .iter()
            .map(|histogram| {
                let (no, yes) = histogram.split_at(usize::from(question.bin) + 1);
                let add = |sums: Sums, bin: &Sums| [sums[0] + bin[0], sums[1] + bin[1]];
                (no.iter().fold([0; 2], add), yes.iter().fold([0; 2], add))
            })
            .unzip();
        no.into_iter().chain(yes).collect()
    }

    /// Parts the rows of each leaf by a question, keeping their order.
    fn partition(&mut self, question: Question, segments: &[Segment]) -> Vec<Segment> {
        let bins = &self.matrix.columns[usize::from(question.column)];
        let mut parted = vec![0..0; segments.len() * 2];
        for (leaf, segment) in segments.iter().enumerate() {
            self.spare.clear();
            let mut next = segment.start;
            for index in segment.clone() {
                let (row, gradient) = (self.order[index], self.gradients[index]);
                if bins[row as usize] > question.bin {
                    self.spare.push((row, gradient));
                } else {
                    self.order[next] = row;
                    self.gradients[next] = gradient;
                    next += 1;
                }
            }
            for (offset, (row, gradient)) in self.spare.iter().enumerate() {
                self.order[next + offset] = *row;
                self.gradients[next + offset] = *gradient;
            }
            parted[leaf] = segment.start..next;
            parted[leaf + segments.len()] = next..segment.end;
        }
        parted
    }
}

fn total(gradients: &[Gradient]) -> Sums {
    gradients.iter().fold([0; 2], |sums, row| [sums[0] + i64::from(row[0]), sums[1] + i64::from(row[1])])
}

/// Sums the gradients of some rows by their bins.
fn accumulate(bins: &[u8], order: &[u32], gradients: &[Gradient], histogram: &mut Histogram) {
    *histogram = [[0; 2]; 256];
    for (row, gradient) in order.iter().zip(gradients) {
        let sums = &mut histogram[usize::from(bins[*row as usize])];
        sums[0] += i64::from(gradient[0]);
        sums[1] += i64::from(gradient[1]);
    }
}

/// What a leaf of these sums takes off the loss, doubled: G² / (H + λ).
fn score(sums: Sums, l2: f64) -> f64 {
    let (gradient, hessian) = (sums[0] as f64 * GRADIENT_UNIT, sums[1] as f64 * GRADIENT_UNIT);
    gradient * gradient / (hessian + l2)
}

/// Adds to each border's score what parting one leaf there is worth.
fn add_scores(histogram: &Histogram, borders: usize, l2: f64, scores: &mut [f64; 256]) {
    let all = histogram[..=borders].iter().fold([0; 2], |sums, bin| [sums[0] + bin[0], sums[1] + bin[1]]);
    if all == [0; 2] {
        return;
    }
    let mut no = [0_i64; 2];
    for (bin, score_here) in histogram[..borders].iter().zip(scores.iter_mut()) {
        no = [no[0] + bin[0], no[1] + bin[1]];
        *score_here += score(no, l2) + score([all[0] - no[0], all[1] - no[1]], l2);
    }
}
