//! How a CSV file is written: its delimiter and encoding, told from its beginning.

use std::borrow::Cow;
use std::io::{self, Read};

use csv_core::ReadRecordResult;

use super::encoding::{Encoding, Transcoded, likely_encoding};

/// How a CSV file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The byte between two fields.
    pub delimiter: u8,
    /// The encoding of the text.
    pub encoding: Encoding,
}

/// As much of a file as is looked at.
pub(crate) const SAMPLE: usize = 1 << 20;
const SAMPLE_RECORDS: usize = 100;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The beginning of the unpacked bytes, which the rest is told from.
pub(crate) fn sample(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut sample = Vec::new();
    reader.take(SAMPLE as u64).read_to_end(&mut sample)?;
    Ok(sample)
}

/// Tells the dialect from a sample; `delimiter` and `encoding` win where they are given.
pub(crate) fn sniff(sample: &[u8], delimiter: Option<u8>, encoding: Option<Encoding>) -> Dialect {
    let told = || likely_encoding(sample);
    let encoding = match encoding {
        // Whoever says UTF-16 may not know which one; the mark does.
        Some(Encoding::Utf16Le | Encoding::Utf16Be)
            if matches!(sample, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) =>
        {
            told()
        }
        Some(encoding) => encoding,
        None => told(),
    };
    Dialect { delimiter: delimiter.unwrap_or_else(|| likely_delimiter(sample, encoding)), encoding }
}

/// A sample with one byte for each character that matters to a CSV reader.
pub(crate) fn as_utf8(sample: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    if !matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
        return Cow::Borrowed(sample);
    }
    let mut decoded = Vec::new();
    let reading = Transcoded::new(sample, encoding == Encoding::Utf16Le).read_to_end(&mut decoded);
    reading.expect("reading from memory cannot fail");
    Cow::Owned(decoded)
}

/// Whether lines seem to end with a carriage return alone, as on a Macintosh before 2001: there are such, and no other
/// line end.
pub(crate) fn has_lone_returns(sample: &[u8]) -> bool {
    !sample.contains(&b'\n') && sample.trim_ascii().contains(&b'\r')
}

/// The delimiter under which most records have as many fields as the header; of equals, the one with more fields.
fn likely_delimiter(sample: &[u8], encoding: Encoding) -> u8 {
    let sample = as_utf8(sample, encoding);
    let mut best = (0.0, 0, b',');
    for delimiter in DELIMITERS {
        let counts = field_counts(&sample, delimiter);
        let Some(&header) = counts.first() else { continue };
        if header < 2 {
            continue;
        }
        let agreeing = counts.iter().filter(|count| **count == header).count() as f64 / counts.len() as f64;
        if agreeing > best.0 || (agreeing >= best.0 && header > best.1) {
            best = (agreeing, header, delimiter);
        }
    }
    best.2
}

fn field_counts(sample: &[u8], delimiter: u8) -> Vec<usize> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = (vec![0; sample.len() + 1], vec![0; sample.len() + 1]);
    let mut input = sample;
    let mut counts = Vec::new();
    while counts.len() < SAMPLE_RECORDS {
        let (result, read, _, fields) = reader.read_record(input, &mut output, &mut ends);
        input = &input[read..];
        match result {
            ReadRecordResult::Record => counts.push(fields),
            // A sample cut within its last record says nothing about that record, unless it is the only one.
            ReadRecordResult::InputEmpty if counts.is_empty() && fields > 0 => {
                counts.push(fields + 1);
                break;
            }
            _ => break,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], delimiter: u8, encoding: Encoding) {
        let sample = sample(&mut &text[..]).unwrap();
        assert_eq!(sniff(&sample, None, None), Dialect { delimiter, encoding });
    }

    #[test]
    fn delimiters_are_told_by_their_regularity() {
        check(b"a,b\n1,2\n", b',', Encoding::Utf8);
        check(b"a;b\n1,5;2,5\n3,5;4\n", b';', Encoding::Utf8);
        check(b"a\tb\tc\nx, y\t2\t3\n", b'\t', Encoding::Utf8);
        check(b"a|b\n\"x|y\"|2\n", b'|', Encoding::Utf8);
        check(b"alone\n1\n", b',', Encoding::Utf8);
    }

    #[test]
    fn the_encoding_is_what_most_characters_say() {
        check(b"name,n\nM\xfcller,1\n", b',', Encoding::Windows1252);
        check("name,n\nMüller,1\n".as_bytes(), b',', Encoding::Utf8);
        check(b"name,n\nM\xc3\xbcller,1\nMei\xdfner,2\n", b',', Encoding::Utf8);
        check(b"name,n\nM\xc3\xbcller,1\nMei\xdfner,2\nB\xf6ll,3\n", b',', Encoding::Windows1252);
        let mut cut = b"name,n\n".repeat(SAMPLE / 7);
        cut.resize(SAMPLE - 1, b'x');
        cut.extend_from_slice("é,1\n".as_bytes());
        check(&cut, b',', Encoding::Utf8);
    }
}
