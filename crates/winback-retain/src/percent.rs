//! Counts and shares as people write them, alike in sentences, on pages and in a terminal.

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

/// A share in percent, to one decimal: `16.1 %`. One above none is not called none (`< 0.1 %`), and one below all not all
/// (`above 99.9 %`).
#[must_use]
pub fn in_percent(share: f64) -> String {
    if 0.0 < share && share < 0.0005 {
        "< 0.1 %".to_owned()
    } else if (0.9995..1.0).contains(&share) {
        "above 99.9 %".to_owned()
    } else {
        format!("{:.1} %", 100.0 * share)
    }
}
