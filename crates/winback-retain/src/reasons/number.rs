//! A number as a person reads it: exact where it counts something, short where it measures something.

use winback_table::csv::decimal;
use winback_table::parted;

/// From here on thousands are set apart; below, four digits may be a year, which nobody writes `2,026`.
const GROUPED_FROM: f64 = 10_000.0;
/// From here on a fraction says nothing that four digits have not said.
const WHOLE_FROM: f64 = 1000.0;

/// Whole numbers in full; fractions to four significant digits, rounded to whole ones from 1,000 on. Thousands are set
/// apart by `,` from 10,000 on. Below 0.00001 and from 10¹⁶ on the exponent is written. Zero has no sign. The number
/// is finite.
pub(crate) fn shown(number: f64) -> String {
    let is_whole = number.fract().total_cmp(&0.0).is_eq() || number.fract().total_cmp(&-0.0).is_eq();
    if is_whole && number.abs() < GROUPED_FROM {
        return (number as i64).to_string();
    }
    let short = if is_whole {
        // Adding zero takes the sign off a negative zero and leaves every other number as it is.
        number + 0.0
    } else if WHOLE_FROM <= number.abs() {
        number.round()
    } else if let Some(text) = as_short(number) {
        return text;
    } else {
        // Through text, because decimal digits cannot be rounded exactly in binary arithmetic.
        format!("{number:.3e}").parse().unwrap_or(number)
    };
    let text = decimal(short);
    if GROUPED_FROM <= short.abs() { grouped(&text) } else { text }
}

/// The number as it is, if it has no more than four digits then and is neither very small nor large: nearly all that a
/// file holds.
fn as_short(number: f64) -> Option<String> {
    let text = decimal(number);
    let digits = text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    (digits <= 4 && (1e-4..WHOLE_FROM).contains(&number.abs())).then_some(text)
}

/// Puts `,` between the thousands of a whole number; one with an exponent stays as it is.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.split_at(usize::from(text.starts_with('-')));
    digits.parse().map_or_else(|_| text.to_owned(), |number| format!("{sign}{}", parted(number)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    #[test]
    fn whole_numbers_are_shown_in_full() {
        for (number, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (22.0, "22"),
            (-3.0, "-3"),
            (2026.0, "2026"),
            (-9999.0, "-9999"),
            (10_000.0, "10,000"),
            (-123_456.0, "-123,456"),
            (1_234_567_890.0, "1,234,567,890"),
            (9_007_199_254_740_992.0, "9,007,199,254,740,992"),
            (1.5e18, "1.5e18"),
        ] {
            assert_eq!(shown(number), expected);
        }
    }

    #[test]
    fn fractions_have_four_digits_at_most() {
        for (number, expected) in [
            (0.5, "0.5"),
            (f64::from(0.1_f32), "0.1"),
            (1.0 / 3.0, "0.3333"),
            (-2.0 / 3.0, "-0.6667"),
            (29.85, "29.85"),
            (123.456, "123.5"),
            (999.96, "1000"),
            (1234.4, "1234"),
            (9999.5, "10,000"),
            (101_348.88, "101,349"),
            (0.000_061, "0.000061"),
            (0.000_001_234_56, "1.235e-6"),
            (-1e-300, "-1e-300"),
        ] {
            assert_eq!(shown(number), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_near_what_is_meant(number in any::<f64>()) {
            let read: f64 = shown(number).replace(',', "").parse().unwrap();
            let most = if number.abs() < WHOLE_FROM { number.abs() * 5.1e-4 } else { 0.5 };
            prop_assert!((read - number).abs() <= most, "{number} is shown as {}", shown(number));
        }

        #[test]
        fn order_survives(left in -1e6..1e6_f64, right in -1e6..1e6_f64) {
            let read = |number: f64| shown(number).replace(',', "").parse::<f64>().unwrap();
            prop_assert!(right < left || read(left) <= read(right));
        }
    }
}
