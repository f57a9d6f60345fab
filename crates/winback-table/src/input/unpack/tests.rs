//! Packed bytes that are whole, cut, damaged, foreign, or far too many.

use std::io::Write as _;

use super::*;
use crate::input::MemoryInput;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    // The program `zstd` writes a checksum too; without one no damage could be told from data.
    packed.include_checksum(true).unwrap();
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn read(input: &MemoryInput) -> Result<Vec<u8>, PackingFlaw> {
    let mut bytes = Vec::new();
    match unpacked(input).and_then(|mut reader| reader.read_to_end(&mut bytes)) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(PackingFlaw::of(&error).expect("every error of memory is a flaw of the packing")),
    }
}

fn memory(bytes: Vec<u8>) -> MemoryInput {
    MemoryInput::new("m", bytes)
}

#[test]
fn packed_bytes_come_out_as_they_were() {
    let text = b"id,n\na,1\n".repeat(1000);
    assert_eq!(read(&memory(text.clone())).unwrap(), text);
    for pack in [gzip, zstd] {
        assert_eq!(read(&memory(pack(&text))).unwrap(), text);
        let parts = [pack(&text[..5000]), pack(&text[5000..])].concat();
        assert_eq!(read(&memory(parts)).unwrap(), text, "several parts are one file");
    }
    let skipped = [b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec(), zstd(&text)].concat();
    assert_eq!(read(&memory(skipped)).unwrap(), text);
}

#[test]
fn zeros_behind_gzip_are_no_data() {
    let text = b"id,n\na,1\n".repeat(1000);
    let padded = |zeros: usize, rest: &[u8]| [gzip(&text), vec![0; zeros], rest.to_vec()].concat();
    for zeros in [1, 512, 200_000] {
        assert_eq!(read(&memory(padded(zeros, b""))).unwrap(), text);
    }
    let damaged = Err(PackingFlaw::Damaged(Packing::Gzip));
    assert_eq!(read(&memory(padded(3, b"x"))), damaged);
    assert_eq!(read(&memory(padded(3, &gzip(b"b,2\n")))), damaged, "what follows zeros was never meant");
    assert_eq!(read(&memory(padded(0, b"not gzip at all"))), damaged);
}

#[test]
fn cut_bytes_are_never_a_shorter_file() {
    let text: Vec<u8> = (0..2000_u32).flat_map(|row| format!("{row},{}\n", row * row).into_bytes()).collect();
    for (pack, packing) in [(gzip as fn(&[u8]) -> Vec<u8>, Packing::Gzip), (zstd, Packing::Zstd)] {
        let packed = pack(&text);
        for length in (8..packed.len()).step_by(97).chain([packed.len() - 1]) {
            let cut = read(&memory(packed[..length].to_vec()));
            assert_eq!(cut, Err(PackingFlaw::Truncated(packing)), "{length} bytes");
        }
        let mut damaged = packed.clone();
        for byte in &mut damaged[packed.len() / 2..packed.len() / 2 + 32] {
            *byte ^= 0x5a;
        }
        assert!(read(&memory(damaged)) == Err(PackingFlaw::Damaged(packing)), "{packing} is damaged");
    }
}

#[test]
fn bombs_end_at_the_limits() {
    let zeros = vec![b'0'; 80 << 20];
    for pack in [gzip, zstd] {
        let packed = pack(&zeros);
        let small = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
        let too_large = Err(PackingFlaw::TooLarge { limit: 1 << 20 });
        assert_eq!(read(&memory(packed.clone()).with_limits(small)), too_large);
        assert_eq!(read(&memory(packed.clone())), Err(PackingFlaw::TooDense { ratio: 1000 }));
        let wide = Limits { ratio: u64::MAX, ..Limits::default() };
        assert_eq!(read(&memory(packed).with_limits(wide)).unwrap().len(), zeros.len());
    }
    // Up to 64 MiB anything may be as regular as it likes.
    assert_eq!(read(&memory(gzip(&zeros[..60 << 20]))).unwrap().len(), 60 << 20);
}

#[test]
fn archives_are_named_with_the_way_out() {
    let told = read(&memory(b"PK\x03\x04rest".to_vec())).unwrap_err().to_string();
    assert_eq!(
        told,
        "is a zip archive or an Excel workbook, which Winback does not open; unpack it, or save the sheet as CSV"
    );
    assert!(read(&memory(b"PK,1\n".to_vec())).is_ok(), "two letters are no archive");
    assert!(read(&memory(b"BZh,name,n\n1,2,3\n".to_vec())).is_ok(), "nor are three");
    let told = read(&memory(b"BZh91AY&SYrest".to_vec())).unwrap_err().to_string();
    assert!(
        told.starts_with("is packed with bzip2, which Winback does not open; unpack it with `bunzip2`"),
        "{told}"
    );
}
