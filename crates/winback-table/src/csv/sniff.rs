//! How a CSV file is written: its delimiter and encoding, told from its beginning.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

/// The encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// ISO 8859-1: every byte is a character.
    Latin1,
}

impl Encoding {
    /// The encoding of this name, in the spellings people use.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "utf8" => Some(Self::Utf8),
            "latin1" | "iso88591" => Some(Self::Latin1),
            _ => None,
        }
    }
}

/// How a CSV file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The byte between two fields.
    pub delimiter: u8,
    /// The encoding of the text.
    pub encoding: Encoding,
}

/// As much of a file as is looked at.
const SAMPLE: u64 = 1 << 20;
const SAMPLE_RECORDS: usize = 100;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Tells the dialect from the beginning of the unpacked bytes; `delimiter` and `encoding` win where they are given.
pub(crate) fn sniff(
    reader: &mut dyn Read,
    delimiter: Option<u8>,
    encoding: Option<Encoding>,
) -> io::Result<Dialect> {
    let mut sample = Vec::new();
    reader.take(SAMPLE).read_to_end(&mut sample)?;
    Ok(Dialect {
        delimiter: delimiter.unwrap_or_else(|| likely_delimiter(&sample)),
        encoding: encoding.unwrap_or_else(|| likely_encoding(&sample)),
    })
}

fn likely_encoding(sample: &[u8]) -> Encoding {
    match std::str::from_utf8(sample) {
        Ok(_) => Encoding::Utf8,
        // A sample may end within a character: only what is wrong before its end speaks against UTF-8.
        Err(error) if error.error_len().is_none() => Encoding::Utf8,
        Err(_) => Encoding::Latin1,
    }
}

/// The delimiter under which most records have as many fields as the header; of equals, the one with more fields.
fn likely_delimiter(sample: &[u8]) -> u8 {
    let mut best = (0.0, 0, b',');
    for delimiter in DELIMITERS {
        let counts = field_counts(sample, delimiter);
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
        let mut reader = text;
        assert_eq!(sniff(&mut reader, None, None).unwrap(), Dialect { delimiter, encoding });
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
    fn a_byte_that_is_not_utf8_means_latin1() {
        check(b"name,n\nM\xfcller,1\n", b',', Encoding::Latin1);
        check("name,n\nMüller,1\n".as_bytes(), b',', Encoding::Utf8);
    }
}
