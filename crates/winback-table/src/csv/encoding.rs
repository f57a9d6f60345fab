//! How the bytes of a text file stand for characters: told from its beginning, turned to UTF-8.
//!
//! Single-byte encodings are decoded field by field, after lines are cut, since all that matters to a CSV reader is the
//! same byte in all of them. UTF-16 is not like that: [`Transcoded`] turns it to UTF-8 before lines are cut.

use std::borrow::Cow;
use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::sniff::SAMPLE;

/// The encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// ISO 8859-1: every byte is a character.
    Latin1,
    /// Windows-1252: Latin-1 with letters, quotes and the euro where Latin-1 has control characters.
    Windows1252,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
}

impl Encoding {
    /// The names that settings take, for a message.
    pub const NAMES: &str = "`utf-8`, `windows-1252`, `latin-1`, `utf-16le` and `utf-16be`";

    /// The encoding of this name, in the spellings people use.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "utf8" => Some(Self::Utf8),
            "latin1" | "iso88591" => Some(Self::Latin1),
            "windows1252" | "cp1252" => Some(Self::Windows1252),
            "utf16" | "utf16le" => Some(Self::Utf16Le),
            "utf16be" => Some(Self::Utf16Be),
            _ => None,
        }
    }

    /// The name that settings take.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Latin1 => "latin-1",
            Self::Windows1252 => "windows-1252",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }

    /// Whether one byte is always one character.
    pub(crate) fn is_single_byte(self) -> bool {
        matches!(self, Self::Latin1 | Self::Windows1252)
    }

    /// Bytes of a line as text, for people; what is no text becomes a replacement character.
    pub(crate) fn shown(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Latin1 => encoding_rs::mem::decode_latin1(bytes),
            Self::Windows1252 => WINDOWS_1252.decode_without_bom_handling(bytes).0,
            // UTF-16 has become UTF-8 before lines were cut.
            Self::Utf8 | Self::Utf16Le | Self::Utf16Be => String::from_utf8_lossy(bytes),
        }
    }
}

/// Tells the encoding from the beginning of a file.
///
/// A byte order mark decides; without one, zero bytes at every other place tell UTF-16. Else it is UTF-8, if what is
/// beyond ASCII is at least as often a character of UTF-8 as it is a byte that cannot be one: one byte gone bad must not
/// turn every `é` of a file to nonsense; its row is rejected as not being text. What is left is taken for Windows-1252,
/// which agrees with Latin-1 on every character of text: a euro sign may well come after the part that is looked at.
pub(crate) fn likely_encoding(sample: &[u8]) -> Encoding {
    match sample {
        [0xff, 0xfe, ..] => return Encoding::Utf16Le,
        [0xfe, 0xff, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    if let Some(encoding) = zero_bytes_tell(sample) {
        return encoding;
    }
    // A sample that was cut may end within a character: its last line says nothing.
    let whole_lines = sample.iter().rposition(|byte| *byte == b'\n').filter(|_| sample.len() == SAMPLE);
    let (mut characters, mut bad_bytes) = (0, 0);
    for chunk in sample[..whole_lines.unwrap_or(sample.len())].utf8_chunks() {
        characters += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        bad_bytes += chunk.invalid().len();
    }
    if bad_bytes <= characters { Encoding::Utf8 } else { Encoding::Windows1252 }
}

/// UTF-16 without a mark: the delimiters, digits and line ends of any table have one zero byte each, all on one side.
fn zero_bytes_tell(sample: &[u8]) -> Option<Encoding> {
    let beginning = &sample[..sample.len().min(1 << 16)];
    let zeros = |first: usize| beginning.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    let pairs = beginning.len() / 2;
    let many = |zeros: usize, others: usize| zeros > 1 && zeros * 8 > pairs && zeros > 16 * others;
    if many(low_first, high_first) {
        Some(Encoding::Utf16Le)
    } else if many(high_first, low_first) {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// The byte that stands for what is no character: no UTF-8 text has it, so the row is rejected as not being text.
const NO_TEXT: u8 = 0xff;
const CHUNK: usize = 1 << 16;

/// A stream of UTF-16 as a stream of UTF-8, without its byte order mark.
pub(crate) struct Transcoded<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// The part of `input` not yet decoded.
    pending: std::ops::Range<usize>,
    output: Vec<u8>,
    /// How much of `output` was handed out.
    given: usize,
    at_end: bool,
    is_done: bool,
}

impl<R: Read> Transcoded<R> {
    /// A stream whose bytes have the low one first, or the high one.
    pub(crate) fn new(inner: R, low_first: bool) -> Self {
        let encoding = if low_first { UTF_16LE } else { UTF_16BE };
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: vec![0; CHUNK],
            pending: 0..0,
            output: Vec::new(),
            given: 0,
            at_end: false,
            is_done: false,
        }
    }

    /// Decodes what is pending, or the next bytes of the stream.
    fn refill(&mut self) -> io::Result<()> {
        if self.pending.is_empty() && !self.at_end {
            let count = loop {
                match self.inner.read(&mut self.input) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.pending = 0..count;
            self.at_end = count == 0;
        }
        self.given = 0;
        // Two bytes become at most three; what does not fit stays pending.
        self.output.resize(2 * CHUNK, 0);
        let source = &self.input[self.pending.clone()];
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            source,
            &mut self.output[..2 * CHUNK - 1],
            self.at_end,
        );
        self.pending.start += read;
        self.output.truncate(written);
        match result {
            DecoderResult::Malformed(..) => self.output.push(NO_TEXT),
            DecoderResult::InputEmpty => self.is_done = self.at_end,
            DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.output.len() {
            if self.is_done {
                return Ok(0);
            }
            self.refill()?;
        }
        let count = buffer.len().min(self.output.len() - self.given);
        buffer[..count].copy_from_slice(&self.output[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, low_first: bool) -> Vec<u8> {
        let pair = |unit: u16| if low_first { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(pair).collect()
    }

    #[test]
    fn marks_and_zero_bytes_tell_utf_16() {
        for (low_first, encoding) in [(true, Encoding::Utf16Le), (false, Encoding::Utf16Be)] {
            assert_eq!(likely_encoding(&utf16("\u{feff}id\n", low_first)), encoding);
            assert_eq!(likely_encoding(&utf16("id,n\na,1\n", low_first)), encoding);
            assert_eq!(likely_encoding(&utf16("имя;возраст\nАнна;31\n", low_first)), encoding);
        }
        assert_eq!(likely_encoding(b"id,n\na,\0\n"), Encoding::Utf8);
        assert_eq!(likely_encoding(b""), Encoding::Utf8);
        assert_eq!(likely_encoding(b"\0\0\0\0\0\0\0\0"), Encoding::Utf8);
    }

    #[test]
    fn utf_16_becomes_utf_8_however_it_arrives() {
        let text = format!("\u{feff}id,name\n{}", "1,Zoë 🦀 Müller\n".repeat(9000));
        for low_first in [true, false] {
            let mut found = String::new();
            let bytes = utf16(&text, low_first);
            Transcoded::new(Dribble(&bytes), low_first).read_to_string(&mut found).unwrap();
            assert_eq!(found, text[3..]);
        }
    }

    #[test]
    fn half_a_character_is_no_text_and_costs_nothing_else() {
        let mut bytes = utf16("a,b\n", true);
        bytes.extend([0x00, 0xd8]);
        bytes.extend(utf16("x\nc", true));
        bytes.push(b'!');
        let mut found = Vec::new();
        Transcoded::new(bytes.as_slice(), true).read_to_end(&mut found).unwrap();
        assert_eq!(found, b"a,b\n\xffx\nc\xff");
    }

    /// Gives three bytes at a time, so that characters are cut.
    struct Dribble<'a>(&'a [u8]);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(3);
            self.0.read(&mut buffer[..count])
        }
    }

    #[test]
    fn encodings_have_names() {
        for encoding in
            [Encoding::Utf8, Encoding::Latin1, Encoding::Windows1252, Encoding::Utf16Le, Encoding::Utf16Be]
        {
            assert_eq!(Encoding::named(encoding.name()), Some(encoding));
            assert!(Encoding::NAMES.contains(encoding.name()));
        }
        assert_eq!(Encoding::named("CP-1252"), Some(Encoding::Windows1252));
        assert_eq!(Encoding::named("ebcdic"), None);
    }
}
