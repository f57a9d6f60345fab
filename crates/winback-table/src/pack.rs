//! Text packed on its way out, as [`crate::input`] unpacks it on its way in.

use std::fmt;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// How hard gzip tries, of 9: little, since a scored file becomes a quarter of its size even so.
const GZIP_LEVEL: u32 = 2;
/// How hard zstd tries, of 22: its own default.
const ZSTD_LEVEL: i32 = 3;

/// An output that packs what is written to it: one gzip member or one zstd frame, which every reader takes.
///
/// It has to be finished: dropped, it may leave a whole file of a part of what was written, which only the name that it
/// has not got yet tells from a finished one.
pub enum Packed<W: Write> {
    /// As it is.
    Plain(W),
    /// As gzip.
    Gzip(GzEncoder<W>),
    /// As Zstandard.
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> fmt::Debug for Packed<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plain(_) => "Packed::Plain",
            Self::Gzip(_) => "Packed::Gzip",
            Self::Zstd(_) => "Packed::Zstd",
        })
    }
}

impl<W: Write> Packed<W> {
    /// What is written goes to `output` as gzip.
    pub fn gzip(output: W) -> Self {
        Self::Gzip(GzEncoder::new(output, Compression::new(GZIP_LEVEL)))
    }

    /// What is written goes to `output` as Zstandard.
    ///
    /// # Errors
    /// When there is no memory for a packer.
    pub fn zstd(output: W) -> io::Result<Self> {
        Ok(Self::Zstd(zstd::Encoder::new(output, ZSTD_LEVEL)?))
    }

    /// Writes what ends the packing and hands the output back.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(output) => Ok(output),
            Self::Gzip(packer) => packer.finish(),
            Self::Zstd(packer) => packer.finish(),
        }
    }
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Gzip(packer) => packer.write(bytes),
            Self::Zstd(packer) => packer.write(bytes),
        }
    }

    /// Flushes what is not packed. What is packed has its last bytes from [`Self::finish`] alone: to end a block early
    /// would only make it larger.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(output) => output.flush(),
            Self::Gzip(_) | Self::Zstd(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::input::{MemoryInput, unpacked};

    fn through(mut packed: Packed<Vec<u8>>, texts: &[&str]) -> (Vec<u8>, String) {
        texts.iter().for_each(|text| packed.write_all(text.as_bytes()).unwrap());
        packed.flush().unwrap();
        let bytes = packed.finish().unwrap();
        let mut text = String::new();
        unpacked(&MemoryInput::new("a", bytes.clone())).unwrap().read_to_string(&mut text).unwrap();
        (bytes, text)
    }

    #[test]
    fn what_is_packed_is_unpacked_again_and_smaller() {
        let text = "C00000251,0.923,high\n".repeat(1000);
        for packed in [Packed::gzip(Vec::new()), Packed::zstd(Vec::new()).unwrap()] {
            let (bytes, unpacked) = through(packed, &["head\n", &text]);
            assert_eq!(unpacked, format!("head\n{text}"));
            assert!(bytes.len() < text.len() / 20, "{} bytes", bytes.len());
        }
        assert_eq!(through(Packed::Plain(Vec::new()), &["a\n"]).0, b"a\n");
    }

    #[test]
    fn nothing_packed_is_nothing_unpacked() {
        for packed in [Packed::gzip(Vec::new()), Packed::zstd(Vec::new()).unwrap()] {
            assert_eq!(through(packed, &[]).1, "");
        }
    }
}
