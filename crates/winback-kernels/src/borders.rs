//! The borders of a column, laid out for a search in two steps of sixteen comparisons each.

/// Borders a column may have, so that bins fit a byte: 0 is missing, 1 to 255 lie between borders.
pub const MOST_BORDERS: usize = 254;

/// Comparisons in a step.
pub(crate) const STEP: usize = 16;

/// Ascending borders. A value's bin is 0 if it is missing, else one more than the borders not above it.
///
/// The borders stand in sixteen blocks of sixteen; the first step counts the blocks whose last border is not above the
/// value, the second the borders within the next block. Room that is left is NaN, which compares with nothing.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub struct Borders {
    pub(crate) pivots: [f32; STEP],
    pub(crate) blocks: [[f32; STEP]; STEP],
}

impl Borders {
    /// Lays out borders.
    ///
    /// # Panics
    /// When there are more than [`MOST_BORDERS`], or they do not ascend.
    #[must_use]
    pub fn new(borders: &[f32]) -> Self {
        assert!(borders.len() <= MOST_BORDERS, "bins fit a byte");
        assert!(borders.windows(2).all(|pair| pair[0] < pair[1]), "borders ascend");
        assert!(borders.iter().all(|border| !border.is_nan()), "a border is a number");
        let mut blocks = [[f32::NAN; STEP]; STEP];
        for (block, some) in blocks.iter_mut().zip(borders.chunks(STEP)) {
            block[..some.len()].copy_from_slice(some);
        }
        Self { pivots: std::array::from_fn(|block| blocks[block][STEP - 1]), blocks }
    }
}
