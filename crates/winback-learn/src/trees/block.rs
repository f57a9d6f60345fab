//! Rows go through a forest in blocks that stay near the processor, and are summed in 32 bits where those are enough.

/// Rows that go through all trees before the next ones do.
pub(super) const BLOCK: usize = 512;

/// Where the sums of a block's rows stand for one column. Somewhat longer than a block, so that the sums of one row do
/// not all fall upon the same few lines of a cache, whose number is a power of two.
pub(super) type ColumnSums = [i32; BLOCK + 16];

/// What adds a number of 32 bits to a row's sum, whatever the row.
pub(super) trait Bounded {
    /// The largest size of what is added.
    fn bound(&self) -> u32;
}

/// The trees in groups, as long as can be, of which no sum leaves 32 bits.
pub(super) fn in_groups<T: Bounded>(trees: &[T]) -> Vec<&[T]> {
    let mut groups = Vec::new();
    let (mut from, mut sum) = (0, 0_u64);
    for (index, tree) in trees.iter().enumerate() {
        let bound = u64::from(tree.bound());
        if from < index && sum + bound > i32::MAX as u64 {
            groups.push(&trees[from..index]);
            (from, sum) = (index, 0);
        }
        sum += bound;
    }
    if from < trees.len() {
        groups.push(&trees[from..]);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Bounded for u32 {
        fn bound(&self) -> u32 {
            *self
        }
    }

    #[test]
    fn groups_hold_all_trees_and_never_overflow() {
        let groups = |trees: &[u32]| in_groups(trees).iter().map(|group| group.len()).collect::<Vec<_>>();
        assert_eq!(groups(&[]), [] as [usize; 0]);
        assert_eq!(groups(&[5; 9]), [9]);
        assert_eq!(groups(&[1 << 30, (1 << 30) - 1, 1, 1]), [2, 2]);
        assert_eq!(groups(&[i32::MAX as u32; 3]), [1, 1, 1]);
    }
}
