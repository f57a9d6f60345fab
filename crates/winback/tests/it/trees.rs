//! Trees from outside: the same bytes on any number of threads, in training and in scoring, and parts that add up.

use crate::bank::{WEEK, made, week};
use crate::explain::check_rows;
use crate::run::Bench;

fn train(threads: &str) -> Bench {
    let bench = made();
    let found = bench.json(&["train", "--learner", "trees", "--threads", threads]);
    assert_eq!((&found["metrics"]["learner"], &found["version"]), (&"trees".into(), &1.into()));
    bench
}

#[test]
fn threads_change_neither_the_model_nor_the_scores() {
    let (one, two) = (train("1"), train("2"));
    let package = |bench: &Bench| std::fs::read(bench.path().join("models/churn/1/model.bin")).unwrap();
    assert!(package(&one) == package(&two), "the models differ");
    assert_eq!(one.read("models/churn/1/manifest.json"), two.read("models/churn/1/manifest.json"));
    if one.run(&["models"]).stdout.contains("champion") {
        check_rows(&one, &[0, 123, 500]);
    }

    // More rows than fit into a few batches.
    let mut week = week(&one);
    let rows = std::mem::take(&mut week.rows);
    for copy in 0..50 {
        week.rows.extend(rows.iter().cloned().map(|mut row| {
            row[0] = format!("{}-{copy}", row[0]);
            row
        }));
    }
    one.write(WEEK, &week.text());
    for ending in ["csv", "parquet"] {
        let score = |threads: &str| {
            let output = format!("scored-{threads}.{ending}");
            let found = one.json(&["score", WEEK, "--model", "1", "--threads", threads, "-o", &output]);
            assert_eq!(found["scored"], week.rows.len());
            std::fs::read(one.path().join(output)).unwrap()
        };
        assert!(score("1") == score("2"), "the {ending} files differ");
    }
}
