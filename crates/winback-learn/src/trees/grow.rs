//! One tree: level by level, the question that parts all leaves best.
//!
//! Packed gradients are integers, so histograms are exact whatever the order of rows and the number of threads. Of two
//! sister leaves only the smaller is summed; the other is what its parent has left.

use rayon::prelude::*;
use winback_kernels::{
    BINS, COLUMNS_A_WORD, Cpu, Histograms, Packed, Scale, WordQuestion, gradient, hessian, reference::worth,
};
use winback_table::Trend;

use super::sample::Sample;
use super::words::Words;
use super::{Matrix, Question};

/// Rows whose histograms one thread sums; more are halved.
const ROWS_A_TASK: usize = 1 << 15;

/// Room to grow trees in, reused from tree to tree.
pub(super) struct Grower {
    cpu: Cpu,
    /// What is known of each column.
    columns: Vec<Column>,
    /// For each eight columns the histograms of the leaves.
    histograms: Vec<Vec<Histograms>>,
    /// Positions in the sample, leaf by leaf, and their gradients.
    rows: Vec<u32>,
    gradients: Vec<Packed>,
    /// Whether work is worth sharing among threads.
    is_shared: bool,
}

/// What is known of a column before any tree.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// Bins in use.
    bins: usize,
    /// Whether some rows have no value.
    has_missing: bool,
    /// Which side of a question may have the higher risk.
    trend: Option<Trend>,
}

/// The best question of some columns at one level.
#[derive(Debug, Clone, Copy)]
struct Best {
    gain: f32,
    question: Question,
}

/// The rows of a leaf in [`Grower::rows`].
type Segment = std::ops::Range<usize>;

impl Grower {
    pub(super) fn new(cpu: Cpu, matrix: &Matrix, trends: &[Option<Trend>], is_shared: bool) -> Self {
        let column = |(bins, trend): (&Vec<u8>, &Option<Trend>)| Column {
            bins: bins.iter().max().map_or(0, |bin| usize::from(*bin) + 1),
            has_missing: bins.contains(&0),
            trend: *trend,
        };
        let columns: Vec<Column> = if is_shared {
            matrix.columns.par_iter().zip(trends).map(column).collect()
        } else {
            matrix.columns.iter().zip(trends).map(column).collect()
        };
        let groups = columns.len().div_ceil(COLUMNS_A_WORD);
        Self {
            cpu,
            columns,
            histograms: vec![Vec::new(); groups],
            rows: Vec::new(),
            gradients: Vec::new(),
            is_shared,
        }
    }

    /// The questions of a tree of at most `depth` levels on a sample, whose bins are `words`; fewer where no question
    /// helps.
    pub(super) fn grow(&mut self, words: &Words, sample: &Sample, depth: usize, l2: f64) -> Vec<Question> {
        let rows = sample.packed.len();
        self.rows.clear();
        self.rows.extend(0..rows as u32);
        self.gradients.clone_from(&sample.packed);
        let scale = sample.scale(l2);
        let whole: Segment = 0..rows;
        let mut segments = vec![whole];
        let mut questions = Vec::with_capacity(depth);
        while questions.len() < depth {
            self.sum(words, &segments);
            let Some(best) = self.best(&segments, scale) else { break };
            questions.push(best);
            if questions.len() < depth {
                segments = self.part(words, best, &segments);
            }
        }
        questions
    }

    /// Brings every histogram from the leaves of the level above to `segments`.
    fn sum(&mut self, words: &Words, segments: &[Segment]) {
        let Self { cpu, rows, gradients, is_shared, .. } = self;
        let (cpu, is_shared) = (*cpu, *is_shared);
        let of = |segment: &Segment| (&rows[segment.clone()], &gradients[segment.clone()]);
        let sum_group = |(histograms, words): (&mut Vec<Histograms>, &Vec<u64>)| {
            histograms.resize(segments.len().max(histograms.len()), [[0; BINS]; COLUMNS_A_WORD]);
            if segments.len() == 1 {
                let (rows, gradients) = of(&segments[0]);
                sum_rows(cpu, words, rows, gradients, &mut histograms[0], is_shared);
                return;
            }
            let (noes, yeses) = segments.split_at(segments.len() / 2);
            let (parents, others) = histograms.split_at_mut(noes.len());
            let sum_pair =
                |((parent, other), (no, yes)): ((&mut Histograms, &mut Histograms), (&Segment, &Segment))| {
                    let (rows, gradients) = of(if yes.len() <= no.len() { yes } else { no });
                    sum_rows(cpu, words, rows, gradients, other, is_shared);
                    for (sums, other) in parent.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
                        *sums = sums.wrapping_sub(*other);
                    }
                    if no.len() < yes.len() {
                        std::mem::swap(parent, other);
                    }
                };
            if is_shared {
                let pairs = parents.par_iter_mut().zip(others.par_iter_mut());
                pairs.zip(noes.par_iter().zip(yeses)).for_each(sum_pair);
            } else {
                parents.iter_mut().zip(others).zip(noes.iter().zip(yeses)).for_each(sum_pair);
            }
        };
        if is_shared {
            self.histograms.par_iter_mut().zip(&words.groups).for_each(sum_group);
        } else {
            self.histograms.iter_mut().zip(&words.groups).for_each(sum_group);
        }
    }

    /// The question with the highest gain, if it takes anything off the loss; of equals the first column's, and of its
    /// questions the one with the lowest bin.
    fn best(&self, segments: &[Segment], scale: Scale) -> Option<Question> {
        let first_column = |leaf: usize| self.histograms[0][leaf][0].iter().sum::<Packed>();
        let totals: Vec<Packed> = (0..segments.len()).map(first_column).collect();
        let unparted: f32 = totals.iter().map(|total| worth(*total, scale)).sum();
        let of_group = |(group, columns): (usize, &[Column])| {
            let of_column = |(place, column): (usize, &Column)| {
                let histograms = self.histograms[group][..segments.len()].iter().map(|group| &group[place]);
                let leaves = histograms.zip(&totals).zip(segments).filter(|(_, segment)| !segment.is_empty());
                best_of_column(self.cpu, leaves.map(|(leaf, _)| leaf), *column, scale)
                    .map(|best| best.of_column(group * COLUMNS_A_WORD + place))
            };
            columns.iter().enumerate().filter_map(of_column).reduce(Best::better)
        };
        let groups = self.columns.chunks(COLUMNS_A_WORD).enumerate();
        let best = if self.is_shared {
            let groups: Vec<(usize, &[Column])> = groups.collect();
            let found: Vec<Option<Best>> = groups.into_par_iter().map(of_group).collect();
            found.into_iter().flatten().reduce(Best::better)
        } else {
            groups.filter_map(of_group).reduce(Best::better)
        };
        // What rounding may bring is no gain.
        best.filter(|best| best.gain > unparted * 1.000_001 + 1e-9).map(|best| best.question)
    }

    /// Parts the rows of each leaf by a question, keeping their order.
    fn part(&mut self, words: &Words, question: Question, segments: &[Segment]) -> Vec<Segment> {
        let (shift, above) = question.shifted();
        let column = usize::from(question.column);
        let asked = WordQuestion {
            words: &words.groups[column / COLUMNS_A_WORD],
            column: column % COLUMNS_A_WORD,
            shift,
            above,
        };
        let cpu = self.cpu;
        // Leaves are numbered by answers, but lie side by side in the order in which they were parted.
        let mut in_order: Vec<usize> = (0..segments.len()).collect();
        in_order.sort_unstable_by_key(|leaf| segments[*leaf].start);
        let (mut rows, mut gradients) = (self.rows.as_mut_slice(), self.gradients.as_mut_slice());
        let mut leaves = Vec::with_capacity(segments.len());
        for leaf in in_order {
            let (these_rows, other_rows) = rows.split_at_mut(segments[leaf].len());
            let (these_gradients, other_gradients) = gradients.split_at_mut(segments[leaf].len());
            leaves.push((leaf, these_rows, these_gradients));
            (rows, gradients) = (other_rows, other_gradients);
        }
        let part = |spare: &mut Vec<(u32, Packed)>,
                    (leaf, rows, gradients): (usize, &mut [u32], &mut [Packed])| {
            (leaf, cpu.partition(asked, rows, gradients, spare))
        };
        let noes: Vec<(usize, usize)> = if self.is_shared {
            leaves.into_par_iter().map_init(Vec::new, part).collect()
        } else {
            let mut spare = Vec::new();
            leaves.into_iter().map(|leaf| part(&mut spare, leaf)).collect()
        };
        let mut parted = vec![0..0; segments.len() * 2];
        for (leaf, noes) in noes {
            let Segment { start, end } = segments[leaf];
            parted[leaf] = start..start + noes;
            parted[leaf + segments.len()] = start + noes..end;
        }
        parted
    }
}

impl Best {
    fn of_column(self, column: usize) -> Self {
        Self { question: Question { column: column as u16, ..self.question }, ..self }
    }

    /// The better of two; the first if they are equal.
    fn better(self, other: Self) -> Self {
        if other.gain > self.gain { other } else { self }
    }
}

/// The best question of one column, by the histogram and the total of each leaf; the question's column is left open.
fn best_of_column<'a>(
    cpu: Cpu,
    leaves: impl Iterator<Item = (&'a [Packed; BINS], &'a Packed)>,
    column: Column,
    scale: Scale,
) -> Option<Best> {
    let bins = column.bins;
    let (mut below, mut above) = ([0.0; BINS], [0.0; BINS]);
    for (histogram, total) in leaves {
        let add = |histogram: &[Packed], gains: &mut [f32]| match column.trend {
            Some(trend) => ordered_gains(histogram, *total, trend, scale, gains),
            None => cpu.gains(histogram, *total, scale, gains),
        };
        add(&histogram[..bins], &mut below[..bins]);
        if column.has_missing {
            // Without their bin among those up to the border, missing values count as beyond it.
            add(&histogram[1..bins], &mut above[1..bins]);
        }
    }
    let found = |gains: &[f32], first: usize, missing_is_above: bool| {
        // The last border has nothing above it.
        let borders = first..bins.saturating_sub(1);
        let best = borders.reduce(|best, bin| if gains[bin] > gains[best] { bin } else { best })?;
        let question = Question { column: 0, bin: best as u8, missing_is_above };
        Some(Best { gain: gains[best], question })
    };
    let below = found(&below, 0, false);
    let above = if column.has_missing { found(&above, 1, true) } else { None };
    below.into_iter().chain(above).reduce(Best::better)
}

/// What parting one leaf at each border is worth, where one side must not have the higher value: nothing more than the
/// leaf as it is if it has, for then both sides will get one value.
fn ordered_gains(histogram: &[Packed], total: Packed, trend: Trend, scale: Scale, gains: &mut [f32]) {
    let unparted = worth(total, scale);
    // How far a leaf's value lies below zero.
    let fall = |sums: Packed| {
        let curvature = hessian(sums) as f32 * scale.hessian + scale.l2;
        gradient(sums) as f32 * scale.gradient / curvature
    };
    let mut no: Packed = 0;
    for (gain, bin) in gains.iter_mut().zip(histogram) {
        no = no.wrapping_add(*bin);
        let yes = total.wrapping_sub(no);
        let is_in_order = match trend {
            Trend::Rising => fall(yes) <= fall(no),
            Trend::Falling => fall(no) <= fall(yes),
        };
        *gain += if is_in_order { worth(no, scale) + worth(yes, scale) } else { unparted };
    }
}

/// The histograms of some rows; of many, both halves are summed side by side.
fn sum_rows(
    cpu: Cpu,
    words: &[u64],
    rows: &[u32],
    gradients: &[Packed],
    sums: &mut Histograms,
    is_shared: bool,
) {
    if is_shared && rows.len() > ROWS_A_TASK {
        let middle = rows.len() / 2;
        let mut others = Box::new([[0; BINS]; COLUMNS_A_WORD]);
        rayon::join(
            || sum_rows(cpu, words, &rows[..middle], &gradients[..middle], sums, true),
            || sum_rows(cpu, words, &rows[middle..], &gradients[middle..], &mut others, true),
        );
        for (sum, other) in sums.as_flattened_mut().iter_mut().zip(others.as_flattened()) {
            *sum = sum.wrapping_add(*other);
        }
        return;
    }
    *sums = [[0; BINS]; COLUMNS_A_WORD];
    cpu.histograms(words, rows, gradients, sums);
}

#[cfg(test)]
mod tests;
