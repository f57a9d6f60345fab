//! Physical lines of a byte stream, with an independent count of them.
//!
//! The count of line ends is taken on the bytes as they arrive, apart from how lines are then cut and joined into
//! records, so that "read = scored + quarantined" can be checked against something that cannot share its mistakes.

use std::io::{self, Read};

/// No line that a bank means is longer than this, without its end.
pub(crate) const LONGEST_LINE: usize = 1 << 20;

const CHUNK: usize = 1 << 18;

/// Cuts a stream into lines, each with its line end if it has one.
pub(crate) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// The unread part of `buffer`.
    start: usize,
    end: usize,
    at_end: bool,
    newlines: u64,
    last_byte: u8,
}

/// A line within the buffer of [`Lines`].
pub(crate) struct Line<'a> {
    pub(crate) bytes: &'a [u8],
    /// The line was longer than [`LONGEST_LINE`]; only its beginning is here.
    pub(crate) cut: bool,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            at_end: false,
            newlines: 0,
            last_byte: b'\n',
        }
    }

    /// Lines counted so far in the bytes read; at the end of the stream, all lines.
    pub(crate) fn counted(&self) -> u64 {
        self.newlines + u64::from(self.last_byte != b'\n')
    }

    /// The next line, or nothing at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.start..self.end];
            if let Some(found) = memchr::memchr(b'\n', &unread[searched..]) {
                let length = searched + found + 1;
                if length > LONGEST_LINE + 1 {
                    return self.cut_line().map(Some);
                }
                let line = self.start..self.start + length;
                self.start += length;
                return Ok(Some(Line { bytes: &self.buffer[line], cut: false }));
            }
            searched = unread.len();
            if searched > LONGEST_LINE {
                return self.cut_line().map(Some);
            }
            if self.at_end {
                let line = self.start..self.end;
                self.start = self.end;
                return Ok((!line.is_empty()).then(|| Line { bytes: &self.buffer[line], cut: false }));
            }
            self.refill()?;
        }
    }

    /// About so many bytes of whole lines, or all that are left if they are fewer; nothing where none are left, or none
    /// ends within so many bytes.
    pub(crate) fn next_chunk(&mut self, size: usize) -> io::Result<Option<Vec<u8>>> {
        while self.end - self.start < size && !self.at_end {
            self.refill()?;
        }
        let unread = &self.buffer[self.start..self.end];
        let length = if self.at_end && unread.len() <= size {
            unread.len()
        } else {
            memchr::memrchr(b'\n', &unread[..size]).map_or(0, |last| last + 1)
        };
        let chunk = unread[..length].to_vec();
        self.start += length;
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    /// Puts back the chunks that were taken last, in the order of the file, to be read again as lines.
    pub(crate) fn give_back(&mut self, chunks: &[Vec<u8>]) {
        let mut buffer = chunks.concat();
        buffer.extend_from_slice(&self.buffer[self.start..self.end]);
        (self.start, self.end, self.buffer) = (0, buffer.len(), buffer);
    }

    /// Reads past the rest of an overlong line, keeping only its beginning.
    fn cut_line(&mut self) -> io::Result<Line<'_>> {
        let beginning: Vec<u8> = self.buffer[self.start..self.start + LONGEST_LINE].to_vec();
        self.start += LONGEST_LINE;
        loop {
            if self.start == self.end {
                if self.at_end {
                    break;
                }
                self.refill()?;
            }
            match memchr::memchr(b'\n', &self.buffer[self.start..self.end]) {
                Some(found) => {
                    self.start += found + 1;
                    break;
                }
                None => self.start = self.end,
            }
        }
        // The beginning is put before the unread part, so that the answer can borrow from the buffer.
        let rest: Vec<u8> = self.buffer[self.start..self.end].to_vec();
        self.buffer.clear();
        self.buffer.extend_from_slice(&beginning);
        self.buffer.extend_from_slice(&rest);
        self.start = LONGEST_LINE;
        self.end = self.buffer.len();
        Ok(Line { bytes: &self.buffer[..LONGEST_LINE], cut: true })
    }

    fn refill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        self.buffer.resize((self.end + CHUNK).max(self.buffer.len()), 0);
        let count = loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        let arrived = &self.buffer[self.end..self.end + count];
        self.newlines += memchr::memchr_iter(b'\n', arrived).count() as u64;
        self.last_byte = arrived.last().copied().unwrap_or(self.last_byte);
        self.at_end = count == 0;
        self.end += count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> (Vec<(usize, bool)>, u64) {
        let mut lines = Lines::new(text);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.bytes.len(), line.cut));
        }
        (found, lines.counted())
    }

    #[test]
    fn lines_are_cut_at_line_ends_and_counted() {
        assert_eq!(all(b"ab\n\ncd"), (vec![(3, false), (1, false), (2, false)], 3));
        assert_eq!(all(b"ab\r\n"), (vec![(4, false)], 1));
        assert_eq!(all(b""), (vec![], 0));
    }

    #[test]
    fn an_endless_line_is_cut_and_the_next_one_is_whole() {
        let mut text = vec![b'x'; 3 * LONGEST_LINE];
        text.extend_from_slice(b"\nnext\nlast");
        let (found, counted) = all(&text);
        assert_eq!(found, [(LONGEST_LINE, true), (5, false), (4, false)]);
        assert_eq!(counted, 3);
    }

    #[test]
    fn a_line_is_as_long_as_it_may_be_or_cut_whatever_comes_with_it() {
        for (length, expected) in [(0, false), (1, true), (CHUNK - 1, true), (CHUNK, true), (CHUNK + 1, true)]
        {
            for end in ["", "\n", "\nnext\n"] {
                let mut text = vec![b'x'; LONGEST_LINE + length];
                text.extend_from_slice(end.as_bytes());
                let (found, counted) = all(&text);
                let kept = LONGEST_LINE + usize::from(!expected && !end.is_empty());
                let next = (end.len() > 1).then_some((5, false));
                assert!(
                    found.iter().copied().eq([(kept, expected)].into_iter().chain(next)),
                    "{length} {end:?}"
                );
                assert_eq!(counted, found.len() as u64);
            }
        }
    }
}
