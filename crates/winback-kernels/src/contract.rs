//! What every variant must do: give the bits of the definition, on any input.
//!
//! Run once for each variant that the machine has: on random, empty and odd lengths, on missing values, infinities and
//! extreme numbers. `cargo +nightly test -p winback-kernels` under AddressSanitizer runs them too.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::{
    BINS, Borders, COLUMNS_A_WORD, Cpu, Draw, LEAVES, MOST_QUESTIONS, Packed, Question, Scale, WordQuestion,
    gradient, hessian, pack, reference,
};

/// Tests of each variant that this machine has, on values that a strategy makes.
fn each_cpu<S: Strategy>(strategy: S, test: impl Fn(Cpu, &S::Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(Config::with_cases(200));
    runner
        .run(&strategy, |value| Cpu::all().into_iter().try_for_each(|cpu| test(cpu, &value)))
        .unwrap_or_else(|error| panic!("{error}"));
}

fn value() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -100.0_f32..100.0,
        1 => any::<f32>(),
        1 => Just(f32::NAN),
        1 => prop::sample::select(vec![f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::MAX, f32::MIN]),
    ]
}

fn borders() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(prop_oneof![8 => -100.0_f32..100.0, 1 => any::<f32>()], 0..300).prop_map(
        |mut borders| {
            borders.retain(|border| border.is_finite());
            borders.sort_unstable_by(f32::total_cmp);
            borders.dedup_by(|a, b| *a <= *b);
            borders.truncate(crate::MOST_BORDERS);
            borders
        },
    )
}

#[test]
fn bins_are_those_of_the_definition() {
    let values = prop::collection::vec(value(), 0..100);
    each_cpu((borders(), values), |cpu, (borders, values)| {
        // Values on a border are the ones to get wrong.
        let values: Vec<f32> = values.iter().chain(borders).copied().collect();
        let (mut expected, mut found) = (vec![7; values.len()], vec![9; values.len()]);
        reference::bins(borders, &values, &mut expected);
        cpu.bins(&Borders::new(borders), &values, &mut found);
        prop_assert_eq!(expected, found, "{}", cpu.name());
        Ok(())
    });
}

#[test]
fn leaves_are_those_of_the_definition() {
    let rows = prop_oneof![0_usize..70, Just(1000)];
    let strategy = rows.prop_flat_map(|rows| {
        let question = (prop::collection::vec(any::<u8>(), rows), 0_u8..2, any::<u8>());
        (prop::collection::vec(question, 0..=MOST_QUESTIONS), Just(rows))
    });
    each_cpu(strategy, |cpu, (columns, rows)| {
        let questions: Vec<Question<'_>> = columns
            .iter()
            .map(|(bins, shift, above)| Question { bins, shift: *shift, above: *above })
            .collect();
        let (mut expected, mut found) = (vec![7; *rows], vec![9; *rows]);
        reference::leaves(&questions, &mut expected);
        cpu.leaves(&questions, &mut found);
        prop_assert_eq!(expected, found, "{}", cpu.name());
        Ok(())
    });
}

#[test]
fn tables_are_added_as_the_definition_says() {
    let table = prop::collection::vec(any::<i32>(), LEAVES);
    let rows = prop::collection::vec((any::<u8>(), any::<i32>()), 0..100);
    each_cpu((table, rows), |cpu, (table, rows)| {
        let table: [i32; LEAVES] = table.as_slice().try_into().expect("64 entries");
        let leaves: Vec<u8> = rows.iter().map(|(leaf, _)| *leaf).collect();
        let mut expected: Vec<i32> = rows.iter().map(|(_, sum)| *sum).collect();
        let mut found = expected.clone();
        reference::add_table(&table, &leaves, &mut expected);
        cpu.add_table(&table, &leaves, &mut found);
        prop_assert_eq!(expected, found, "{}", cpu.name());
        Ok(())
    });
}

#[test]
fn gradients_are_those_of_the_definition() {
    let row = (prop_oneof![3 => -200_000_000..200_000_000, 1 => any::<i32>()], any::<bool>());
    each_cpu(prop::collection::vec(row, 0..100), |cpu, rows| {
        let (margins, labels): (Vec<i32>, Vec<bool>) = rows.iter().copied().unzip();
        let zeros = vec![0; rows.len()];
        let (mut expected, mut found) = ((zeros.clone(), zeros.clone()), (zeros.clone(), zeros));
        reference::gradients(&margins, &labels, &mut expected.0, &mut expected.1);
        cpu.gradients(&margins, &labels, &mut found.0, &mut found.1);
        prop_assert_eq!(expected, found, "{}", cpu.name());
        Ok(())
    });
}

#[test]
fn rows_are_drawn_as_the_definition_says() {
    let draw = (0.0_f32..0.1, 0.01_f32..2.0, any::<u32>());
    let rows = prop::collection::vec(-1_100_000_000_i32..1_100_000_000, 0..200);
    each_cpu((draw, any::<u32>(), rows), |cpu, ((floor, certain, seed), first, gradients)| {
        let draw = Draw { floor: *floor, certain: *certain, seed: *seed };
        let (mut expected, mut found) = (vec![7; gradients.len()], vec![9; gradients.len()]);
        reference::draw(draw, *first, gradients, &mut expected);
        cpu.draw(draw, *first, gradients, &mut found);
        prop_assert_eq!(expected, found, "{}", cpu.name());
        Ok(())
    });
}

#[test]
fn as_many_rows_are_drawn_as_their_chances_say() {
    let draw = Draw { floor: 0.01, certain: 0.25, seed: 3 };
    for gradient in [0, 100_000_000, 400_000_000, 1_000_000_000] {
        let rows = 100_000;
        let mut drawn = vec![0; rows];
        Cpu::best().draw(draw, 0, &vec![gradient; rows], &mut drawn);
        let share = drawn.iter().map(|drawn| f64::from(*drawn)).sum::<f64>() / rows as f64;
        let chance = f64::from(draw.chance(gradient));
        assert!((share - chance).abs() < 0.006, "{gradient}: {share} of {chance}");
    }
}

#[test]
fn gains_are_those_of_the_definition() {
    let bin = (-8_000_000_i32..8_000_000, 0_i32..8_000_000);
    let rest = (-8_000_000_i32..8_000_000, 0_i32..8_000_000);
    each_cpu((prop::collection::vec(bin, 0..=BINS), rest, 0.1_f32..10.0), |cpu, (bins, rest, l2)| {
        let histogram: Vec<Packed> =
            bins.iter().map(|(gradient, hessian)| pack(*gradient, *hessian)).collect();
        let total = histogram.iter().sum::<Packed>() + pack(rest.0, rest.1);
        let scale = Scale { gradient: 1.0 / 4096.0, hessian: 1.0 / 8192.0, l2: *l2 };
        let mut expected = vec![0.5_f32; histogram.len()];
        let mut found = expected.clone();
        reference::gains(&histogram, total, scale, &mut expected);
        cpu.gains(&histogram, total, scale, &mut found);
        let bits = |gains: &[f32]| gains.iter().map(|gain| gain.to_bits()).collect::<Vec<u32>>();
        prop_assert_eq!(bits(&expected), bits(&found), "{}", cpu.name());
        Ok(())
    });
}

#[test]
fn histograms_and_parts_are_those_of_the_definition() {
    let words = prop::collection::vec(any::<u64>(), 1..50);
    let strategy = words.prop_flat_map(|words| {
        let row = (0..words.len() as u32, -1000_i32..1000, 0_i32..1000);
        (prop::collection::vec(row, 0..200), Just(words), 0..COLUMNS_A_WORD, 0_u8..2, any::<u8>())
    });
    each_cpu(strategy, |cpu, (drawn, words, column, shift, above)| {
        let mut rows: Vec<u32> = drawn.iter().map(|(row, ..)| *row).collect();
        let mut gradients: Vec<Packed> = drawn.iter().map(|(_, g, h)| pack(*g, *h)).collect();
        let (mut expected, mut found) = ([[3; BINS]; COLUMNS_A_WORD], [[3; BINS]; COLUMNS_A_WORD]);
        reference::histograms(words, &rows, &gradients, &mut expected);
        cpu.histograms(words, &rows, &gradients, &mut found);
        prop_assert!(expected == found, "{}", cpu.name());
        let question = WordQuestion { words, column: *column, shift: *shift, above: *above };
        let (mut expected_rows, mut expected_gradients) = (rows.clone(), gradients.clone());
        let expected = reference::partition(question, &mut expected_rows, &mut expected_gradients);
        let found = cpu.partition(question, &mut rows, &mut gradients, &mut Vec::new());
        prop_assert_eq!((expected, expected_rows, expected_gradients), (found, rows, gradients));
        Ok(())
    });
}

#[test]
fn gradients_are_those_of_the_log_loss() {
    for step in -4000_i32..4000 {
        let log_odds = f64::from(step) / 100.0;
        for label in [false, true] {
            let [gradient, hessian] = reference::gradient_of((log_odds * 16_777_216.0) as i32, label);
            let probability = 1.0 / (1.0 + (-log_odds).exp());
            let expected = [probability - f64::from(u8::from(label)), probability * (1.0 - probability)];
            for (found, expected) in [gradient, hessian].into_iter().zip(expected) {
                let found = f64::from(found) * crate::GRADIENT_UNIT;
                assert!(
                    (found - expected).abs() <= expected.abs() * 1e-6 + 1e-9,
                    "{log_odds} {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn packed_numbers_keep_both_halves() {
    let cases = [(0, 0), (-1, 0), (-1, 1), (i32::MIN / 2, i32::MAX), (i32::MAX / 2, 5)];
    for (g, h) in cases {
        assert_eq!((gradient(pack(g, h)), hessian(pack(g, h))), (g, h));
        let difference = pack(g, h).wrapping_sub(pack(-7, 0));
        assert_eq!((gradient(difference), hessian(difference)), (g + 7, h));
    }
}
