//! The grower against the definition: of all questions, the one after which leaves are worth most.

use proptest::prelude::*;
use winback_kernels::{Cpu, gradient, hessian};

use super::super::boost::Gradients;
use super::super::sample::Sample;
use super::super::words::Words;
use super::super::{Matrix, Question};
use super::Grower;

const L2: f64 = 3.0;

/// What all leaves together are worth, by the packed gradients of rows in each.
fn worth(matrix: &Matrix, sample: &Sample, questions: &[Question]) -> f64 {
    let mut sums = vec![[0.0; 2]; 1 << questions.len()];
    for (row, packed) in sample.packed.iter().enumerate() {
        let leaf: usize = questions
            .iter()
            .enumerate()
            .map(|(bit, question)| {
                usize::from(question.is_yes(matrix.columns[usize::from(question.column)][row])) << bit
            })
            .sum();
        sums[leaf][0] += f64::from(gradient(*packed)) * f64::from(sample.units[0]);
        sums[leaf][1] += f64::from(hessian(*packed)) * f64::from(sample.units[1]);
    }
    sums.iter().map(|[gradient, hessian]| gradient * gradient / (hessian + L2)).sum()
}

/// The most that a further question can make leaves worth.
fn most(matrix: &Matrix, sample: &Sample, questions: &[Question]) -> f64 {
    let mut most: f64 = 0.0;
    for column in 0..matrix.columns.len() as u16 {
        for bin in 0..=254 {
            for missing_is_above in [false, true] {
                if missing_is_above && bin == 0 {
                    continue;
                }
                let further = [questions, &[Question { column, bin, missing_is_above }]].concat();
                most = most.max(worth(matrix, sample, &further));
            }
        }
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn each_question_is_the_best_there_is(
        rows in prop::collection::vec((prop::array::uniform9(0_u8..6), -1000_i32..1000, 1_i32..1000), 20..80),
        shared in any::<bool>(),
    ) {
        let columns = (0..9).map(|column| rows.iter().map(|(bins, ..)| bins[column]).collect()).collect();
        let matrix = Matrix { columns, rows: rows.len() };
        let full = Gradients {
            gradients: rows.iter().map(|(_, gradient, _)| gradient << 20).collect(),
            hessians: rows.iter().map(|(.., hessian)| hessian << 18).collect(),
            sums: [1 << 36, 1 << 35],
        };
        let mut sample = Sample::default();
        sample.take_all(&full, 0);
        let mut words = Words::default();
        words.fill(&matrix, &sample.rows, shared);
        let grown = Grower::new(Cpu::chosen(), &matrix, &[None; 9], shared).grow(&words, &sample, 3, L2);
        for level in 0..grown.len() {
            let (before, found) = (&grown[..level], worth(&matrix, &sample, &grown[..=level]));
            let most = most(&matrix, &sample, before);
            prop_assert!(found >= most * (1.0 - 1e-5), "level {level}: {found} where {most} can be had");
            prop_assert!(found > worth(&matrix, &sample, before), "level {level} is worth something");
        }
    }
}
