//! Little-endian numbers, texts and lists, to and from bytes that nobody vouches for.

use crate::{Error, Result};

/// Appends values.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

/// Takes values from the front, and never more than there is.
pub(super) struct Reader<'a>(&'a [u8]);

macro_rules! number {
    ($($type:ident)*) => {
        impl Writer {
            $(pub(super) fn $type(&mut self, value: $type) {
                self.0.extend_from_slice(&value.to_le_bytes());
            })*
        }

        impl Reader<'_> {
            $(pub(super) fn $type(&mut self) -> Result<$type> {
                let (bytes, rest) = self.0.split_first_chunk().ok_or_else(cut)?;
                self.0 = rest;
                Ok($type::from_le_bytes(*bytes))
            })*
        }
    };
}

number!(u8 u16 u32 i32 i64 f32 f64);

fn cut() -> Error {
    Error::ModelFile("it ends too early".to_owned())
}

impl Writer {
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    /// A list: its length, then its items.
    pub(super) fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.u32(items.len() as u32);
        for item in items {
            write(self, item);
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// A list of items that take at least `least_bytes` each, so that a false length cannot ask for endless memory.
    pub(super) fn list<T>(
        &mut self,
        least_bytes: usize,
        mut read: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let length = self.u32()? as usize;
        if length.saturating_mul(least_bytes) > self.0.len() {
            return Err(cut());
        }
        (0..length).map(|_| read(self)).collect()
    }

    pub(super) fn text(&mut self) -> Result<String> {
        let length = self.u32()? as usize;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(cut)?;
        self.0 = rest;
        String::from_utf8(bytes.to_vec()).map_err(|_| Error::ModelFile("a text that is not UTF-8".to_owned()))
    }

    /// Everything must have been taken.
    pub(super) fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::ModelFile(format!("{} bytes too many", self.0.len())))
        }
    }
}
