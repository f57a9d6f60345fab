//! Then and now: two dots a group of values and the way between them.

use super::theme::{BLUE, Described, INK, REFERENCE, Scale, Side, WIDTH, chart, down, fitted, room};
use super::ticks::share_ticks;
use crate::report::Share;

const ROW: f64 = 24.0;
const WORDS: f64 = 176.0;

pub(crate) fn dumbbell(about: &Described<'_>, shares: &[Share]) -> String {
    let most = shares.iter().map(|share| share.then.max(share.now)).fold(0.01, f64::max) * 1.05;
    let floor = shares.len() as f64 * ROW + 4.0;
    chart(about, (WIDTH, floor + 26.0), |paper| {
        let words = room(shares.iter().map(|share| share.label.as_str()), WORDS);
        let x = Scale { from: 0.0, to: most, start: words + 14.0, end: WIDTH - 20.0 };
        down(paper, x, &share_ticks(most), floor, None)?;
        for (row, share) in shares.iter().enumerate() {
            let middle = row as f64 * ROW + ROW / 2.0;
            let (then, now) = (x.at(share.then), x.at(share.now));
            paper.word(&fitted(&share.label, words), (0.0, middle), Side::Left, INK)?;
            paper.line(&[(then, middle), (now, middle)], REFERENCE, 2.0)?;
            paper.dot((then, middle), 4.0, REFERENCE, 1.0)?;
            paper.dot((now, middle), 5.0, BLUE, 1.0)?;
        }
        Some(())
    })
}
