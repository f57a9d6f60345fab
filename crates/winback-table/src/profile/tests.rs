//! Small files in memory, and what is counted in them.

use super::*;
use crate::input::MemoryInput;

#[test]
fn a_column_is_counted_by_what_its_cells_could_be() {
    let text = "n,code,when,flag\n1,007,2026-01-01,yes\n2.5,008,2026-01-02,no\n?,009,,no\nbad\n";
    let inputs: [Arc<dyn Input>; 1] = [Arc::new(MemoryInput::new("m", text))];
    let missing = ["".to_owned(), "?".to_owned()];
    let table = profile(&inputs, Options::default(), &missing, &mut |_| {}).unwrap();
    assert_eq!((table.rows, table.malformed), (3, 1));
    let [number, code, when, flag] = &table.columns[..] else { panic!("four columns") };
    assert_eq!((number.numbers, number.missing, number.integers), (2, 1, 1));
    assert_eq!((code.leading_zeros, code.is_unique()), (3, true));
    assert_eq!((when.times, when.missing), (2, 1));
    assert_eq!((flag.flags, flag.distinct()), (3, 2));
}

#[test]
fn beyond_the_exact_count_repeats_are_still_seen() {
    let place = Place { file: "m".into(), line: None };
    let profile_of = |value: &dyn Fn(u64) -> u64| {
        let mut column = ColumnProfile::new("c", 1);
        (0..80_000).for_each(|row| column.add(&value(row).to_string(), &[], &place));
        (column.is_unique(), column.never_repeats())
    };
    assert_eq!(profile_of(&|row| row), (true, true));
    // One value in a hundred comes twice: few enough for a key with flaws, too many for a column without repeats.
    assert_eq!(profile_of(&|row| row - u64::from(row % 100 == 99)), (true, false));
    assert_eq!(profile_of(&|row| row / 20 * 20 + row % 19), (false, false));
}
