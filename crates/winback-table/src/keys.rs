//! Which keys have been seen, in memory that hardly grows with their number.
//!
//! Keys are kept as 128-bit hashes. When a million are in memory they are sorted and spilled to a temporary file; what
//! stays behind is a Bloom filter (10 bits a key, so 1.25 MB a million) and the first hash of every block. A key that
//! is new, as nearly all are, is answered by the filters alone.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};

use siphasher::sip128::{Hasher128, SipHasher13};

/// Hashes held in memory before they are spilled.
const IN_MEMORY: usize = 1 << 20;
/// Hashes in one block of a spilled run: what one look-up reads.
const BLOCK: usize = 256;
const HASH_BYTES: usize = 16;
const BITS_PER_KEY: usize = 10;
const PROBES: u64 = 7;

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
        if !self.recent.insert(hash) {
            return Ok(false);
        }
        if self.recent.len() >= IN_MEMORY {
            let mut hashes: Vec<u128> = self.recent.drain().collect();
            hashes.sort_unstable();
            self.runs.push(Run::spill(&hashes)?);
        }
        Ok(true)
    }
}

/// A sorted run of hashes in a temporary file that goes with the process.
#[derive(Debug)]
struct Run {
    file: File,
    length: usize,
    filter: Vec<u64>,
    block_starts: Vec<u128>,
}

impl Run {
    fn spill(hashes: &[u128]) -> io::Result<Self> {
        let mut file = BufWriter::new(tempfile::tempfile()?);
        let mut filter = vec![0_u64; (hashes.len() * BITS_PER_KEY).div_ceil(64)];
        for hash in hashes {
            file.write_all(&hash.to_le_bytes())?;
            for bit in probes(*hash, filter.len()) {
                filter[bit / 64] |= 1 << (bit % 64);
            }
        }
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Self {
            file,
            length: hashes.len(),
            filter,
            block_starts: hashes.iter().copied().step_by(BLOCK).collect(),
        })
    }

    fn contains(&mut self, hash: u128) -> io::Result<bool> {
        if !probes(hash, self.filter.len()).all(|bit| self.filter[bit / 64] >> (bit % 64) & 1 == 1) {
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

/// The bits of a filter that stand for a hash (double hashing, Kirsch and Mitzenmacher 2006).
fn probes(hash: u128, words: usize) -> impl Iterator<Item = usize> {
    let (first, second) = (hash as u64, (hash >> 64) as u64 | 1);
    let bits = (words * 64) as u64;
    (0..PROBES).map(move |index| (first.wrapping_add(index.wrapping_mul(second)) % bits) as usize)
}

/// Keys are hashes already: the table takes half of one as it is.
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
        self.0 = value as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_keys_are_found_in_memory_and_in_spilled_runs() {
        let mut keys = KeySet::default();
        let count = IN_MEMORY as u64 * 2 + 1000;
        for index in 0..count {
            assert!(keys.insert(hash(&index.to_string(), None)).unwrap(), "{index} is new");
        }
        assert_eq!(keys.runs.len(), 2);
        for index in (0..count).step_by(4099) {
            assert!(!keys.insert(hash(&index.to_string(), None)).unwrap(), "{index} was seen");
        }
    }

    #[test]
    fn a_time_makes_another_key() {
        assert_ne!(hash("a", None), hash("a", Some(0)));
        assert_ne!(hash("a", Some(1)), hash("a", Some(2)));
    }
}
