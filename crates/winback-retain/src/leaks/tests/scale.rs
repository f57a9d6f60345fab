//! Few rows, some rows of many, rows of one customer, cells without a value: what they must not make the guard say, and
//! must not keep it from seeing.

use super::*;

#[test]
fn noise_in_a_few_rows_is_no_copy() {
    for seed in 0..60_u64 {
        let rows = 41 + seed as usize % 20;
        let source = history(
            rows,
            |row| row % 2 == 0,
            "balance,tenure,products,branch",
            |row| {
                let of = |purpose: u64, bound| draw(row, 100 * seed + purpose, bound);
                format!("{}.5,{},{},branch {}", of(5, 1_000_000), of(6, 60), of(7, 12), of(8, 30))
            },
        );
        let block = look(&source).into_iter().find(|finding| finding.severity == Severity::Block);
        assert_eq!(block, None, "{rows} rows, seed {seed}");
    }
}
