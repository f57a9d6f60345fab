//! The inner loops of learning, scoring and explaining with oblivious trees: slices and numbers, nothing else.
//!
//! Of each there is a plain definition ([`reference`]), portable code that a compiler can vectorise, and, where it pays,
//! variants for AVX2 and AVX-512. All give the same bits on every input, so a model does not depend on the machine that
//! made it. Which variant runs is decided by a [`Cpu`], a value that can only be had for what the machine has.
//!
//! Lengths are checked here, once, in safe wrappers; `unsafe` is what calls into code compiled for more than the
//! baseline, and what loads its registers.

mod borders;
mod cpu;
mod portable;
pub mod reference;
#[cfg_attr(not(target_arch = "x86_64"), path = "elsewhere.rs")]
mod x86;

#[cfg(test)]
mod contract;

pub use borders::{Borders, MOST_BORDERS};
pub use cpu::{Cpu, UnknownCpu};

/// Questions of a tree at most.
pub const MOST_QUESTIONS: usize = 6;
/// Entries of a table by leaf: what so many answers can number.
pub const LEAVES: usize = 1 << MOST_QUESTIONS;
/// Bins of a column.
pub const BINS: usize = 256;
/// Columns whose bins are packed into one word, and whose histograms are filled together.
pub const COLUMNS_A_WORD: usize = 8;
/// The unit of [`Cpu::gradients`]'s margins, in log-odds: 2⁻²⁴.
pub const MARGIN_UNIT: f32 = 1.0 / 16_777_216.0;
/// The unit of [`Cpu::gradients`]'s results: 2⁻³⁰.
pub const GRADIENT_UNIT: f64 = 1.0 / 1_073_741_824.0;

/// A question as rows answer it: is the bin, less `shift`, above `above`?
///
/// With a shift of one the bin 0, which means missing, becomes 255 and answers yes; without, it answers no.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The column's bins of all rows.
    pub bins: &'a [u8],
    /// What is taken off each bin first, wrapping; 0 or 1.
    pub shift: u8,
    /// A shifted bin above this one answers yes.
    pub above: u8,
}

/// Gradient and hessian of some rows in one number: gradient times 2³² plus hessian.
///
/// Neither half may leave 31 bits, in any sum that is formed; hessians are not negative. Then sums and differences of
/// packed numbers are those of both halves.
pub type Packed = i64;

/// Packs a gradient and a hessian.
#[inline]
#[must_use]
pub const fn pack(gradient: i32, hessian: i32) -> Packed {
    ((gradient as i64) << 32) + hessian as i64
}

/// The gradient of a packed number.
#[inline]
#[must_use]
pub const fn gradient(packed: Packed) -> i32 {
    (packed >> 32) as i32
}

/// The hessian of a packed number.
#[inline]
#[must_use]
pub const fn hessian(packed: Packed) -> i32 {
    packed as i32
}

/// How packed gradients become what leaves are worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The unit of packed gradients.
    pub gradient: f32,
    /// The unit of packed hessians.
    pub hessian: f32,
    /// The weight of squared leaf values.
    pub l2: f32,
}

/// How rows are drawn: the larger a row's gradient, the likelier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// The square of what is added to every gradient, so that small ones are drawn too.
    pub floor: f32,
    /// The square of the gradient from which a row is always drawn.
    pub certain: f32,
    /// What the luck of all rows depends on.
    pub seed: u32,
}

impl Draw {
    /// The chance of a row with this gradient (in units of 2⁻³⁰): √(g² + floor) / √certain, at most 1.
    #[must_use]
    pub fn chance(self, gradient: i32) -> f32 {
        (reference::square(gradient, self.floor) / self.certain).sqrt().min(1.0)
    }
}

/// The histograms of eight columns: packed sums by bin.
pub type Histograms = [[Packed; BINS]; COLUMNS_A_WORD];

impl Cpu {
    /// The bin of each value: 0 where it is missing (NaN), else one more than the borders not above it.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn bins(self, borders: &Borders, values: &[f32], bins: &mut [u8]) {
        assert_eq!(values.len(), bins.len(), "a bin for each value");
        match self.isa() {
            Some(isa) => x86::bins(isa, borders, values, bins),
            None => portable::bins(borders, values, bins),
        }
    }

    /// The leaf of each row: bit k is set where it answers yes to question k.
    ///
    /// # Panics
    /// When there are more than [`MOST_QUESTIONS`], or a question has another number of rows.
    pub fn leaves(self, questions: &[Question<'_>], leaves: &mut [u8]) {
        assert!(questions.len() <= MOST_QUESTIONS, "a leaf has six bits");
        assert!(questions.iter().all(|question| question.bins.len() == leaves.len()), "a leaf for each row");
        match self.isa() {
            Some(isa) => x86::leaves(isa, questions, leaves),
            None => portable::leaves(questions, leaves),
        }
    }

    /// Adds to each row's sum the entry of its leaf, wrapping; of a leaf the lower six bits count.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn add_table(self, table: &[i32; LEAVES], leaves: &[u8], sums: &mut [i32]) {
        assert_eq!(leaves.len(), sums.len(), "a sum for each leaf");
        match self.isa() {
            Some(isa) => x86::add_table(isa, table, leaves, sums),
            None => portable::add_table(table, leaves, sums),
        }
    }

    /// Gradient and hessian of the log loss by each row's margin (in [`MARGIN_UNIT`]s) and label, in units of 2⁻³⁰.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn gradients(self, margins: &[i32], labels: &[bool], gradients: &mut [i32], hessians: &mut [i32]) {
        let rows = margins.len();
        assert!(
            labels.len() == rows && gradients.len() == rows && hessians.len() == rows,
            "a label, a gradient and a hessian for each margin"
        );
        match self.isa() {
            Some(isa) => x86::gradients(isa, margins, labels, gradients, hessians),
            None => portable::gradients(margins, labels, gradients, hessians),
        }
    }

    /// Which rows are drawn into a sample, 1 or 0: row `first + k` by gradient k, with the chance of
    /// [`Draw::chance`] and luck that depends on the row's number and the draw's seed alone.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn draw(self, draw: Draw, first: u32, gradients: &[i32], drawn: &mut [u8]) {
        assert_eq!(gradients.len(), drawn.len(), "an answer for each gradient");
        match self.isa() {
            Some(isa) => x86::draw(isa, draw, first, gradients, drawn),
            None => portable::draw(draw, first, gradients, drawn),
        }
    }

    /// Adds to each border's gain what parting one leaf there is worth: G²/(H + λ) of the bins up to the border, plus
    /// that of the rest of `total`. The border after a bin has the bin's index.
    ///
    /// # Panics
    /// When there are more than [`BINS`] bins, or not one gain for each.
    pub fn gains(self, histogram: &[Packed], total: Packed, scale: Scale, gains: &mut [f32]) {
        assert!(histogram.len() <= BINS, "at most 256 bins");
        assert_eq!(histogram.len(), gains.len(), "a gain for each bin");
        match self.isa() {
            Some(isa) => x86::gains(isa, histogram, total, scale, gains),
            None => portable::gains(histogram, total, scale, gains),
        }
    }

    /// Adds the packed gradients of rows to the histograms of eight columns. Gradient k is that of row `rows[k]`, whose
    /// bins are the bytes of `words[rows[k]]`, the lowest that of the first column.
    ///
    /// # Panics
    /// When `rows` and `gradients` differ in length, or a row has no word.
    pub fn histograms(self, words: &[u64], rows: &[u32], gradients: &[Packed], sums: &mut Histograms) {
        assert_eq!(rows.len(), gradients.len(), "a gradient for each row");
        portable::histograms(words, rows, gradients, sums);
    }

    /// Moves rows that answer yes behind those that answer no, keeping the order among each; answers how many say no.
    /// The bin of a row is byte `column` of its word; gradients move with their rows. `spare` is room to work in.
    ///
    /// # Panics
    /// When the slices differ in length, or a row has no word.
    pub fn partition(
        self,
        question: WordQuestion<'_>,
        rows: &mut [u32],
        gradients: &mut [Packed],
        spare: &mut Vec<(u32, Packed)>,
    ) -> usize {
        assert_eq!(rows.len(), gradients.len(), "a gradient for each row");
        portable::partition(question, rows, gradients, spare)
    }
}

/// A question to rows whose bins are packed into words.
#[derive(Debug, Clone, Copy)]
pub struct WordQuestion<'a> {
    /// A word for each row.
    pub words: &'a [u64],
    /// Which byte of the word is asked, 0 to 7.
    pub column: usize,
    /// What is taken off each bin first, wrapping; 0 or 1.
    pub shift: u8,
    /// A shifted bin above this one answers yes.
    pub above: u8,
}

impl WordQuestion<'_> {
    /// Whether a row with this word answers yes.
    #[inline]
    #[must_use]
    pub fn is_yes(&self, word: u64) -> bool {
        ((word >> (8 * self.column)) as u8).wrapping_sub(self.shift) > self.above
    }
}
