//! The learners on made banks with known truth.

mod bank;
mod contract;
