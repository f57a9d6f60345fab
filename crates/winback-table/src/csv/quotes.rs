//! Whether the quotes of a record stand where a writer puts them: around whole fields.
//!
//! The parser takes a quote anywhere, as it must. Where a closing quote is missing, the next quote of the file closes
//! the field instead, and the rows between become part of it, often with the right number of fields. What gives such a
//! record away is where its quotes stand.

/// Whether every quote of a record, with its line ends, opens a field at its beginning, closes one at its end, or is
/// doubled within one.
pub(super) fn stand_right(record: &[u8], delimiter: u8) -> bool {
    let mut rest = record;
    loop {
        // Here a field begins.
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let Some(after) = after_quoted(quoted) else { return false };
            rest = after;
            match rest.split_first() {
                None => return true,
                Some((byte, _)) if *byte == delimiter || matches!(byte, b'\r' | b'\n') => {}
                Some(_) => return false,
            }
        }
        match memchr::memchr2(delimiter, b'"', rest) {
            None => return true,
            Some(found) if rest[found] == b'"' => return false,
            Some(found) => rest = &rest[found + 1..],
        }
    }
}

/// What comes after a quoted field whose opening quote is already taken; nothing if it does not close.
fn after_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let closing = memchr::memchr(b'"', rest)?;
        rest = &rest[closing + 1..];
        match rest.strip_prefix(b"\"") {
            Some(doubled) => rest = doubled,
            None => return Some(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_around_fields_stand_right() {
        for record in [
            "",
            "\n",
            "1,2\n",
            "\"1\",\"2\"\r\n",
            "\"a\nb\",2\n",
            "\"a \"\"b\"\"\",2",
            "\"\",\"\"",
            "\"\"\"\"\n",
            ",\"x\"",
        ] {
            assert!(stand_right(record.as_bytes(), b','), "{record:?}");
        }
        assert!(stand_right(b"\"a,b\";2\n", b';'));
    }

    #[test]
    fn quotes_within_and_beside_fields_do_not() {
        for record in [
            "1,\"hello\n2,\"world\"\n",
            "1,\"stray\n2,mo\"re\n",
            "1,5\" pipe\n",
            "\"a\" ,2\n",
            "\"a\"\"b\n",
            " \"a\",2\n",
            "a\",2",
        ] {
            assert!(!stand_right(record.as_bytes(), b','), "{record:?}");
        }
    }
}
