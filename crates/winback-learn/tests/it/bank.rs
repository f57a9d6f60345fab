//! A made bank as a source, and what is known of it.

use winback_learn::procedure::{Effort, Learner, Settings, Trained, train};
use winback_simulate::Bank;
use winback_table::{MemorySource, Role};

/// A bank's history in memory, with each row's true probability.
pub(crate) fn history(customers: u64, seed: u64) -> (MemorySource, Vec<f64>) {
    let bank = Bank { customers, weeks: 0, seed };
    let (mut batches, mut truth) = (Vec::new(), Vec::new());
    for made in bank.history() {
        batches.push(made.rows);
        truth.extend(made.truth);
    }
    (MemorySource::new(Bank::schema(), batches), truth)
}

pub(crate) fn settings(learner: Learner) -> Settings {
    Settings { learner, effort: Effort::Normal, seed: 1, horizon: 90 * 86_400, bands: [3.0, 1.0] }
}

pub(crate) fn fit(source: &MemorySource, learner: Learner) -> Trained {
    let trained = train(source, &|field| field.role == Role::Feature, settings(learner), &|_, _| true);
    trained.expect("a made bank can be learnt from")
}
