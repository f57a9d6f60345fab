//! Numbers as a page writes them: `1,234`, `12.3 %`, `92.5 to 93.9 %`; a number never parts from its unit.

use crate::report::Figure;
pub(super) use winback_table::parted as count;

/// A blank at which no line breaks.
const BLANK: char = '\u{a0}';

/// A share in percent, to one decimal; a small one is not called none, nor a large one all.
pub(super) fn percent(share: f64) -> String {
    crate::in_percent(share).replace(" %", "\u{a0}%")
}

/// A share in whole percent, where a decimal would pretend.
pub(super) fn about(share: f64) -> String {
    if 0.0 < share && share < 0.005 {
        return format!("< 1{BLANK}%");
    }
    if (0.995..1.0).contains(&share) {
        return format!("above 99{BLANK}%");
    }
    format!("{:.0}{BLANK}%", 100.0 * share)
}

/// A risk from which customers are contacted, in percent; how small a very small one is does not matter.
pub(super) fn at_least(risk: f64) -> String {
    if 0.0 < risk && risk < 0.0001 { format!("below 0.01{BLANK}%") } else { bound(risk) }
}

/// A risk from which something holds, in percent; a small one to two figures, since "from < 0.1 % on" says nothing.
pub(super) fn bound(risk: f64) -> String {
    if !(0.0 < risk && risk < 0.001) {
        return percent(risk);
    }
    let (mut unit, mut places) = (0.1, 1);
    while unit > 100.0 * risk && places < 12 {
        unit /= 10.0;
        places += 1;
    }
    format!("{:.1$}{BLANK}%", 100.0 * risk, places + 1)
}

/// The interval of a share in percent.
pub(super) fn percent_interval(figure: Figure) -> String {
    let high = match percent(figure.high) {
        all if all.starts_with("above") => all,
        _ => format!("{:.1}{BLANK}%", 100.0 * figure.high),
    };
    format!("{:.1} to {high}", 100.0 * figure.low)
}

/// A number to so many decimals.
pub(super) fn decimals(value: f64, places: usize) -> String {
    format!("{value:.places$}")
}

/// The interval of a figure to so many decimals.
pub(super) fn interval(figure: Figure, places: usize) -> String {
    format!("{:.places$} to {:.places$}", figure.low, figure.high)
}

/// `1 customer`, `2 customers`.
pub(super) fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!((count(0), count(1_234_567)), ("0".to_owned(), "1,234,567".to_owned()));
        assert_eq!(percent(0.1234), "12.3\u{a0}%");
        let expected = ["0.0\u{a0}%", "< 0.1\u{a0}%", "0.1\u{a0}%"];
        assert_eq!([0.0, 0.0004, 0.0006].map(percent), expected);
        assert_eq!((about(0.0), about(0.004)), ("0\u{a0}%".to_owned(), "< 1\u{a0}%".to_owned()));
        assert_eq!([0.000_34, 0.000_002, 0.02].map(bound), ["0.034\u{a0}%", "0.00020\u{a0}%", "2.0\u{a0}%"]);
        assert_eq!([0.9994, 0.9997, 1.0].map(percent), ["99.9\u{a0}%", "above 99.9\u{a0}%", "100.0\u{a0}%"]);
        assert_eq!([0.994, 0.996, 1.0].map(about), ["99\u{a0}%", "above 99\u{a0}%", "100\u{a0}%"]);
        assert_eq!([1e-14, 0.000_34].map(at_least), ["below 0.01\u{a0}%", "0.034\u{a0}%"]);
        let nearly_all = Figure { value: 0.99, low: 0.9, high: 0.9999 };
        assert_eq!(percent_interval(nearly_all), "90.0 to above 99.9\u{a0}%");
        assert_eq!(interval(Figure { value: 1.0, low: 0.95, high: 1.049 }, 2), "0.95 to 1.05");
        assert_eq!(counted(1, "row", "rows"), "1 row");
    }
}
