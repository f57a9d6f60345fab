//! A beeswarm of exact effects: a row of dots a column, a dot a customer, coloured by the rank of the value.

use super::theme::{Described, INK, MUTED, Paper, RANKS, Scale, Side, UNRANKED, WIDTH, chart, down, fitted};
use super::ticks::{odds_reach, odds_ticks};
use crate::report::Swarm;

const ROW: f64 = 50.0;
const TOP: f64 = 4.0;
const RADIUS: f64 = 2.2;
/// The most that a dot is moved from the middle of its row.
const REACH: f64 = 12.0;

pub(crate) fn swarm(about: &Described<'_>, swarms: &[Swarm]) -> String {
    let effects = || swarms.iter().flat_map(|swarm| &swarm.dots).map(|dot| dot.effect);
    let reach = (effects().fold(-1e-6, f64::min) * 1.05, effects().fold(1e-6, f64::max) * 1.05);
    let (from, to) = odds_reach(reach);
    let floor = TOP + swarms.len() as f64 * ROW;
    chart(about, (WIDTH, floor + 44.0), |paper| {
        let x = Scale { from, to, start: 6.0, end: WIDTH - 6.0 };
        down(paper, x, &odds_ticks(reach), floor, Some(0.0))?;
        paper.word("← lowers the odds of leaving", (0.0, floor + 33.0), Side::Left, MUTED)?;
        paper.word("raises them →", (WIDTH, floor + 33.0), Side::Right, MUTED)?;
        for (row, swarm) in swarms.iter().enumerate() {
            let top = TOP + row as f64 * ROW;
            paper.word(&fitted(&swarm.name.shown, WIDTH * 0.6), (0.0, top + 8.0), Side::Left, INK)?;
            draw_row(paper, swarm, x, top + ROW - 14.0)?;
        }
        Some(())
    })
}

fn draw_row(paper: &Paper<'_>, swarm: &Swarm, x: Scale, middle: f64) -> Option<()> {
    // Dots come sorted by effect; each takes the place nearest to the middle that no dot before it covers.
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for dot in &swarm.dots {
        let along = x.at(dot.effect);
        taken.retain(|(other, _)| along - other < 2.0 * RADIUS);
        let is_free = |off: f64| {
            taken.iter().all(|(other, height)| {
                let (across, up) = (along - other, off - height);
                across * across + up * up >= 3.2 * RADIUS * RADIUS
            })
        };
        let steps = (REACH / RADIUS).floor() as i32 * 2;
        let off = (0..=steps)
            .map(|step| f64::from((step + 1) / 2) * RADIUS * if step % 2 == 0 { 1.0 } else { -1.0 })
            .find(|off| is_free(*off))
            // Where all is covered, dots lie upon each other, spread evenly.
            .unwrap_or_else(|| f64::from(taken.len() as u32 % 11) / 5.0 * REACH - REACH);
        taken.push((along, off));
        let colour = dot.rank.map_or(UNRANKED, |rank| RANKS[((rank * 5.0) as usize).min(4)]);
        paper.dot((along, middle + off), RADIUS, colour, 1.0)?;
    }
    Some(())
}
