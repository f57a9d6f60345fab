//! The sentences, as a marketer reads them, and the choice of what is told.

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use winback_table::cell::seconds;
use winback_table::{Kind, Role, Wording};

use super::*;

const RAISES: f64 = 0.4;
const LOWERS: f64 = -0.4;

fn field(name: &str, wording: Wording) -> Field {
    Field { wording, ..Field::new(name, Kind::Number, Role::Feature) }
}

fn words(field: &Field, value: &Value<'_>, typical: &Typical, effect: f64) -> String {
    Speaker::new(field.clone(), typical.clone()).words(value, effect)
}

fn check(name: &str, value: Value<'_>, typical: &Typical, expected: &str) {
    assert_eq!(words(&field(name, Wording::default()), &value, typical, RAISES), expected);
}

fn check_worded(wording: &Wording, value: Value<'_>, typical: &Typical, expected: &str) {
    assert_eq!(words(&field("Total_Trans_Ct", wording.clone()), &value, typical, RAISES), expected);
}

fn level(name: &str) -> Typical {
    Typical::Level(name.to_owned())
}

fn moment(text: &str) -> i64 {
    seconds(text).unwrap()
}

#[test]
fn numbers_are_placed_beside_the_typical_one() {
    let name = "Total_Trans_Ct";
    check(name, Value::Number(42.0), &Typical::Number(67.0), "Total trans ct: 42, low; typical is 67");
    check(name, Value::Number(99.0), &Typical::Number(67.0), "Total trans ct: 99, high; typical is 67");
    check(name, Value::Number(67.0), &Typical::Number(67.0), "Total trans ct: 67, as is typical");
    check(name, Value::Number(42.0), &Typical::None, "Total trans ct: 42");
    check("Balance", Value::Number(-0.0), &Typical::Number(97_198.54), "Balance: 0, low; typical is 97,199");
    check(
        "MonthlyCharges",
        Value::Number(104.8),
        &Typical::Number(70.35),
        "Monthly charges: 104.8, high; typical is 70.35",
    );
}

#[test]
fn what_reads_alike_is_alike() {
    let typical = Typical::Number(0.3);
    check("ratio", Value::Number(0.300_000_001), &typical, "Ratio: 0.3, as is typical");
    check("ratio", Value::Number(0.3001), &typical, "Ratio: 0.3001, high; typical is 0.3");
}

#[test]
fn levels_and_flags_are_held_beside_the_most_common_one() {
    check(
        "Geography",
        Value::Level("Germany"),
        &level("France"),
        "Geography: Germany; most common is France",
    );
    check("Geography", Value::Level("France"), &level("France"), "Geography: France, as is most common");
    check("Geography", Value::Level("France"), &Typical::None, "Geography: France");
    check(
        "IsActiveMember",
        Value::Flag(false),
        &Typical::Flag(true),
        "Is active member: no; most common is yes",
    );
    check("HasCrCard", Value::Flag(true), &Typical::Flag(true), "Has cr card: yes, as is most common");
}

#[test]
fn moments_are_early_or_late() {
    let typical = Typical::Time(moment("2024-06-30"));
    let early = Value::Time(moment("2019-03-01"));
    let late = Value::Time(moment("2026-03-01 08:30"));
    check("opened_on", early, &typical, "Opened on: 2019-03-01, early; typical is 2024-06-30");
    check("opened_on", late, &typical, "Opened on: 2026-03-01T08:30:00, late; typical is 2024-06-30");
    check("opened_on", Value::Time(moment("2024-06-30")), &typical, "Opened on: 2024-06-30, as is typical");
}

#[test]
fn what_is_missing_is_said_to_be_missing() {
    check("Education_Level", Value::Missing, &level("Graduate"), "Education level: missing");
    check("tenure", Value::Number(f64::NAN), &Typical::Number(29.0), "Tenure: missing");
}

#[test]
fn a_typical_of_another_kind_is_passed_over() {
    check("tenure", Value::Number(3.0), &level("3"), "Tenure: 3");
    check("tenure", Value::Level("3"), &Typical::Number(3.0), "Tenure: 3");
    check("tenure", Value::Number(3.0), &Typical::Number(f64::NAN), "Tenure: 3");
}

#[test]
fn protection_is_worded_as_such() {
    let field =
        field("tenure", Wording { high: Some("Loyal for {value} months".to_owned()), ..Wording::default() });
    let typical = Typical::Number(12.0);
    assert_eq!(words(&field, &Value::Number(60.0), &typical, LOWERS), "Protective: Loyal for 60 months");
    let sentence = words(&field, &Value::Number(1.0), &typical, LOWERS);
    assert_eq!(sentence, "Protective: Tenure: 1, low; typical is 12");
}

#[test]
fn a_name_of_the_bank_replaces_ours() {
    let wording = Wording { name: Some("transactions in 12 months".to_owned()), ..Wording::default() };
    let typical = Typical::Number(67.0);
    let expected = "Transactions in 12 months: 22, low; typical is 67";
    check_worded(&wording, Value::Number(22.0), &typical, expected);
    let blank = Wording { name: Some(" ".to_owned()), low: Some(String::new()), ..Wording::default() };
    check_worded(&blank, Value::Number(22.0), &typical, "Total trans ct: 22, low; typical is 67");
}

#[test]
fn a_wording_of_the_bank_wins_where_it_fits() {
    let wording = Wording {
        name: None,
        low: Some("Few transactions: {value}; typical is {typical}".to_owned()),
        high: Some("{name} above {typical} ({value})".to_owned()),
        level: Some("{value} {name}, {as usual}".to_owned()),
        missing: Some("No {name} known; typical is {typical}".to_owned()),
    };
    let typical = Typical::Number(67.0);
    check_worded(&wording, Value::Number(22.0), &typical, "Few transactions: 22; typical is 67");
    check_worded(&wording, Value::Number(12_345.0), &typical, "Total trans ct above 67 (12,345)");
    check_worded(&wording, Value::Number(67.0), &typical, "67 total trans ct, {as usual}");
    check_worded(&wording, Value::Missing, &typical, "No total trans ct known; typical is 67");
    check_worded(&wording, Value::Level("some"), &level("many"), "some total trans ct, {as usual}");
    // Without anything typical, `low` and `level` would claim what nobody knows of a number.
    check_worded(&wording, Value::Number(22.0), &Typical::None, "Total trans ct: 22");
    check_worded(&wording, Value::Missing, &Typical::None, "Total trans ct: missing");
}

#[test]
fn risks_are_told_before_protection() {
    let effects = [-0.5, 0.2, 0.0, 0.7, -0.9, 0.2];
    let check = |allowed: &[bool], count: usize, expected: &[usize], other_effect: f64| {
        let chosen = choose(&effects, allowed, count);
        let columns: Vec<usize> = chosen.reasons.iter().map(|(column, _)| *column).collect();
        assert_eq!(columns, expected);
        assert!((chosen.other_effect - other_effect).abs() < 1e-12, "{}", chosen.other_effect);
    };
    check(&[true; 6], 3, &[3, 1, 5], -1.4);
    check(&[true; 6], 4, &[3, 1, 5, 4], -0.5);
    check(&[true; 6], usize::MAX, &[3, 1, 5, 4, 0], 0.0);
    check(&[true, true, true, false, true, true], 1, &[1], -0.5);
    check(&[true, true], 3, &[1, 0], 0.0);
    check(&[true; 6], 0, &[], -0.3);
    assert!(choose(&[], &[], 3).other_effect.is_sign_positive());
}

fn effect() -> impl Strategy<Value = f64> {
    // Few different ones, so that ties and zeros are common.
    prop_oneof![Just(0.0), Just(-0.0), (-4..=4).prop_map(|step| f64::from(step) / 4.0), -3.0..3.0_f64]
}

proptest! {
    #[test]
    fn a_choice_is_allowed_ordered_and_adds_up(
        columns in proptest::collection::vec((effect(), any::<bool>()), 0..30),
        count in 0..8_usize,
    ) {
        let (effects, allowed): (Vec<f64>, Vec<bool>) = columns.into_iter().unzip();
        let chosen = choose(&effects, &allowed, count);
        prop_assert!(chosen.reasons.iter().all(|(column, _)| allowed[*column]));

        // The same by sorting everything, which is slower and plainly right.
        let may_be_told = |&(column, effect): &(usize, f64)| allowed[column] && 0.0 < effect.abs();
        let mut expected: Vec<(usize, f64)> =
            effects.iter().copied().enumerate().filter(may_be_told).collect();
        expected.sort_by(|left, right| {
            (left.1 < 0.0).cmp(&(right.1 < 0.0)).then(right.1.abs().total_cmp(&left.1.abs()))
        });
        expected.truncate(count);
        prop_assert_eq!(&chosen.reasons, &expected);

        let told: f64 = chosen.reasons.iter().map(|(_, effect)| effect).sum();
        let whole: f64 = effects.iter().sum();
        prop_assert!((told + chosen.other_effect - whole).abs() < 1e-12);
    }

    #[test]
    fn every_value_is_in_its_sentence(
        name in "[ -~]{1,20}", number in any::<f64>(), middle in any::<f64>(),
        text in "\\PC{0,12}", effect in effect(),
    ) {
        let field = field(&name, Wording::default());
        for (value, typical) in [
            (Value::Number(number), Typical::Number(middle)),
            (Value::Level(&text), level(&name)),
            (Value::Time(number as i64), Typical::Time(middle as i64)),
        ] {
            let sentence = words(&field, &value, &typical, effect);
            let shown = value.shown().unwrap_or_default();
            prop_assert!(sentence.contains(shown.as_ref()), "{sentence}");
            prop_assert_eq!(sentence.starts_with(PROTECTIVE), effect < 0.0);
        }
    }
}
