//! An even choice of the numbers of a column, in bounded memory.

/// Numbers kept for quantiles.
pub(super) const KEPT_NUMBERS: usize = 1 << 14;
/// Buckets of a sketch.
pub(super) const BUCKETS: usize = 8;

/// Every n-th number of a column, n doubling whenever the sample is full: all numbers of a small file, an even
/// choice of a large one, the same for the same rows.
#[derive(Debug, Clone)]
pub struct Sample {
    kept: Vec<f64>,
    capacity: usize,
    stride: u64,
    seen: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self::new(KEPT_NUMBERS)
    }
}

impl Sample {
    /// A sample of at most `capacity` numbers, at least two.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { kept: Vec::new(), capacity: capacity.max(2), stride: 1, seen: 0 }
    }

    /// Considers the next number of the column.
    pub fn add(&mut self, value: f64) {
        // The stride is a power of two.
        if self.seen & (self.stride - 1) == 0 {
            if self.kept.len() >= self.capacity {
                let mut index = 0;
                self.kept.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.stride *= 2;
            }
            if self.seen.is_multiple_of(self.stride) {
                self.kept.push(value);
            }
        }
        self.seen += 1;
    }

    /// The numbers kept, in ascending order.
    #[must_use]
    pub fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }

    pub(super) fn buckets(&self) -> Vec<u64> {
        let sorted = self.sorted();
        let Some(last) = sorted.len().checked_sub(1) else { return Vec::new() };
        let (low, high) = (sorted[last / 100], sorted[last - last / 100]);
        let width = (high - low) / BUCKETS as f64;
        let mut counts = vec![0; BUCKETS];
        for value in sorted {
            let bucket = if width > 0.0 { ((value - low) / width).max(0.0) as usize } else { 0 };
            counts[bucket.min(BUCKETS - 1)] += 1;
        }
        counts
    }
}
