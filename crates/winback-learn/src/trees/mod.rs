//! Gradient boosting of oblivious (symmetric) trees on 8-bit bins.
//!
//! Every level of a tree asks one question of all rows, so a tree of depth d is d questions and 2^d numbers, a row's
//! leaf is the word of its answers, and the exact Shapley values of a tree are a table by leaf ([`shapley`]).
//! The inner loops are those of `winback-kernels`; what is summed over rows is summed in integers.

mod block;
mod boost;
mod forest;
mod grow;
mod lookups;
mod matrix;
mod order;
mod pairs;
mod sample;
pub mod shapley;
mod words;

pub use boost::{Booster, MOST_TREES, Settings};
pub use forest::{Forest, MOST_DEPTH, Question, Tree};
pub use lookups::Lookups;
pub use matrix::{Matrix, Prepared, prepare};
pub use pairs::{MOST_CELLS, MOST_PAIRS, Pair};
