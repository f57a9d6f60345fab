//! The risk follows the trends that are asked for, for every row, whatever the data say.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch};
use arrow::datatypes::Float64Type;
use winback_learn::encode::{Encoded, Encoder};
use winback_learn::procedure::{self, Effort, Fitted, Learner, Settings};
use winback_learn::{Model, file};
use winback_simulate::Bank;
use winback_table::{Kind, MemorySource, Role, Source, Trend};

use crate::bank::settings;

/// Against the truth of the made bank, so that the data pull the other way.
const AGAINST: [(&str, Trend); 4] = [
    ("complaints_12m", Trend::Falling),
    ("logins_3m", Trend::Rising),
    ("transactions_3m", Trend::Rising),
    ("salary_paid_in", Trend::Rising),
];

fn history(trends: &[(&str, Trend)]) -> MemorySource {
    let bank = Bank { customers: 1_500, weeks: 0, seed: 11 };
    let mut schema = Bank::schema();
    for field in &mut schema.fields {
        field.monotone = trends.iter().find(|(name, _)| *name == field.name).map(|(_, trend)| *trend);
    }
    MemorySource::new(schema, bank.history().map(|made| made.rows).collect())
}

fn fit(source: &MemorySource, learner: Learner) -> Model {
    let settings = Settings { effort: Effort::Quick, ..settings(learner) };
    let (encoder, _) = Encoder::learn(source, &|field| field.role == Role::Feature).unwrap();
    let data = Encoded::read(source, &encoder).unwrap();
    let Fitted { predictor, calibration } = procedure::fit(&data, &data.all_rows(), &settings).unwrap();
    let (base_rate, bands, out_of_fold_grid) = (0.1, settings.bands, vec![0.0, 1.0]);
    Model { encoder, predictor, calibration, base_rate, bands, out_of_fold_grid }
}

/// Some values of a column, ascending, from below all to above all.
fn values(column: &ArrayRef, kind: Kind) -> Vec<ArrayRef> {
    let rows = column.len();
    if kind == Kind::Flag {
        return [false, true].map(|flag| Arc::new(BooleanArray::from(vec![flag; rows])) as ArrayRef).to_vec();
    }
    let mut found: Vec<f64> = column.as_primitive::<Float64Type>().iter().flatten().collect();
    found.sort_unstable_by(f64::total_cmp);
    found.dedup();
    let some = found.iter().step_by(found.len().div_ceil(60)).copied();
    let all = [-1e9].into_iter().chain(some).chain([1e9]);
    all.map(|value| Arc::new(Float64Array::from(vec![value; rows])) as ArrayRef).collect()
}

/// How often a step up of a column moves the log-odds of a row against its trend, and how often with it.
fn steps(model: &Model, source: &MemorySource, (name, trend): (&str, Trend)) -> [usize; 2] {
    let batch = source.open().unwrap().next().unwrap().unwrap();
    let batch = batch.slice(0, batch.num_rows().min(150));
    let place = batch.schema().index_of(name).unwrap();
    let kind = source.schema().field(name).unwrap().kind;
    let at = |values: ArrayRef| {
        let mut columns = batch.columns().to_vec();
        columns[place] = values;
        model.explain(&RecordBatch::try_new(batch.schema(), columns).unwrap()).unwrap().log_odds
    };
    let swept: Vec<Vec<f64>> = values(batch.column(place), kind).into_iter().map(at).collect();
    let mut steps = [0; 2];
    for pair in swept.windows(2) {
        for (before, after) in pair[0].iter().zip(&pair[1]) {
            let (low, high) = if trend == Trend::Rising { (before, after) } else { (after, before) };
            steps[0] += usize::from(high < low);
            steps[1] += usize::from(low < high);
        }
    }
    steps
}

#[test]
fn a_step_up_never_goes_against_the_trend() {
    let (free, ordered) = (history(&[]), history(&AGAINST));
    for learner in [Learner::Trees, Learner::Linear] {
        let unbound = fit(&free, learner);
        let bound = file::load(&file::save(&fit(&ordered, learner))).unwrap();
        let mut would_break = 0;
        for asked in AGAINST {
            would_break += steps(&unbound, &free, asked)[0];
            let [against, _] = steps(&bound, &ordered, asked);
            assert_eq!(against, 0, "{} {asked:?}", learner.name());
        }
        assert!(would_break > 100, "{}: the data pull the other way", learner.name());
    }
}

#[test]
fn a_trend_that_the_data_have_is_learnt() {
    let along = [("complaints_12m", Trend::Rising), ("logins_3m", Trend::Falling)];
    let ordered = history(&along);
    for learner in [Learner::Trees, Learner::Linear] {
        let bound = fit(&ordered, learner);
        for asked in along {
            let [against, with] = steps(&bound, &ordered, asked);
            assert_eq!(against, 0, "{} {asked:?}", learner.name());
            assert!(with > 100, "{} {asked:?}: the column still tells", learner.name());
        }
    }
}

#[test]
fn the_same_bytes_whatever_the_number_of_threads() {
    let source = history(&AGAINST);
    for learner in [Learner::Trees, Learner::Linear] {
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| file::save(&fit(&source, learner)))
        };
        assert_eq!(with_threads(1), with_threads(3), "{}", learner.name());
    }
}
