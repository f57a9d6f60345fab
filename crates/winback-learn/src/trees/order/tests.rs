//! Order among leaves, against its definition by rows.

use proptest::prelude::*;

use super::*;

const TRENDS: [Option<Trend>; 3] = [Some(Trend::Rising), Some(Trend::Falling), None];

fn questions() -> impl Strategy<Value = Vec<Question>> {
    let question = (0_u16..3, 0_u8..4, any::<bool>()).prop_map(|(column, bin, missing_is_above)| Question {
        column,
        bin: bin.max(u8::from(missing_is_above)),
        missing_is_above,
    });
    prop::collection::vec(question, 1..=6)
}

fn leaf(questions: &[Question], bins: [u8; 3]) -> usize {
    let yes = |question: &Question| question.is_yes(bins[usize::from(question.column)]);
    questions.iter().enumerate().map(|(bit, question)| usize::from(yes(question)) << bit).sum()
}

/// The pairs of leaves of which the second may not be lower: those of rows that differ by a step of one column.
fn pairs(questions: &[Question]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for row in 0..6_u32.pow(3) {
        let bins = [row % 6, row / 6 % 6, row / 36].map(|bin| bin as u8);
        for column in 0..2 {
            if (1..5).contains(&bins[column]) {
                let mut higher = bins;
                higher[column] += 1;
                let pair = (leaf(questions, bins), leaf(questions, higher));
                pairs.push(if column == 0 { pair } else { (pair.1, pair.0) });
            }
        }
    }
    pairs
}

proptest! {
    #[test]
    fn every_row_is_in_order_and_no_other_values_are_nearer(
        questions in questions(),
        cells in prop::collection::vec((-10.0_f64..10.0, 0.1_f64..10.0), 64),
        others in prop::collection::vec(-10_i32..10, 64),
    ) {
        let order = Order::new(&questions, &TRENDS);
        let pairs = pairs(&questions);
        let leaves = 1 << questions.len();
        let free: Vec<f64> = cells.iter().take(leaves).map(|(value, _)| *value).collect();
        let weights: Vec<f64> = cells.iter().take(leaves).map(|(_, weight)| *weight).collect();
        let mut values = free.clone();
        order.project(&mut values, || weights.clone());
        let mut whole: Vec<i32> = values.iter().map(|value| (value * 1e6).round() as i32).collect();
        order.settle(&mut whole);
        for (lower, higher) in &pairs {
            prop_assert!(whole[*lower] <= whole[*higher], "{questions:?}: {lower} {higher} {whole:?}");
        }
        let off = |others: &[f64]| -> f64 {
            let cells = free.iter().zip(others).zip(&weights);
            cells.map(|((value, other), weight)| weight * (value - other) * (value - other)).sum()
        };
        let settled: Vec<f64> = whole.iter().map(|value| f64::from(*value) / 1e6).collect();
        let mut others = others[..leaves].to_vec();
        order.settle(&mut others);
        let others: Vec<f64> = others.into_iter().map(f64::from).collect();
        for share in [0.01, 0.1, 1.0] {
            let beside: Vec<f64> = settled.iter().zip(&others).map(|(a, b)| a + share * (b - a)).collect();
            prop_assert!(off(&settled) <= off(&beside) + 0.01, "{} {}", off(&settled), off(&beside));
        }
    }

    #[test]
    fn whole_values_come_into_order_whatever_they_are(
        questions in questions(),
        mut values in prop::collection::vec(any::<i32>(), 64),
    ) {
        values.truncate(1 << questions.len());
        let order = Order::new(&questions, &TRENDS);
        order.settle(&mut values);
        for (lower, higher) in pairs(&questions) {
            prop_assert!(values[lower] <= values[higher]);
        }
        let settled = values.clone();
        order.settle(&mut values);
        prop_assert_eq!(values, settled);
    }
}

#[test]
fn nothing_is_touched_where_no_column_has_a_trend() {
    let questions = [Question { column: 2, bin: 3, missing_is_above: false }];
    let order = Order::new(&questions, &TRENDS);
    let mut values = vec![1.0, -1.0];
    order.project(&mut values, || unreachable!("no weights are needed"));
    assert_eq!(values, [1.0, -1.0]);
}

#[test]
fn a_question_that_only_missing_values_answer_no_orders_nothing() {
    let questions = [Question { column: 0, bin: 0, missing_is_above: false }];
    let order = Order::new(&questions, &TRENDS);
    let mut values = [1, -1];
    order.settle(&mut values);
    assert_eq!(values, [1, -1]);
}
