//! Chunks of any size give the rows and rejects of reading one record after the other.

use std::collections::VecDeque;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::table::{CsvRows, Said};
use super::*;
use crate::input::MemoryInput;
use crate::oddity::Oddities;
use crate::{Field, Kind, Role, Schema};

/// All that came of a file: rows as text with their numbers, rejects, rows read.
fn read(text: &[u8], size: usize, is_repeat_rejected: bool) -> (Vec<String>, Vec<Reject>, u64) {
    let fields = vec![
        Field::new("id", Kind::Identifier, Role::Key),
        Field::new("n", Kind::Number, Role::Feature),
        Field::new("t", Kind::Category, Role::Feature),
    ];
    let schema = Schema::new(fields, None).unwrap();
    let input = MemoryInput::new("file.csv", Bytes::copy_from_slice(text));
    let said = Said { delimiter: Some(b','), encoding: None };
    let mut oddities = Oddities::default();
    let Ok((mut rows, _)) = CsvRows::open(&input, &schema, said, &mut oddities) else {
        return (Vec::new(), Vec::new(), 0);
    };
    rows.window = Window { size, ..Window::default() };
    let mut keys = is_repeat_rejected.then(|| UniqueKeys::new(0, None));
    let mut ready = VecDeque::new();
    let mut all = (Vec::new(), Vec::new(), 0);
    loop {
        let ended = rows.read(&schema, keys.as_mut(), all.2, &mut ready).unwrap();
        for Ready { batch, read } in ready.drain(..) {
            for (row, number) in batch.numbers.iter().enumerate() {
                let cells = batch.rows.slice(row, 1);
                all.0.push(format!("{number} {:?}", cells.columns()));
            }
            all.1.extend(batch.rejects);
            all.2 += read;
        }
        if ended {
            return all;
        }
    }
}

/// Lines as files have them, good and bad.
fn line() -> impl Strategy<Value = String> {
    let good = (0_u32..40, -9_i32..9).prop_map(|(id, n)| format!("C{id},{n},x"));
    let quoted = (0_u32..40).prop_map(|id| format!("\"C{id}\",1,\"a, \"\"b\"\"\""));
    let over_lines = (0_u32..40).prop_map(|id| format!("C{id},2,\"one\ntwo\nthree\""));
    let any = "[C0-9,\"\r <>=|\u{0}é]{0,20}";
    let odd = prop::sample::select(vec![
        "",
        "   ",
        "id,n,t",
        "<<<<<<< mine",
        "=======",
        ">>>>>>> \"theirs",
        "C1,\"open,x",
        "C2,3,\"open",
        "C3,oops,x",
        "C4,1",
        ",1,x",
        "C5,1,x,y",
        "\"",
        "C6,5\" pipe,x",
        "C7,1,x\r",
    ]);
    prop_oneof![8 => good, 3 => quoted, 1 => over_lines, 2 => odd.prop_map(str::to_owned), 1 => any]
}

proptest! {
    #[test]
    fn chunks_of_any_size_change_nothing(
        lines in prop::collection::vec(line(), 0..120),
        size in 1_usize..400,
        is_repeat_rejected in any::<bool>(),
        has_last_end in any::<bool>(),
    ) {
        let mut text = format!("id,n,t\n{}", lines.join("\n"));
        if has_last_end {
            text.push('\n');
        }
        let one_by_one = read(text.as_bytes(), 0, is_repeat_rejected);
        prop_assert_eq!(read(text.as_bytes(), size, is_repeat_rejected), one_by_one);
    }
}

#[test]
fn good_lines_are_read_in_chunks() {
    let text: String = (0..5_000).map(|id| format!("C{id},{id},x\n")).collect();
    let mut records =
        Records::new(text.as_bytes(), Dialect { delimiter: b',', encoding: crate::csv::Encoding::Utf8 });
    records.next().unwrap();
    let mut window = Window { size: 1000, ..Window::default() };
    assert_eq!(window.take(&mut records).unwrap().len(), 1);
    window.chunks = 8;
    let chunks = window.take(&mut records).unwrap();
    assert_eq!(chunks.len(), 8);
    assert!(chunks.iter().all(|chunk| chunk.lines.len() <= 1000 && chunk.lines.ends_with(b"\n")));
}
