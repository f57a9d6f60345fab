//! Which keys have been seen, in memory that hardly grows with their number.
//!
//! Keys are kept as 128-bit hashes. When a million are in memory they are sorted and spilled to a temporary file; what
//! stays behind is a Bloom filter (16 bits a key, so 2 MB a million) and the first hash of every block. A key that is new,
//! as nearly all are, is answered by the filters alone.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use rayon::slice::ParallelSliceMut as _;
use siphasher::sip128::{Hasher128, SipHasher13};

/// Hashes held in memory before they are spilled.
const IN_MEMORY: usize = 1 << 20;
/// Hashes in one block of a spilled run: what one look-up reads.
const BLOCK: usize = 256;
const HASH_BYTES: usize = 16;

/// The hash of a key and, where it counts, its moment. The same in every process.
#[must_use]
pub fn hash(key: &str, time: Option<i64>) -> u128 {
    let mut hasher = SipHasher13::new_with_keys(0x5769_6e62_6163_6b00, 1);
    hasher.write(key.as_bytes());
    if let Some(time) = time {
        hasher.write_u8(0xff);
        hasher.write_i64(time);
    }
    hasher.finish128().as_u128()
}

/// The hash of a row's bytes. The same in every process.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0x5769_6e62_6163_6b00, 2);
    hasher.write(bytes);
    hasher.finish128().as_u128() as u64
}

/// A set of keys that only grows.
#[derive(Debug, Default)]
pub struct KeySet {
    recent: HashSet<u128, BuildHasherDefault<Folded>>,
    runs: Vec<Run>,
}

impl KeySet {
    /// Adds a key's hash; answers whether it is new.
    ///
    /// # Errors
    /// When the temporary file cannot be written or read.
    pub fn insert(&mut self, hash: u128) -> io::Result<bool> {
        for run in &mut self.runs {
            if run.contains(hash)? {
                return Ok(false);
            }
        }
        let is_new = self.recent.insert(hash);
        self.spill_if_full()?;
        Ok(is_new)
    }

    /// Adds hashes one after the other; answers of each whether it is new. In ascending order they lead through memory,
    /// and not about in it, which is much faster.
    ///
    /// # Errors
    /// When the temporary file cannot be written or read.
    pub fn insert_all(&mut self, hashes: &[u128]) -> io::Result<Vec<bool>> {
        let mut are_new = vec![true; hashes.len()];
        for run in &mut self.runs {
            // A look at all of them first, so little work that the processor waits for many lines of memory at once.
            let candidates: Vec<bool> = hashes.iter().map(|hash| run.filter.is_candidate(*hash)).collect();
            for ((hash, is_new), is_candidate) in hashes.iter().zip(&mut are_new).zip(candidates) {
                *is_new = *is_new && !(is_candidate && run.contains(*hash)?);
            }
        }
        for (hash, is_new) in hashes.iter().zip(&mut are_new) {
            *is_new = *is_new && self.recent.insert(*hash);
        }
        self.spill_if_full()?;
        Ok(are_new)
    }

    fn spill_if_full(&mut self) -> io::Result<()> {
        if self.recent.len() >= IN_MEMORY {
            let mut hashes: Vec<u128> = self.recent.drain().collect();
            hashes.par_sort_unstable();
            self.runs.push(Run::spill(&hashes)?);
        }
        Ok(())
    }
}

/// A sorted run of hashes in a temporary file that goes with the process.
#[derive(Debug)]
struct Run {
    file: File,
    length: usize,
    filter: Filter,
    block_starts: Vec<u128>,
}

impl Run {
    fn spill(hashes: &[u128]) -> io::Result<Self> {
        let (file, filter) = rayon::join(|| Self::write(hashes), || Filter::of(hashes));
        let block_starts = hashes.iter().copied().step_by(BLOCK).collect();
        Ok(Self { file: file?, length: hashes.len(), filter, block_starts })
    }

    fn write(hashes: &[u128]) -> io::Result<File> {
        let mut file = BufWriter::new(tempfile::tempfile()?);
        hashes.iter().try_for_each(|hash| file.write_all(&hash.to_le_bytes()))?;
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn contains(&mut self, hash: u128) -> io::Result<bool> {
        if !self.filter.may_contain(hash) {
            return Ok(false);
        }
        let Some(block) = self.block_starts.partition_point(|start| *start <= hash).checked_sub(1) else {
            return Ok(false);
        };
        let mut bytes = [0; BLOCK * HASH_BYTES];
        let bytes = &mut bytes[..(self.length - block * BLOCK).min(BLOCK) * HASH_BYTES];
        self.file.seek(SeekFrom::Start((block * BLOCK * HASH_BYTES) as u64))?;
        self.file.read_exact(bytes)?;
        Ok(bytes.chunks_exact(HASH_BYTES).any(|found| found == hash.to_le_bytes()))
    }
}

/// A Bloom filter whose keys have all their bits in one line of the processor's cache (Putze, Sanders and Singler 2007).
/// At its 16 bits a key about one new key in a thousand looks as if it were there.
#[derive(Debug)]
struct Filter {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line([u64; Filter::LINE_BITS / 64]);

impl Filter {
    const LINE_BITS: usize = 512;
    const BITS_PER_KEY: usize = 16;
    const PROBES: usize = 7;

    fn of(hashes: &[u128]) -> Self {
        let bits = hashes.len() * Self::BITS_PER_KEY;
        let mut filter = Self { lines: vec![Line::default(); bits.div_ceil(Self::LINE_BITS).max(1)] };
        for hash in hashes {
            let line = filter.line(*hash);
            Self::bits(*hash).for_each(|bit| filter.lines[line].0[bit / 64] |= 1 << (bit % 64));
        }
        filter
    }

    /// Whether the first of a hash's bits is there.
    fn is_candidate(&self, hash: u128) -> bool {
        let Line(words) = &self.lines[self.line(hash)];
        let bit = hash as usize % Self::LINE_BITS;
        words[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// Whether all of a hash's bits are there.
    fn may_contain(&self, hash: u128) -> bool {
        let Line(words) = &self.lines[self.line(hash)];
        Self::bits(hash).all(|bit| words[bit / 64] >> (bit % 64) & 1 == 1)
    }

    /// The line of a hash, by its upper half: the half's share of its range is the line's share of the filter.
    fn line(&self, hash: u128) -> usize {
        (((hash >> 64) * self.lines.len() as u128) >> 64) as usize
    }

    /// The bits of a line that stand for a hash, by its lower half, nine bits of it each.
    fn bits(hash: u128) -> impl Iterator<Item = usize> {
        let lower = hash as u64;
        (0..Self::PROBES).map(move |probe| (lower >> (9 * probe)) as usize % Self::LINE_BITS)
    }
}

/// Keys are hashes already: the table takes half of one.
#[derive(Debug, Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, value: u128) {
        // The table goes by the lower bits; a large one should know neighbours by the upper ones, as filters do.
        self.0 = ((value >> 64) as u64).rotate_left(IN_MEMORY.ilog2());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_keys_are_found_in_memory_and_in_spilled_runs() {
        let mut keys = KeySet::default();
        let count = IN_MEMORY as u64 * 2 + 1000;
        let hashes: Vec<u128> = (0..count).map(|index| hash(&index.to_string(), None)).collect();
        for some in hashes.chunks(1 << 16) {
            assert!(keys.insert_all(some).unwrap().iter().all(|is_new| *is_new));
        }
        assert_eq!(keys.runs.len(), 2);
        for index in (0..count).step_by(4099) {
            assert!(!keys.insert(hash(&index.to_string(), None)).unwrap(), "{index} was seen");
        }
    }

    #[test]
    fn of_hashes_added_together_the_first_is_new() {
        let mut keys = KeySet::default();
        assert_eq!(keys.insert_all(&[1, 2, 1, 1]).unwrap(), [true, true, false, false]);
        assert_eq!(keys.insert_all(&[3, 2]).unwrap(), [true, false]);
        assert_eq!(keys.insert_all(&[]).unwrap(), [] as [bool; 0]);
    }

    #[test]
    fn a_filter_knows_its_keys_and_few_others() {
        let count = 100_000;
        let hashes = |from: usize| (from..from + count).map(|key| hash(&key.to_string(), None));
        let filter = Filter::of(&hashes(0).collect::<Vec<_>>());
        assert!(hashes(0).all(|hash| filter.is_candidate(hash) && filter.may_contain(hash)));
        let mistaken = hashes(count).filter(|hash| filter.may_contain(*hash)).count();
        assert!(mistaken < count / 500, "{mistaken} of {count} new keys look known");
    }

    #[test]
    fn a_time_makes_another_key() {
        assert_ne!(hash("a", None), hash("a", Some(0)));
        assert_ne!(hash("a", Some(1)), hash("a", Some(2)));
    }
}
