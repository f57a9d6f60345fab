//! Answers to leaves, and leaves to sums.

use crate::{LEAVES, Question};

/// Rows whose answers are gathered at once: a register of bytes, whatever its width.
const GROUP: usize = 64;

/// See [`crate::Cpu::leaves`]. A loop for each number of questions, so that a leaf is put together in a register.
#[inline(always)]
pub(crate) fn leaves(questions: &[Question<'_>], leaves: &mut [u8]) {
    match *questions {
        [] => leaves.fill(0),
        [a] => answers([a], leaves),
        [a, b] => answers([a, b], leaves),
        [a, b, c] => answers([a, b, c], leaves),
        [a, b, c, d] => answers([a, b, c, d], leaves),
        [a, b, c, d, e] => answers([a, b, c, d, e], leaves),
        [a, b, c, d, e, f, ..] => answers([a, b, c, d, e, f], leaves),
    }
}

#[inline(always)]
fn answers<const QUESTIONS: usize>(questions: [Question<'_>; QUESTIONS], leaves: &mut [u8]) {
    let (groups, _) = leaves.as_chunks_mut::<GROUP>();
    let rest_from = groups.len() * GROUP;
    let columns = questions.map(|question| question.bins.as_chunks::<GROUP>().0);
    for (group, leaves) in groups.iter_mut().enumerate() {
        let bins: [&[u8; GROUP]; QUESTIONS] = std::array::from_fn(|bit| &columns[bit][group]);
        for (row, leaf) in leaves.iter_mut().enumerate() {
            *leaf = leaf_of(&questions, |bit| bins[bit][row]);
        }
    }
    for (row, leaf) in leaves.iter_mut().enumerate().skip(rest_from) {
        *leaf = leaf_of(&questions, |bit| questions[bit].bins[row]);
    }
}

/// The leaf of one row, by its bin for each question.
#[inline(always)]
fn leaf_of<const QUESTIONS: usize>(questions: &[Question<'_>; QUESTIONS], bin: impl Fn(usize) -> u8) -> u8 {
    let mut leaf = 0;
    for (bit, question) in questions.iter().enumerate() {
        leaf |= u8::from(bin(bit).wrapping_sub(question.shift) > question.above) << bit;
    }
    leaf
}

/// See [`crate::Cpu::add_table`].
#[inline(always)]
pub(crate) fn add_table(table: &[i32; LEAVES], leaves: &[u8], sums: &mut [i32]) {
    for (sum, leaf) in sums.iter_mut().zip(leaves) {
        *sum = sum.wrapping_add(table[usize::from(*leaf) % LEAVES]);
    }
}
