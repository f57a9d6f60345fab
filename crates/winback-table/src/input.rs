//! Where the bytes of a file come from: a trait with the little that readers need, a local file, and memory.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;

mod unpack;

pub use self::unpack::{Limits, Packing, PackingFlaw, unpacked};

/// A file that can be read from its start, again and again, and in ranges.
pub trait Input: Send + Sync + fmt::Debug {
    /// The name to use in messages, as the user gave it.
    fn name(&self) -> &str;

    /// The bytes from the start.
    ///
    /// # Errors
    /// When the file cannot be opened.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;

    /// The number of bytes.
    ///
    /// # Errors
    /// When the file cannot be asked.
    fn size(&self) -> io::Result<u64>;

    /// `length` bytes from `start`.
    ///
    /// # Errors
    /// When the range is not in the file.
    fn range(&self, start: u64, length: usize) -> io::Result<Bytes>;

    /// Reads ranges as [`Self::range`] does, for those who want many: a file is opened once.
    ///
    /// # Errors
    /// When the file cannot be opened.
    fn ranges(&self) -> io::Result<Ranges<'_>> {
        Ok(Box::new(|start, length| self.range(start, length)))
    }

    /// How far packed bytes may swell.
    fn limits(&self) -> Limits {
        Limits::default()
    }
}

/// Answers as many bytes as asked for, from where they are asked for.
pub type Ranges<'a> = Box<dyn FnMut(u64, usize) -> io::Result<Bytes> + 'a>;

/// A file on a local disk.
#[derive(Debug, Clone)]
pub struct FileInput {
    path: PathBuf,
    name: String,
    limits: Limits,
}

impl FileInput {
    /// The file at `path`, called by that path in messages.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), name: path.display().to_string(), limits: Limits::default() }
    }

    /// The same file under another name in messages.
    #[must_use]
    pub fn called(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// The same file with limits of its own.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// What the system says of it. Whoever opened a pipe or a device could wait for ever, and each file is read more than
    /// once.
    fn look(&self) -> io::Result<Metadata> {
        let metadata = self.path.metadata()?;
        if metadata.is_file() || metadata.is_dir() {
            return Ok(metadata);
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe, a socket or a device; name a file"))
    }
}

impl Input for FileInput {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        self.look()?;
        Ok(Box::new(File::open(&self.path)?))
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.look()?.len())
    }

    fn range(&self, start: u64, length: usize) -> io::Result<Bytes> {
        self.ranges()?(start, length)
    }

    fn ranges(&self) -> io::Result<Ranges<'_>> {
        let size = self.look()?.len();
        let mut file = File::open(&self.path)?;
        Ok(Box::new(move |start, length| {
            // A damaged file may ask for more than there is; nothing is set aside for that.
            if start.checked_add(length as u64).is_none_or(|end| end > size) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            file.seek(SeekFrom::Start(start))?;
            let mut bytes = vec![0; length];
            file.read_exact(&mut bytes)?;
            Ok(bytes.into())
        }))
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

/// A file in memory.
#[derive(Debug, Clone)]
pub struct MemoryInput {
    name: String,
    bytes: Bytes,
    limits: Limits,
}

impl MemoryInput {
    /// Bytes under a name.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), bytes: bytes.into(), limits: Limits::default() }
    }

    /// The same bytes with limits of their own.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

impl Input for MemoryInput {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.bytes.clone())))
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }

    fn range(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let start = usize::try_from(start).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(length)?));
        match range {
            Some(range) if range.end <= self.bytes.len() => Ok(self.bytes.slice(range)),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

/// What a file holds, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Delimited text, perhaps compressed.
    Csv,
    /// Parquet.
    Parquet,
}

/// Tells the format by the first bytes, which cannot lie as an ending can.
///
/// # Errors
/// When the file cannot be read.
pub fn format(input: &dyn Input) -> io::Result<Format> {
    let mut start = [0; 4];
    let filled = fill(&mut input.open()?, &mut start)?;
    Ok(if filled == 4 && &start == b"PAR1" { Format::Parquet } else { Format::Csv })
}

/// Reads until `buffer` is full or the end is reached; answers how much there was.
pub(crate) fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
