//! Trees from outside: the same bytes on any number of threads and any machine, in training and in scoring, and parts that add up.

use winback_kernels::Cpu;

use crate::bank::{WEEK, made, week};
use crate::explain::check_rows;
use crate::run::{Bench, see};

fn train(threads: &str, cpu: Cpu) -> Bench {
    let bench = made();
    let arguments = ["train", "--learner", "trees", "--threads", threads, "--json"];
    let seen = see(bench.command(&arguments).env("WINBACK_CPU", cpu.name()));
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let found: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((&found["metrics"]["learner"], &found["version"]), (&"trees".into(), &1.into()));
    bench
}

#[test]
fn neither_threads_nor_the_machine_change_the_model_or_the_scores() {
    let (one, two) = (train("1", Cpu::portable()), train("2", Cpu::best()));
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
        let score = |threads: &str, cpu: Cpu| {
            let output = format!("scored-{threads}.{ending}");
            let arguments = ["score", WEEK, "--model", "1", "--threads", threads, "-o", &output];
            let seen = see(one.command(&arguments).env("WINBACK_CPU", cpu.name()));
            assert_eq!(seen.code, Some(0), "{}", seen.stderr);
            std::fs::read(one.path().join(output)).unwrap()
        };
        assert!(score("1", Cpu::portable()) == score("2", Cpu::best()), "the {ending} files differ");
    }
}

#[test]
fn kernels_that_there_are_not_are_refused_with_those_there_are() {
    let bench = Bench::new();
    let seen = see(bench.command(&["models"]).env("WINBACK_CPU", "abacus"));
    assert_eq!(seen.code, Some(1));
    assert!(seen.stderr.contains("`abacus`") && seen.stderr.contains("portable"), "{}", seen.stderr);
}
