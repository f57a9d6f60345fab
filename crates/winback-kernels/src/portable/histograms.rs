//! Sums by bin, and rows parted by an answer: both follow single rows through memory, where wide registers do not help.

use crate::{BINS, Histograms, Packed, WordQuestion};

/// See [`crate::Cpu::histograms`]. A byte is always an index into 256 bins, so nothing is checked but the row.
#[inline]
pub(crate) fn histograms(words: &[u64], rows: &[u32], gradients: &[Packed], sums: &mut Histograms) {
    let [a, b, c, d, e, f, g, h] = sums;
    let add = |histogram: &mut [Packed; BINS], bin: u64, gradient: Packed| {
        let sum = &mut histogram[usize::from(bin as u8)];
        *sum = sum.wrapping_add(gradient);
    };
    for (row, gradient) in rows.iter().zip(gradients) {
        let word = words[*row as usize];
        add(a, word, *gradient);
        add(b, word >> 8, *gradient);
        add(c, word >> 16, *gradient);
        add(d, word >> 24, *gradient);
        add(e, word >> 32, *gradient);
        add(f, word >> 40, *gradient);
        add(g, word >> 48, *gradient);
        add(h, word >> 56, *gradient);
    }
}

/// See [`crate::Cpu::partition`]. Every row is written to both places, and only one of them moves on: no branch that a
/// processor could guess wrong.
#[inline]
pub(crate) fn partition(
    question: WordQuestion<'_>,
    rows: &mut [u32],
    gradients: &mut [Packed],
    spare: &mut Vec<(u32, Packed)>,
) -> usize {
    let length = rows.len();
    if spare.len() < length {
        spare.resize(length, (0, 0));
    }
    let (mut noes, mut yeses) = (0, 0);
    for place in 0..length {
        let (row, gradient) = (rows[place], gradients[place]);
        let is_yes = question.is_yes(question.words[row as usize]);
        // Both indices are at most `place`.
        rows[noes] = row;
        gradients[noes] = gradient;
        spare[yeses] = (row, gradient);
        noes += usize::from(!is_yes);
        yeses += usize::from(is_yes);
    }
    let moved = rows[noes..].iter_mut().zip(&mut gradients[noes..]).zip(&spare[..yeses]);
    for ((row, gradient), from) in moved {
        (*row, *gradient) = *from;
    }
    noes
}
