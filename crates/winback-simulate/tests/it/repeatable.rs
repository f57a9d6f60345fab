//! The same settings are the same bank, whatever the order or size of the parts.

use arrow::compute::concat_batches;
use sha2::{Digest, Sha256};
use winback_simulate::{BATCH_ROWS, Bank, Made};

const BANK: Bank = Bank { customers: 10_000, weeks: 2, seed: 17 };

/// Parts put together in the order given.
fn together(parts: &[Made]) -> Made {
    let rows = concat_batches(&parts[0].rows.schema(), parts.iter().map(|part| &part.rows)).unwrap();
    let truth = parts.iter().flat_map(|part| part.truth.clone()).collect();
    let left = parts.iter().flat_map(|part| part.left.clone()).collect();
    Made { rows, truth, left }
}

#[test]
fn parts_of_any_size_in_any_order_are_the_same_rows() {
    let whole = together(&BANK.history().collect::<Vec<_>>());
    let mut parts: Vec<Made> =
        (0..100).rev().map(|part| BANK.history_part(100 * part..100 * (part + 1))).collect();
    parts.reverse();
    assert_eq!(together(&parts), whole);
    let whole = together(&BANK.week(1).collect::<Vec<_>>());
    let end = BANK.customers_by(1);
    let parts: Vec<Made> = (0..end.div_ceil(777))
        .map(|part| BANK.week_part(1, 777 * part..(777 * (part + 1)).min(end)))
        .collect();
    assert_eq!(together(&parts), whole);
}

#[test]
fn batches_stay_small_and_fit_the_schema() {
    let columns = Bank::weekly_schema().arrow();
    for made in BANK.week(0) {
        assert!(made.rows.num_rows() as u64 <= BATCH_ROWS);
        assert_eq!(made.rows.num_rows(), made.truth.len());
        assert_eq!(made.rows.schema().as_ref(), &columns);
    }
    assert_eq!(BANK.history().map(|made| made.rows.num_rows()).collect::<Vec<_>>(), [8192, 1808]);
}

#[test]
fn another_seed_is_another_bank() {
    let other = Bank { seed: 18, ..BANK };
    assert_ne!(BANK.history_part(0..100).truth, other.history_part(0..100).truth);
}

#[test]
fn a_bank_without_customers_is_empty() {
    let empty = Bank { customers: 0, weeks: 1, seed: 1 };
    assert_eq!(empty.history().count(), 0);
    assert_eq!(empty.week(0).count(), 0);
}

#[test]
fn the_bank_of_a_seed_is_pinned() {
    // A change of this digest means that every bank ever made is another one now: other crates' figures move with it.
    let made = BANK.week_part(1, 0..500);
    let bytes: Vec<u8> = made.truth.iter().flat_map(|probability| probability.to_le_bytes()).collect();
    let digest: String = Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "e885d2cf3e7e05ab");
}
