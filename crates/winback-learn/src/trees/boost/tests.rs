//! What boosting promises beyond single trees.

use winback_kernels::GRADIENT_UNIT;

use super::super::sample::Sample;
use super::*;
use crate::number::{UNIT, log_loss, sum};
use crate::trees::Matrix;

/// Rows of three columns of which the second tells most; where the first has no value, rows are as those of its top.
fn prepared(rows: usize) -> Prepared {
    let scattered = |row: usize, salt: u64| {
        ((row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt).wrapping_mul(0xbf58_476d_1ce4_e5b9)
            >> 32
    };
    let draw = |row: usize, salt: u64, below: u64| (scattered(row, salt) % below) as u8;
    let columns: Vec<Vec<u8>> = vec![
        (0..rows).map(|row| if row % 3 == 0 { 0 } else { 1 + draw(row, 1, 100) }).collect(),
        (0..rows).map(|row| 1 + draw(row, 2, 200)).collect(),
        (0..rows).map(|row| 1 + draw(row, 3, 9)).collect(),
    ];
    let label = |row: usize| {
        let first = if columns[0][row] == 0 { 90 } else { columns[0][row] };
        let chance = u64::from(columns[1][row]) / 4 + if 70 < first { 40 } else { 0 };
        scattered(row, 4) % 100 < chance
    };
    let labels = (0..rows).map(label).collect();
    let matrix = Matrix { columns, rows };
    Prepared { matrix, labels, weights: None, lookups: vec![None; 3].into(), trends: vec![None; 3] }
}

fn grown(prepared: &Prepared, sample: f64, rounds: usize) -> Forest {
    let mut booster = Booster::new(prepared, Settings { depth: 3, rate: 0.1, l2: 3.0, sample });
    for _ in 0..rounds {
        booster.round().expect("there is more to learn");
    }
    booster.finish(rounds)
}

fn loss(forest: &Forest, prepared: &Prepared) -> f64 {
    let margins = forest.margins(&prepared.matrix);
    let losses =
        margins.iter().zip(&prepared.labels).map(|(margin, label)| log_loss(*margin as f64 * UNIT, *label));
    sum(losses) / prepared.labels.len() as f64
}

#[test]
fn rows_without_a_value_go_to_the_side_that_they_are_like() {
    let forest = grown(&prepared(5_000), 1.0, 10);
    let asked: Vec<_> = forest
        .trees
        .iter()
        .flat_map(|tree| &tree.questions)
        .filter(|question| question.column == 0)
        .collect();
    assert!(asked.iter().any(|question| question.missing_is_above), "{asked:?}");
}

#[test]
fn a_sample_learns_nearly_as_much_as_all_rows() {
    let prepared = prepared(60_000);
    let (all, some) =
        (loss(&grown(&prepared, 1.0, 40), &prepared), loss(&grown(&prepared, 0.2, 40), &prepared));
    assert!(some < all + 0.002, "{some} by a fifth of the rows, {all} by all");
}

#[test]
fn the_same_forest_whatever_the_number_of_threads() {
    // Enough rows to be shared among threads.
    let prepared = prepared(200_000);
    for sample in [1.0, 0.3] {
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| grown(&prepared, sample, 3))
        };
        assert_eq!(with_threads(1), with_threads(5), "sample {sample}");
    }
}

#[test]
fn a_sample_stands_for_all_rows() {
    let rows = 100_000;
    let full = |row: usize| [((row * 7919) % 2001) as i32 - 1000, ((row * 104_729) % 1000) as i32];
    let full = Gradients {
        gradients: (0..rows).map(|row| full(row)[0] << 19).collect(),
        hessians: (0..rows).map(|row| full(row)[1] << 18).collect(),
        sums: [(500 * rows as u64) << 19, (500 * rows as u64) << 18],
    };
    let total = |values: &[i32]| values.iter().map(|value| f64::from(*value) * GRADIENT_UNIT).sum::<f64>();
    for share in [0.1, 0.5] {
        let mut sample = Sample::default();
        sample.draw(Cpu::chosen(), &full, share, 7);
        let drawn = sample.rows.len() as f64 / rows as f64;
        assert!((drawn - share).abs() < 0.02, "{drawn} of the rows drawn, {share} wanted");
        let sums = |unit: f32, of: fn(i64) -> i32| {
            sample.packed.iter().map(|packed| f64::from(of(*packed)) * f64::from(unit)).sum::<f64>()
        };
        let (gradient, hessian) = (
            sums(sample.units[0], winback_kernels::gradient),
            sums(sample.units[1], winback_kernels::hessian),
        );
        // Four standard errors, which are largest for the smaller share. A gradient g is drawn with a chance of more than
        // |g| / 3.6, so the variance of the sum is less than 3.6 times the sum of |g|, which is 0.244 on average: 300
        // squared. Hessians are 0.122 on average, and the standard error of their sum is 1.1 % of it.
        assert!((gradient - total(&full.gradients)).abs() < 4.0 * 300.0, "{gradient}");
        assert!((hessian / total(&full.hessians) - 1.0).abs() < 0.05, "{hessian}");
    }
}

#[test]
fn values_follow_the_trends_of_several_columns() {
    use winback_table::Trend;
    let mut prepared = prepared(3_000);
    let free = loss(&grown(&prepared, 1.0, 30), &prepared);
    // The first column and the second raise the risk; the third tells nothing.
    prepared.trends = vec![Some(Trend::Rising), Some(Trend::Rising), Some(Trend::Falling)];
    let along = grown(&prepared, 1.0, 30);
    let bound = loss(&along, &prepared);
    assert!(bound < free + 0.02, "{bound} where {free} can be had by learning noise too");
    let margin = |forest: &Forest, bins: [u8; 3]| {
        let columns = bins.map(|bin| vec![bin]).to_vec();
        forest.margins(&Matrix { columns, rows: 1 })[0]
    };
    for first in 0..=100 {
        for second in (0..=200).step_by(9) {
            for third in 0..=9 {
                let here = margin(&along, [first, second, third]);
                let missing = [first, second, third].map(|bin| bin == 0);
                if !missing[0] {
                    assert!(here <= margin(&along, [first + 1, second, third]));
                }
                if !missing[1] {
                    assert!(here <= margin(&along, [first, second + 1, third]));
                }
                if !missing[2] {
                    assert!(here >= margin(&along, [first, second, third + 1]));
                }
            }
        }
    }
}
