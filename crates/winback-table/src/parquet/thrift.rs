//! Thrift's compact protocol, as much of it as footers and page headers of Parquet files are made of.
//!
//! The library reads a field by its number and never looks at what kind of value the file says it is. Whoever looks at
//! the same bytes before must not be led elsewhere, so here a field that is known has its kind or the bytes are refused.

/// What a value is.
pub(super) enum What {
    Truth,
    Byte,
    Short,
    Whole,
    Long,
    Double,
    Bytes,
    List(&'static Self),
    Structure(Shape),
}

/// The known fields of a structure by their numbers.
pub(super) type Shape = &'static [(i16, What)];

/// Structures and lists within each other in a field that is not known, at most.
const DEEPEST: u8 = 16;

impl What {
    /// The sign of a structure.
    pub(super) const STRUCTURE: u8 = 12;

    /// The sign of its kind within a list; within a structure a truth has one more.
    fn kind(&self) -> u8 {
        match self {
            Self::Truth => 1,
            Self::Byte => 3,
            Self::Short => 4,
            Self::Whole => 5,
            Self::Long => 6,
            Self::Double => 7,
            Self::Bytes => 8,
            Self::List(_) => 9,
            Self::Structure(_) => Self::STRUCTURE,
        }
    }
}

/// Whole numbers of either sign, small ones in few bytes.
fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Bytes that are read from their start.
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
}

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn jump(&mut self, length: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    /// A number that cannot be negative; nothing if it is no number.
    pub(super) fn size(&mut self, kind: u8) -> Option<u64> {
        if kind != What::Whole.kind() {
            return None;
        }
        u64::try_from(zigzag(self.varint()?)).ok()
    }

    /// The kind of the next field of a structure, its number in `number`; no kind at the structure's end.
    pub(super) fn field(&mut self, number: &mut i16) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head & 15 == 0 {
            return Some(None);
        }
        *number = match head >> 4 {
            0 => zigzag(self.varint()?).try_into().ok()?,
            further => number.checked_add(i16::from(further))?,
        };
        Some(Some(head & 15))
    }

    /// The number of a list's elements, if the field is a list of what it should be. Each takes a byte at least.
    pub(super) fn list(&mut self, kind: u8, of: &What) -> Option<usize> {
        if kind != 9 {
            return None;
        }
        let head = self.byte()?;
        if head == 0 {
            return Some(0);
        }
        (head & 15 == of.kind()).then_some(())?;
        self.count(head)
    }

    fn count(&mut self, head: u8) -> Option<usize> {
        let count =
            if head >> 4 == 15 { usize::try_from(self.varint()?).ok()? } else { usize::from(head >> 4) };
        (count <= self.rest.len()).then_some(count)
    }

    /// The length of some bytes, which are passed over.
    pub(super) fn length(&mut self, kind: u8) -> Option<u64> {
        if kind != What::Bytes.kind() {
            return None;
        }
        let length = self.varint()?;
        self.jump(length)?;
        Some(length)
    }

    /// Passes over a field of a structure.
    pub(super) fn pass(&mut self, shape: Shape, number: i16, kind: u8) -> Option<()> {
        match shape.iter().find(|(known, _)| *known == number) {
            Some((_, What::Truth)) => matches!(kind, 1 | 2).then_some(()),
            Some((_, what)) => (kind == what.kind()).then_some(()).and_then(|()| self.value(what)),
            None => self.skip(kind, DEEPEST),
        }
    }

    /// Passes over a structure.
    pub(super) fn structure(&mut self, shape: Shape) -> Option<()> {
        let mut number = 0;
        while let Some(kind) = self.field(&mut number)? {
            self.pass(shape, number, kind)?;
        }
        Some(())
    }

    fn value(&mut self, what: &What) -> Option<()> {
        match what {
            What::Structure(shape) => self.structure(shape),
            What::List(of) => {
                let count = self.list(what.kind(), of)?;
                (0..count).try_for_each(|_| self.value(of))
            }
            plain => self.skip(plain.kind(), 1),
        }
    }

    /// Passes over a value of this kind, whatever it means.
    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // A truth is told by the kind itself.
            1 | 2 => Some(()),
            3 => self.jump(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.jump(8),
            8 => self.length(kind).map(|_| ()),
            9 => {
                let head = self.byte()?;
                let count = self.count(head)?;
                // Readers do not agree on the bytes of truths in a list.
                (count == 0 || head & 15 > 2).then_some(())?;
                (0..count).try_for_each(|_| self.skip(head & 15, depth))
            }
            12 => {
                let mut number = 0;
                while let Some(kind) = self.field(&mut number)? {
                    self.skip(kind, depth)?;
                }
                Some(())
            }
            // Sets and maps are in no Parquet file.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = &[(1, What::Whole), (2, What::List(&What::Bytes)), (3, What::Truth)];

    fn passes(bytes: &[u8]) -> bool {
        let mut cursor = Cursor { rest: bytes };
        cursor.structure(SHAPE).is_some() && cursor.rest.is_empty()
    }

    #[test]
    fn known_fields_have_their_kinds() {
        assert!(passes(&[0x15, 2, 0x19, 0x28, 1, b'a', 0, 0x11, 0]));
        assert!(passes(&[0x15, 0x80, 1, 0x22, 0]));
        assert!(!passes(&[0x16, 2, 0]), "a long number instead of a whole one");
        assert!(!passes(&[0x35, 2, 0]), "a number instead of a truth");
        assert!(!passes(&[0x29, 0x25, 2, 2, 0]), "a list of numbers instead of bytes");
        assert!(!passes(&[0x05, 0x82, 0x80, 8, 0]), "no field has a number of 17 bits");
    }

    #[test]
    fn unknown_fields_are_passed_over_as_far_as_they_go() {
        assert!(passes(&[0x4c, 0x19, 0x25, 2, 2, 0x18, 1, b'a', 0, 0]));
        assert!(!passes(&[0x49, 0x21, 1, 1, 0]), "a list of truths");
        assert!(!passes(&[&[0x4c][..], &[0x1c; 30], &[0; 31]].concat()), "deeper than anything is");
    }

    #[test]
    fn a_list_is_no_longer_than_its_bytes() {
        assert!(!passes(&[0x29, 0xf8, 0xff, 0xff, 0xff, 0xff, 7]));
        assert!(!passes(&[0x49, 0xf5, 0xff, 0xff, 0xff, 0xff, 7]));
    }
}
