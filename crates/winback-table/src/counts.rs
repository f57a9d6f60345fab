//! Counts as people write them, alike in messages, in sentences, on pages and in a terminal.

/// A count with its thousands parted: `41,188`.
#[must_use]
pub fn parted(number: u64) -> String {
    let digits = number.to_string();
    let mut parted = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if 0 < place && (digits.len() - place).is_multiple_of(3) {
            parted.push(',');
        }
        parted.push(digit);
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        assert_eq!(
            [0, 999, 1000, 41_188, 1_234_567].map(parted),
            ["0", "999", "1,000", "41,188", "1,234,567"]
        );
    }
}
