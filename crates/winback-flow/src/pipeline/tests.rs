//! What a graph may not be, and how it looks.

use serde_json::json;

use super::{Pipeline, Source, Step};
use crate::component::{Component, Components};
use crate::value::{Type, Value, Values};

fn components() -> Components {
    let read = Component::new("read", 1, "").takes("file", Type::file("csv")).gives("rows", Type::Number);
    let fit = Component::new("fit", 1, "")
        .takes("rows", Type::Number)
        .may_take("seed", Type::Number)
        .gives("model", Type::folder("model"));
    let find = Component::new("find", 1, "").gives("files", Type::file("csv").list());
    Components::from([("read", read), ("fit", fit), ("find", find)])
}

fn read() -> Step {
    Step::new("read", "read").with("file", Source::input("file"))
}

fn fit() -> Step {
    Step::new("fit", "fit").with("rows", Source::output("read", "rows"))
}

fn base() -> Pipeline {
    Pipeline::new("train", "learns").takes("file", Type::file("csv"))
}

fn check(pipeline: &Pipeline, problem: &str) {
    let error = pipeline.check(&components()).unwrap_err().to_string();
    assert!(error.contains(problem), "{error}");
}

#[test]
fn a_sound_graph_passes_and_survives_json() {
    let pipeline = base()
        .step(read())
        .step(fit().when(Source::output("read", "rows"), 7))
        .step(Step::new("end", "find").after("fit").exit().always().may_fail());
    pipeline.check(&components()).unwrap();
    let text = serde_json::to_string(&pipeline).unwrap();
    assert_eq!(serde_json::from_str::<Pipeline>(&text).unwrap(), pipeline);
}

#[test]
fn each_rule_names_the_step() {
    check(&base().step(read()).step(read()), "two steps are called `read`");
    check(&base().step(Step::new("a b", "find")), "`a b` cannot name a step");
    check(&base().step(Step::new("x", "gone")), "step `x` uses the component `gone`, which is unknown");
    check(&base().step(fit()).step(read()), "step `fit` needs `read`, which does not come before it");
    check(&base().step(read().after("read")), "step `read` needs `read`, which does not come before it");
    check(&base().step(read().after("gone")), "step `read` needs the step `gone`, which is not there");
    check(
        &base().step(read().exit()).step(fit()),
        "step `fit` needs `read`, which runs only when all others",
    );
    check(&base().step(Step::new("x", "fit")), "step `x` is not given the input `rows`");
    check(
        &base().step(read().with("more", Source::constant(1))),
        "gives `more` to `read`, which has no such input",
    );
    check(
        &base().step(Step::new("x", "fit").with("rows", Source::constant("7"))),
        "is given \"7\" where a number",
    );
    check(
        &base().step(Step::new("x", "fit").with("rows", Source::input("file"))),
        "is given the pipeline's input `file`, a file of csv, where a number is needed",
    );
    check(
        &base().step(read()).step(fit().with("seed", Source::output("read", "seed"))),
        "is given the output `seed` of `read`, which is not there",
    );
    check(
        &base().step(read()).step(Step::new("x", "fit").with("rows", Source::if_given("read", "rows"))),
        "may go without the output `rows` of `read`, but its input `rows` may not",
    );
    check(&base().step(read().each("rows")), "runs for each `rows`, which `read` does not take");
    check(&base().step(read().each("file")), "a list of file of csv is needed");
    check(&base().step(read().when(Source::Status, 1)), "so it has to run in each");
}

#[test]
fn what_runs_for_each_item_gives_lists() {
    let each = Step::new("read", "read").with("file", Source::output("find", "files")).each("file");
    let pipeline = Pipeline::new("p", "").step(Step::new("find", "find")).step(each);
    pipeline.check(&components()).unwrap();
    check(&pipeline.step(fit()), "the output `rows` of `read`, a list of number, where a number is needed");
}

#[test]
fn a_part_keeps_its_inside_and_takes_what_it_is_given() {
    let find = Step::new("find", "find");
    let part = base().step(read()).step(fit().after("read"));
    let whole = Pipeline::new("weekly", "").takes("week", Type::file("csv")).step(find).include(
        &part,
        &[("file", Source::input("week"))],
        |step| step.after("find"),
    );
    whole.check(&components()).unwrap();
    let fit = whole.find("train/fit").unwrap();
    assert_eq!(fit.inputs["rows"], Source::output("train/read", "rows"));
    assert_eq!(fit.after, ["train/read", "find"]);
    check(&Pipeline::new("weekly", "").include(&part, &[], |step| step), "`train/file`, which is not there");
}

#[test]
fn a_run_is_given_what_its_pipeline_takes() {
    let pipeline = Pipeline::new("p", "").takes("n", Type::Number).may_take("m", Type::Text);
    let check = |given: &[(&str, Value)], problem: &str| {
        let given: Values = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let said = pipeline.check_inputs(&given).map_err(|error| error.to_string()).err().unwrap_or_default();
        assert!(said.contains(problem) && said.is_empty() == problem.is_empty(), "{said}");
    };
    check(&[("n", Value::of(1))], "");
    check(&[], "needs the input `n`");
    check(&[("n", Value::of("1"))], "`n` takes a number");
    check(&[("n", Value::of(1)), ("x", Value::of(1))], "has no input `x`");
}

#[test]
fn a_graph_can_be_drawn() {
    let pipeline =
        base().step(read()).step(fit().after("read").when(Source::output("read", "rows"), json!(7)));
    let dot = pipeline.dot();
    assert!(dot.contains("\"read\" -> \"fit\" [label=\"rows\"];"), "{dot}");
    assert!(dot.contains("\"input file\" -> \"read\""), "{dot}");
    let outline = pipeline.outline();
    assert_eq!(outline[1], ("fit".into(), "← read".into(), "when read.rows is 7".into()));
}
