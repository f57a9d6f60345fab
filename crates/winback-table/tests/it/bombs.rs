//! Files too large to keep: made while they are read, to show that memory and patience have their bounds.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use winback_table::input::{Input, Limits, MemoryInput};
use winback_table::profile::profile;
use winback_table::reader::{Options, TableReader};
use winback_table::{Field, Kind, Reason, Role, Schema};

/// A header and a row, one endless line, and another row.
#[derive(Debug)]
struct Endless(u64);

impl Input for Endless {
    fn name(&self) -> &str {
        "endless.csv"
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(
            io::Cursor::new("id,n\na,1\n").chain(io::repeat(b'x').take(self.0)).chain("\nb,2\n".as_bytes()),
        ))
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0)
    }

    fn range(&self, _start: u64, _length: usize) -> io::Result<Bytes> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn schema() -> Schema {
    let fields =
        [Field::new("id", Kind::Identifier, Role::Key), Field::new("n", Kind::Number, Role::Feature)];
    Schema::new(fields.to_vec(), None).unwrap()
}

#[test]
fn a_line_of_a_gigabyte_costs_one_row() {
    let input: Arc<dyn Input> = Arc::new(Endless(1 << 30));
    let mut reader = TableReader::new(vec![input.clone()], &schema(), Options::default());
    let mut rejects = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        rejects.extend(batch.rejects);
    }
    assert_eq!((reader.tally().kept, reader.tally().read), (2, 3));
    let [reject] = rejects.as_slice() else { panic!("{rejects:?}") };
    assert_eq!((reject.line, reject.reason), (3, Reason::Runaway));
    assert!(reject.row.len() < 100_000);
    let table = profile(&[input], Options::default(), &[], &mut |_| {}).unwrap();
    assert_eq!((table.rows, table.malformed), (2, 1));
}

#[test]
fn a_bomb_is_refused_with_the_way_out() {
    let zeros = io::repeat(b'0').take(1 << 30);
    let mut header = Vec::from(&b"id,n\n"[..]);
    header.extend(b"a,1\n".repeat(4));
    let packed = zstd::stream::encode_all(io::Cursor::new(header).chain(zeros), 1).unwrap();
    let told = |limits: Limits| {
        let input: Arc<dyn Input> =
            Arc::new(MemoryInput::new("bomb.zst", packed.clone()).with_limits(limits));
        let mut reader = TableReader::new(vec![input], &schema(), Options::default());
        loop {
            match reader.next_batch() {
                Ok(Some(_)) => {}
                Ok(None) => break "read to the end".to_owned(),
                Err(error) => break error.to_string(),
            }
        }
    };
    assert_eq!(
        told(Limits::default()),
        "`bomb.zst` unpacks to more than 1000 times its size, as files do that are made to fill a machine; if it is \
         meant to, raise `unpacked_ratio_limit` under `[data]`"
    );
    let usual = Limits { ratio: u64::MAX, ..Limits::default() };
    assert_eq!(
        told(Limits { unpacked_bytes: 500_000_000, ..usual }),
        "`bomb.zst` unpacks to more than 500 MB; if it is meant to be so large, raise `unpacked_limit` under \
         `[data]`"
    );
    assert_eq!(told(usual), "read to the end");
}

/// A Parquet file that is a footer alone.
fn footer_alone(footer: &[u8]) -> Arc<dyn Input> {
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    let bytes = [&b"PAR1"[..], footer, &length, b"PAR1"].concat();
    Arc::new(MemoryInput::new("bomb.parquet", bytes))
}

/// Neither an overflow of the stack nor a lack of memory is an error that a program can catch: these once ended it.
#[test]
fn a_small_parquet_footer_does_not_end_the_program() {
    // The version, then a list of elements: repetition, name and number of children; no rows and no row groups.
    let rest = [0x16, 0, 0x19, 0x0c, 0];
    let element = |children: &[u8]| [&[0x35, 0, 0x18, 1, b'a', 0x15][..], children, &[0]].concat();
    let deep =
        [&[0x15, 2, 0x19, 0xfc, 0xd1, 0x0f][..], &element(&[2]).repeat(2000), &element(&[0]), &rest].concat();
    let many = [&[0x15, 2, 0x19, 0x1c][..], &element(&[0xfe, 0xff, 0xff, 0xff, 0x0f]), &rest].concat();
    let groups =
        [&[0x15, 2, 0x19, 0x1c][..], &element(&[0]), &[0x16, 0, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7, 0]];
    let told = |footer: &[u8]| {
        let table = profile(&[footer_alone(footer)], Options::default(), &[], &mut |_| {});
        table.map(|_| ()).unwrap_err().to_string()
    };
    assert!(
        told(&deep).starts_with("`bomb.parquet` nests its columns deeper than any table"),
        "{}",
        told(&deep)
    );
    for footer in [many, groups.concat()] {
        assert_eq!(
            told(&footer),
            "`bomb.parquet` holds damaged Parquet data; copy it again, or write it anew where it came from"
        );
    }
}
