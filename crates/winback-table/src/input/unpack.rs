//! Packed files: gzip and zstd, told by their first bytes, unpacked as a stream and never beyond the limits.
//!
//! A file that was cut off, is damaged or swells beyond measure ends in an error that carries a [`PackingFlaw`], so that
//! nothing is made of the part that could be read.

use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;

use super::{Input, fill};

/// How far packed bytes may swell before the file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that one packed file may unpack to.
    pub unpacked_bytes: u64,
    /// Unpacked bytes for each packed one, looked at from 64 MiB on: small files may be as regular as they like.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked_bytes: 1_000_000_000_000, ratio: 1000 }
    }
}

impl Limits {
    /// Up to here the ratio does not matter.
    pub const FREE_BYTES: u64 = 64 << 20;

    /// What is wrong with `unpacked` bytes that came from `packed` ones, if anything.
    pub(crate) fn flaw(self, packed: u64, unpacked: u64) -> Option<PackingFlaw> {
        if unpacked > self.unpacked_bytes {
            return Some(PackingFlaw::TooLarge { limit: self.unpacked_bytes });
        }
        let is_dense = unpacked > Self::FREE_BYTES && unpacked / packed.max(1) >= self.ratio;
        is_dense.then_some(PackingFlaw::TooDense { ratio: self.ratio })
    }
}

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// gzip, one member or several.
    Gzip,
    /// Zstandard, one frame or several.
    Zstd,
    /// The pages of a Parquet file.
    Parquet,
}

impl fmt::Display for Packing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Parquet => "Parquet",
        })
    }
}

/// Why a packed file cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackingFlaw {
    /// The bytes end too early.
    #[error("ends before its {0} data do: it was cut off or is still being written; copy it again")]
    Truncated(Packing),
    /// The bytes contradict themselves.
    #[error("holds damaged {0} data; copy it again, or write it anew where it came from")]
    Damaged(Packing),
    /// More unpacked bytes than are allowed.
    #[error(
        "unpacks to more than {}; if it is meant to be so large, raise `unpacked_limit` under `[data]`",
        shown_size(*.limit)
    )]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// More unpacked bytes for each packed one than are allowed.
    #[error(
        "unpacks to more than {ratio} times its size, as files do that are made to fill a machine; if it is meant to, \
         raise `unpacked_ratio_limit` under `[data]`"
    )]
    TooDense {
        /// The limit.
        ratio: u64,
    },
    /// Columns within columns, or lists, that would fill the memory whatever is done.
    #[error(
        "nests its columns deeper than any table, or has lists that may fill a machine; write it anew with plain \
         columns, or in smaller row groups"
    )]
    Nested,
    /// An archive or a format that is not unpacked here.
    #[error("is {what}, which Winback does not open; {way_out}")]
    Foreign {
        /// What it is.
        what: &'static str,
        /// What to do with it.
        way_out: &'static str,
    },
}

impl PackingFlaw {
    /// The flaw that a reading error carries, if it is one.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

fn shown_size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{bytes} bytes"),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

/// Bytes that a format nobody unpacks here begins with, what it is, and the way out.
const FOREIGN: [(&[u8], &str, &str); 5] = [
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV"),
    (b"\xfd7zXZ", "packed with xz", "unpack it with `unxz`, or pack it with gzip or zstd"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it, or pack the file in it with gzip or zstd"),
    (b"Rar!", "a RAR archive", "unpack it, or pack the file in it with gzip or zstd"),
];

/// How many bytes tell the packing.
const MAGIC: usize = 10;

/// What a file is that nobody unpacks here, and the way out.
fn foreign(start: &[u8]) -> Option<(&'static str, &'static str)> {
    // A column may well be called `BZh`: what follows is the level, and the sign of a block or of the end.
    if let [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y']
    | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90] = start
    {
        return Some(("packed with bzip2", "unpack it with `bunzip2`, or pack it with gzip or zstd"));
    }
    let found = FOREIGN.into_iter().find(|(bytes, ..)| start.starts_with(bytes));
    found.map(|(_, what, way_out)| (what, way_out))
}

/// The file's text bytes, unpacked if they are gzip or zstd.
///
/// # Errors
/// When the file cannot be opened, or is packed in a way that is not read here.
pub fn unpacked(input: &dyn Input) -> io::Result<Box<dyn Read + Send>> {
    let mut reader = input.open()?;
    let mut magic = [0; MAGIC];
    let filled = fill(&mut reader, &mut magic)?;
    let start = &magic[..filled];
    if let Some((what, way_out)) = foreign(start) {
        return Err(io::Error::other(PackingFlaw::Foreign { what, way_out }));
    }
    let packing = packing(start);
    let whole = Cursor::new(magic).take(filled as u64).chain(reader);
    let Some(packing) = packing else { return Ok(Box::new(whole)) };
    let taken = Arc::new(AtomicU64::new(0));
    let counted = BufReader::with_capacity(1 << 16, Counted { inner: whole, taken: taken.clone() });
    let inner: Box<dyn Read + Send> = match packing {
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(counted)?),
        Packing::Gzip | Packing::Parquet => Box::new(Members::new(counted)),
    };
    Ok(Box::new(Unpacked { inner, packing, limits: input.limits(), taken, given: 0 }))
}

fn packing(start: &[u8]) -> Option<Packing> {
    // A zstd file may begin with a frame to skip, as those of parallel packers do.
    let is_zstd = start.starts_with(b"\x28\xb5\x2f\xfd")
        || (start.len() >= 4 && start[0] & 0xf0 == 0x50 && start[1..4] == [0x2a, 0x4d, 0x18]);
    match start {
        _ if is_zstd => Some(Packing::Zstd),
        [0x1f, 0x8b, ..] => Some(Packing::Gzip),
        _ => None,
    }
}

/// The members of a gzip file, one after the other, and zeros behind the last one: tapes and some copies fill a block
/// with them.
struct Members<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(packed: R) -> Self {
        Self { member: Some(GzDecoder::new(packed)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            let Some(mut packed) = self.member.take().map(GzDecoder::into_inner) else { break };
            let zeros = skip_zeros(&mut packed)?;
            let is_end = packed.fill_buf()?.is_empty();
            if !is_end && zeros > 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.member = (!is_end).then(|| GzDecoder::new(packed));
        }
        Ok(0)
    }
}

/// Passes over zero bytes; answers how many there were.
fn skip_zeros(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let bytes = reader.fill_buf()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let is_over = zeros < bytes.len() || bytes.is_empty();
        reader.consume(zeros);
        skipped += zeros as u64;
        if is_over {
            return Ok(skipped);
        }
    }
}

/// Counts the packed bytes on their way into the unpacker.
struct Counted<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Unpacked bytes, held against the limits, with errors that say what is wrong with the file.
struct Unpacked {
    inner: Box<dyn Read + Send>,
    packing: Packing,
    limits: Limits,
    taken: Arc<AtomicU64>,
    given: u64,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other(PackingFlaw::Truncated(self.packing)),
            // What an unpacker makes up itself; anything else is what the system said of the file.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                io::Error::other(PackingFlaw::Damaged(self.packing))
            }
            _ => error,
        })?;
        self.given += count as u64;
        match self.limits.flaw(self.taken.load(Ordering::Relaxed), self.given) {
            Some(flaw) => Err(io::Error::other(flaw)),
            None => Ok(count),
        }
    }
}

#[cfg(test)]
mod tests;
