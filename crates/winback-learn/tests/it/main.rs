//! The learners on made banks with known truth.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]

mod bank;
mod contract;
mod explain;
mod levels;
mod monotone;
mod pairs;
mod weights;
