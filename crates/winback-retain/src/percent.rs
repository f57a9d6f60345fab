//! Shares as people write them, alike in sentences, on pages and in a terminal.

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
