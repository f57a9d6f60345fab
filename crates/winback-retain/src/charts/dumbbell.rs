//! Then and now: two dots a group of values and the way between them.

use super::theme::{
    BLUE, Described, GRID, INK, MUTED, REFERENCE, Scale, Side, WIDTH, chart, fitted, share_ticks,
};
use crate::report::Share;

const ROW: f64 = 24.0;
const WORDS: f64 = 176.0;

pub(crate) fn dumbbell(about: &Described<'_>, shares: &[Share]) -> String {
    let most = shares.iter().map(|share| share.then.max(share.now)).fold(0.01, f64::max) * 1.05;
    let floor = shares.len() as f64 * ROW + 4.0;
    chart(about, (WIDTH, floor + 26.0), |paper| {
        let x = Scale { from: 0.0, to: most, start: WORDS + 12.0, end: WIDTH - 24.0 };
        for (value, word) in share_ticks(most) {
            paper.line(&[(x.at(value), 0.0), (x.at(value), floor)], GRID, 1.0)?;
            paper.word(&word, (x.at(value), floor + 13.0), Side::Middle, MUTED)?;
        }
        for (row, share) in shares.iter().enumerate() {
            let middle = row as f64 * ROW + ROW / 2.0;
            let (then, now) = (x.at(share.then), x.at(share.now));
            paper.word(&fitted(&share.label, WORDS), (0.0, middle), Side::Left, INK)?;
            paper.line(&[(then, middle), (now, middle)], REFERENCE, 2.0)?;
            paper.dot((then, middle), 4.0, REFERENCE, 1.0)?;
            paper.dot((now, middle), 5.0, BLUE, 1.0)?;
        }
        Some(())
    })
}
