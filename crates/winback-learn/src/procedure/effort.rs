//! How hard to look for good settings: what a search on inner folds may try.
//!
//! Growing each tree on a sample of the rows makes trees differ from each other, which helps unseen rows where there are
//! some thousand of them, and saves time where there are many. A long search takes large steps, which are fewer; only
//! what it found is grown again in small ones.

use crate::random::Draws;
use crate::trees::Settings as TreeSettings;

/// How much time a search for settings may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// One setting for each learner, in large steps.
    Quick,
    /// Two depths of trees, the better of them with pairs of categories too, and three penalties of the scorecard.
    Normal,
    /// Settings of trees drawn from a grid, the best of them with pairs of categories too and grown again in small steps.
    Thorough,
}

/// Above so many rows trees are grown in larger steps.
const LARGE: usize = 50_000;
/// Above so many rows a tree is grown on the least share of them that shows no loss.
const LARGEST: usize = 200_000;

const L2: f64 = 1.0;
const DEPTHS: [usize; 4] = [4, 6, 5, 3];
/// What is drawn from, besides depths.
const L2S: [f64; 4] = [0.3, 1.0, 3.0, 10.0];
const SAMPLES: [f64; 3] = [0.2, 0.35, 0.6];
/// Settings that are drawn.
const DRAWN: usize = 10;
const PURPOSE: u64 = 0x6566_666f_7274;
/// Pairs of categories that trees may ask about, where any are worth it.
const PAIRS: usize = 12;
/// Forests that a model of fewer rows is the mean of, and by how much longer their steps are.
const FORESTS: usize = 4;
const LONGER: f64 = 2.0;
/// Penalties tried for the scorecard, on each squared weight.
const PENALTIES: [f64; 3] = [10.0, 1.0, 100.0];

impl Effort {
    /// The word used in settings and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Normal => "normal",
            Self::Thorough => "thorough",
        }
    }

    /// Settings of trees to be tried on training parts of so many rows.
    pub(super) fn trees(self, rows: usize, seed: u64) -> Vec<TreeSettings> {
        let small_steps = if rows > LARGE { 0.1 } else { 0.05 };
        let sample = if rows > LARGEST { SAMPLES[0] } else { SAMPLES[1] };
        let usual = |depth, rate| TreeSettings { depth, rate, l2: L2, sample };
        match self {
            Self::Quick => vec![usual(if rows > LARGE { 6 } else { 4 }, small_steps * 2.0)],
            Self::Normal => DEPTHS[..2].iter().map(|depth| usual(*depth, small_steps)).collect(),
            Self::Thorough => {
                let rate = small_steps * 2.0;
                let mut tried: Vec<TreeSettings> =
                    DEPTHS[..2].iter().map(|depth| usual(*depth, rate)).collect();
                let mut draws = Draws::new(seed, PURPOSE);
                while tried.len() < DEPTHS[..2].len() + DRAWN {
                    let drawn = TreeSettings {
                        depth: DEPTHS[draws.below(DEPTHS.len())],
                        rate,
                        l2: L2S[draws.below(L2S.len())],
                        sample: if rows > LARGEST { sample } else { SAMPLES[draws.below(SAMPLES.len())] },
                    };
                    if !tried.contains(&drawn) {
                        tried.push(drawn);
                    }
                }
                tried
            }
        }
    }

    /// How many settings of trees are tried on training parts of so many rows.
    pub(super) fn tries(self, rows: usize, seed: u64) -> usize {
        self.trees(rows, seed).len() + usize::from(self.pairs() > 0) + usize::from(self == Self::Thorough)
    }

    /// With how many pairs of categories the best of the tried settings is tried once more, at most.
    pub(super) fn pairs(self) -> usize {
        if self == Self::Quick { 0 } else { PAIRS }
    }

    /// With what the best of the tried settings is tried once more.
    pub(super) fn refined(self, best: TreeSettings) -> Option<TreeSettings> {
        (self == Self::Thorough).then_some(TreeSettings { rate: best.rate * 0.3, ..best })
    }

    /// Penalties of the scorecard to be tried, on inner splits of which there is one for large data.
    pub(super) fn penalties(self, splits: usize) -> &'static [f64] {
        // Where one large part is held out, there are so many rows that no penalty in this range makes a difference.
        if splits == 1 || self == Self::Quick { &PENALTIES[..1] } else { &PENALTIES }
    }
}

/// Forests that a model is the mean of, each grown on rows of its own drawing. Of many rows there is
/// one, to save time.
pub(super) fn forests(rows: usize) -> usize {
    if rows > LARGEST { 1 } else { FORESTS }
}

/// How each of several forests is grown, where a search found out how one should be: in longer steps, which are fewer,
/// since the mean evens out what is rough about each.
pub(super) fn of_several(settings: TreeSettings, rounds: usize) -> (TreeSettings, usize) {
    let rate = (settings.rate * LONGER).min(1.0);
    (TreeSettings { rate, ..settings }, (rounds as f64 * settings.rate / rate).ceil() as usize)
}

/// Trees that are grown at most.
pub(super) fn most_rounds(settings: TreeSettings, rows: usize) -> usize {
    let of_rate_one = if rows > LARGE { 40.0 } else { 75.0 };
    (of_rate_one / settings.rate) as usize
}

/// A search ends when the held-out loss has not fallen for so many trees.
pub(super) fn patience(settings: TreeSettings) -> usize {
    (2.5 / settings.rate) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thorough_search_tries_different_settings_and_depends_on_the_seed_alone() {
        let tried = Effort::Thorough.trees(5_000, 1);
        assert_eq!(tried.len(), 12);
        for (place, settings) in tried.iter().enumerate() {
            assert!(!tried[..place].contains(settings), "{settings:?}");
        }
        assert_eq!(tried, Effort::Thorough.trees(5_000, 1));
        assert_ne!(tried, Effort::Thorough.trees(5_000, 2));
        // Among very many rows all are grown on the same share, of which there are fewer.
        assert_eq!(Effort::Thorough.trees(1_000_000, 1).len(), 12);
    }

    #[test]
    fn several_forests_have_longer_steps_and_as_many_fewer_trees() {
        let settings = TreeSettings { depth: 4, rate: 0.05, l2: 1.0, sample: 0.35 };
        let (of_several, rounds) = of_several(settings, 101);
        assert_eq!((of_several, rounds), (TreeSettings { rate: 0.1, ..settings }, 51));
        let (steep, rounds) = super::of_several(TreeSettings { rate: 0.8, ..settings }, 10);
        assert_eq!((steep.rate, rounds), (1.0, 8));
        assert!(forests(50_000) > 1 && forests(1_000_000) == 1);
    }

    #[test]
    fn more_effort_tries_more_in_smaller_steps() {
        for rows in [5_000, 100_000, 1_000_000] {
            let [quick, normal, thorough] = [Effort::Quick, Effort::Normal, Effort::Thorough]
                .map(|effort| (effort, effort.trees(rows, 1)));
            assert!(quick.1.len() < normal.1.len() && normal.1.len() < thorough.1.len());
            assert!(normal.1[0].rate < quick.1[0].rate);
            assert!(thorough.0.refined(thorough.1[0]).unwrap().rate < normal.1[0].rate);
            assert_eq!(normal.0.refined(normal.1[0]), None);
        }
    }
}
