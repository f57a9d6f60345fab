//! What a worker makes of a graph: order, conditions, lists, repetition, time, cancelling, and what need not run again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures::FutureExt as _;
use serde_json::{Value as Json, json};

use crate::component::{Bodies, Component, Components, Failure, Task};
use crate::run::{FailureKind, State, StepId};
use crate::testkit::{block_on, memory};
use crate::value::{Type, Value, Values};
use crate::{
    Clock, Options, Outcome, Pipeline, Progress, Request, Retry, Run, RunId, Source, Step, Store, Worker,
};

type Body = Box<dyn Fn(&Task) -> Result<Json, Failure>>;

/// Components that give what a closure says, and remember who asked.
struct Given {
    bodies: BTreeMap<&'static str, Body>,
    asked: RefCell<Vec<String>>,
    holds: RefCell<bool>,
    clock: Clock,
}

impl Bodies for Given {
    async fn attempt(&self, task: Task) -> Result<Values, Failure> {
        self.asked.borrow_mut().push(task.step.to_string());
        let mut given = (self.bodies[task.component.as_str()])(&task)?;
        if given == json!("takes for ever") {
            self.clock.sleep_until(self.clock.now().plus(Duration::from_secs(1_000))).await;
            given = Json::Null;
        }
        let fields = given.as_object().cloned().unwrap_or_default();
        Ok(fields
            .into_iter()
            .map(|(name, json)| match json {
                Json::Array(items) => (name, Value::List(items.into_iter().map(Value::Parameter).collect())),
                json => (name, Value::Parameter(json)),
            })
            .collect())
    }

    async fn holds(&self, _what: &str) -> bool {
        *self.holds.borrow()
    }
}

struct Bench {
    store: Store,
    clock: Clock,
    components: Components,
    worker: Worker<Given>,
}

/// A worker for components that take and give `n`, with code by name.
fn bench(store: &Store, version: u32, bodies: Vec<(&'static str, Body)>) -> Bench {
    bench_of(store, &format!("w-{version}"), bodies, |component| Component { version, ..component })
}

/// The same under a name, with components that are a little different.
fn bench_of(
    store: &Store,
    owner: &str,
    bodies: Vec<(&'static str, Body)>,
    differ: impl Fn(Component) -> Component,
) -> Bench {
    let clock = Clock::fixed(crate::testkit::NOW).unwrap();
    let component = |name| {
        let component = Component::new(name, 1, "")
            .may_take("n", Type::Json)
            .may_take("status", Type::Json)
            .may_give("n", Type::Json)
            .may_give("list", Type::Json.list());
        differ(component)
    };
    let components: Components = bodies.iter().map(|(name, _)| (*name, component(name))).collect();
    let given = Given {
        bodies: bodies.into_iter().collect(),
        asked: RefCell::default(),
        holds: RefCell::new(false),
        clock: clock.clone(),
    };
    let second = Duration::from_secs(1);
    let options = Options { owner: owner.to_owned(), lease: 10 * second, slots: 1, look: second };
    let worker = Worker::new(store.clone(), clock.clone(), components.clone(), given, options).unwrap();
    Bench { store: store.clone(), clock, components, worker }
}

impl Bench {
    fn submit(&self, pipeline: Pipeline, subject: &str) -> RunId {
        pipeline.check(&self.components).unwrap();
        let id = RunId::of(&pipeline.name, subject, 1);
        let request = Request {
            id: id.clone(),
            pipeline,
            inputs: Values::new(),
            subject: subject.to_owned(),
            cause: "a test".to_owned(),
            object: None,
            forced: false,
        };
        assert!(block_on(self.worker.runs().submit(request)).unwrap());
        id
    }

    fn drive(&self, id: &RunId) -> Progress {
        block_on(self.worker.drive(id)).unwrap()
    }

    fn run(&self, id: &RunId) -> Run {
        block_on(self.worker.runs().find(id)).unwrap()
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.worker.bodies.asked.borrow_mut())
    }

    /// Drives a run to its end, letting time pass while it waits.
    fn finish(&self, id: &RunId) -> Outcome {
        loop {
            match self.drive(id) {
                Progress::Over(outcome) => return outcome,
                Progress::Waits(until) => self.clock.set(until.expect("it waits for a time")),
            }
        }
    }
}

fn one() -> Body {
    Box::new(|_| Ok(json!({"n": 1})))
}

fn fails(failure: fn(String) -> Failure) -> Body {
    Box::new(move |_| Err(failure("no luck".to_owned())))
}

fn step(name: &str, component: &str) -> Step {
    Step::new(name, component)
}

fn after(name: &str, component: &str, before: &str) -> Step {
    step(name, component).with("n", Source::output(before, "n"))
}

fn whole(name: &str) -> StepId {
    StepId::whole(name)
}

#[test]
fn values_go_from_step_to_step_and_conditions_decide() {
    let more: Body =
        Box::new(|task| Ok(json!({"n": task.inputs["n"].json().unwrap().as_i64().unwrap() + 1})));
    let bench = bench(&memory(), 1, vec![("one", one()), ("more", more)]);
    let pipeline = Pipeline::new("p", "")
        .step(step("a", "one"))
        .step(after("b", "more", "a"))
        .step(after("no", "more", "a").when(Source::output("b", "n"), 3))
        .step(after("then", "more", "no"))
        .step(step("still", "one").after("no").always())
        .step(step("free", "one").with("n", Source::if_given("no", "n")).always());
    let id = bench.submit(pipeline, "s");
    assert_eq!(bench.drive(&id), Progress::Over(Outcome::Succeeded));
    let run = bench.run(&id);
    assert_eq!(run.output("b", "n"), Some(Value::of(2)));
    assert_eq!(bench.asked(), ["a", "b", "still", "free"]);
    let why = |name| match &run.steps[&whole(name)].state {
        State::LeftOut { why } => why.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(why("no"), "`n` of `b` is 2, and it runs only for 3");
    assert_eq!(why("then"), "`no` gave no `n`");
}

#[test]
fn the_same_key_is_not_worked_on_twice() {
    let store = memory();
    let pipeline = || Pipeline::new("p", "").step(step("a", "one")).step(after("b", "one", "a").always());
    let first = bench(&store, 1, vec![("one", one())]);
    let id = first.submit(pipeline(), "first");
    first.finish(&id);
    assert_eq!(first.asked(), ["a", "b"]);
    let again = first.submit(pipeline(), "second");
    first.finish(&again);
    assert_eq!(first.asked(), ["b"], "what looks at the world runs each time");
    assert_eq!(first.run(&again).steps[&whole("a")].state, State::Done { from: Some(id) });

    let newer = bench(&store, 2, vec![("one", one())]);
    let third = newer.submit(pipeline(), "third");
    newer.finish(&third);
    assert_eq!(newer.asked(), ["a", "b"], "a new version of the component is other work");
    let why = block_on(newer.worker.runs().why(&third, &whole("a"))).unwrap();
    assert_eq!(why.ours.unwrap()["version"], 2);
    assert_eq!(why.earlier.map(|(run, of)| (run, of["version"].clone())), Some((again, json!(1))));
}

#[test]
fn long_work_that_another_worker_is_at_is_waited_for() {
    let ever: Body = Box::new(|_| Ok(json!("takes for ever")));
    let first = bench_of(&memory(), "first", vec![("fit", ever), ("one", one())], Component::long);
    let other = bench_of(&first.store, "other", vec![("fit", one())], Component::long);
    let pipeline = || Pipeline::new("p", "").step(step("a", "fit"));
    // Some are open that do nothing, and of one nothing can be read.
    for number in 0..12 {
        first.submit(
            Pipeline::new("p", "").step(step("a", "one").waits_for("luck")),
            &format!("idle {number}"),
        );
    }
    let broken = first.submit(pipeline(), "broken");
    let records = block_on(first.store.list(&format!("state/run/{broken}"))).unwrap();
    assert!(!records.is_empty());
    for record in records {
        block_on(first.store.delete(&record.path)).unwrap();
        block_on(first.store.put_new(&record.path, "no record".into())).unwrap();
    }
    let (id, same) = (first.submit(pipeline(), "s"), other.submit(pipeline(), "t"));
    let drive = first.worker.drive(&id);
    futures::pin_mut!(drive);
    assert!(block_on(async { (&mut drive).now_or_never() }).is_none());
    // Others are asked four times in the time of a lease, and not by each run that waits.
    let later = |milliseconds| other.clock.now().plus(Duration::from_millis(milliseconds));
    assert_eq!(other.drive(&same), Progress::Waits(Some(later(2_500))));
    other.clock.set(later(1_000));
    assert_eq!(other.drive(&same), Progress::Waits(Some(later(1_500))));
    // The claim of one that is not heard of any more keeps nobody waiting.
    other.clock.set(later(10_000));
    assert_eq!(other.drive(&same), Progress::Over(Outcome::Succeeded));
    assert_eq!(other.asked(), ["a"]);
    let marks = block_on(first.store.list("state/busy")).unwrap();
    assert_eq!(marks.len(), 1, "only the one that was not heard of any more has not taken its mark away");
    assert!(marks[0].path.ends_with(&format!(".{id}")), "{marks:?}");
}

#[test]
fn a_list_is_worked_on_item_by_item_and_gathered() {
    let list: Body = Box::new(|_| Ok(json!({"list": [3, 4, 5]})));
    let double: Body =
        Box::new(|task| Ok(json!({"n": task.inputs["n"].json().unwrap().as_i64().unwrap() * 2})));
    let bench =
        bench(&memory(), 1, vec![("list", list), ("double", double), ("fail", fails(Failure::Refused))]);
    let each =
        |name: &str, component: &str| step(name, component).with("n", Source::output("l", "list")).each("n");
    let pipeline = Pipeline::new("p", "").step(step("l", "list")).step(each("d", "double"));
    let id = bench.submit(pipeline.clone(), "s");
    assert_eq!(bench.finish(&id), Outcome::Succeeded);
    let doubled = [6, 8, 10].map(Value::of).to_vec();
    assert_eq!(bench.run(&id).output("d", "n"), Some(Value::List(doubled)));
    assert_eq!(bench.asked(), ["l", "d[0]", "d[1]", "d[2]"]);

    let id = bench.submit(pipeline.step(each("f", "fail")), "t");
    assert_eq!(bench.finish(&id), Outcome::Refused);
    assert_eq!(bench.asked(), ["f[0]"], "after one failure no other item is begun");
    let failures = &bench.run(&id).steps[&whole("f")].failures;
    assert_eq!(failures[0].1, "1 of 3 items failed, one because: no luck");
}

#[test]
fn what_fails_is_tried_again_later_and_later() {
    let bench = bench(&memory(), 1, vec![("fail", fails(Failure::Failed)), ("one", one())]);
    let retry = Retry { attempts: 4, first_wait: 1_000, longest_wait: 3_000 };
    let pipeline = Pipeline::new("p", "")
        .step(step("f", "fail").retry(retry))
        .step(after("g", "one", "f"))
        .step(step("end", "one").with("status", Source::Status).exit().always());
    let id = bench.submit(pipeline, "s");
    let mut waits = Vec::new();
    while let Progress::Waits(Some(until)) = bench.drive(&id) {
        waits.push(until.since(bench.clock.now()).as_secs());
        bench.clock.set(until);
    }
    assert_eq!(waits, [1, 2, 3]);
    let run = bench.run(&id);
    assert_eq!(run.ended.map(|(outcome, _)| outcome), Some(Outcome::Failed));
    assert_eq!(run.steps[&whole("f")].failures.len(), 4);
    assert_eq!(bench.asked(), ["f", "f", "f", "f", "end"], "what runs at the end does");

    // Somebody has mended the cause.
    assert!(block_on(bench.worker.runs().retry(&id, "ada")).unwrap());
    assert!(!block_on(bench.worker.runs().retry(&id, "ada")).unwrap(), "it is open already");
    assert_eq!(bench.finish(&id), Outcome::Failed);
    assert_eq!(bench.asked(), ["f", "f", "f", "f", "end"]);
}

#[test]
fn what_cannot_be_used_for_a_day_is_waited_for_where_it_is_needed() {
    let outage: Body = Box::new(|_| Err(Failure::Unavailable("no room".to_owned())));
    let bench = bench(&memory(), 1, vec![("outage", outage)]);
    let id = bench.submit(Pipeline::new("p", "").step(step("a", "outage")), "s");
    let begin = bench.clock.now();
    let mut longest = 0;
    while bench.clock.now().since(begin).as_secs() < 86_400 {
        let Progress::Waits(Some(until)) = bench.drive(&id) else { panic!("it has ended") };
        longest = longest.max(until.since(bench.clock.now()).as_secs());
        bench.clock.set(until);
    }
    assert_eq!(longest, 300);
    assert!(block_on(bench.worker.runs().cancel(&id, "ada", "it never comes back")).unwrap());
    assert_eq!(bench.finish(&id), Outcome::Cancelled);

    // Such attempts are not counted with those that went wrong.
    let mixed = RefCell::new(0);
    let mixed: Body = Box::new(move |_| {
        *mixed.borrow_mut() += 1;
        match *mixed.borrow() {
            ..=10 => Err(Failure::Unavailable("no room".to_owned())),
            11 => Err(Failure::Failed("no luck".to_owned())),
            _ => Ok(json!({})),
        }
    });
    let lucky = self::bench(&memory(), 1, vec![("mixed", mixed)]);
    let id = lucky.submit(Pipeline::new("p", "").step(step("a", "mixed")), "s");
    assert_eq!(lucky.finish(&id), Outcome::Succeeded);

    // What the run can do without keeps nobody waiting that long.
    let id = bench.submit(Pipeline::new("p", "").step(step("b", "outage").may_fail()), "t");
    assert_eq!(bench.finish(&id), Outcome::Succeeded);
    assert_eq!(bench.run(&id).steps[&whole("b")].failures.len(), 7);
}

#[test]
fn a_run_that_did_all_it_had_to_is_not_opened_again() {
    let bench = bench(&memory(), 1, vec![("one", one())]);
    let never = step("b", "one").when(Source::output("a", "n"), 0);
    let id = bench.submit(Pipeline::new("p", "").step(step("a", "one")).step(never), "s");
    assert_eq!(bench.finish(&id), Outcome::Succeeded);
    assert!(!block_on(bench.worker.runs().retry(&id, "ada")).unwrap());
}

#[test]
fn a_failure_that_is_borne_fails_nothing() {
    let bench = bench(&memory(), 1, vec![("fail", fails(Failure::Refused)), ("one", one())]);
    let pipeline =
        Pipeline::new("p", "").step(step("f", "fail").may_fail()).step(step("g", "one").after("f"));
    let id = bench.submit(pipeline, "s");
    assert_eq!(bench.finish(&id), Outcome::Succeeded);
    assert_eq!(bench.asked(), ["f", "g"], "what is refused is not tried again");
}

#[test]
fn an_attempt_may_take_only_so_long() {
    let ever: Body = Box::new(|_| Ok(json!("takes for ever")));
    let bench = bench(&memory(), 1, vec![("ever", ever)]);
    let once = Retry { attempts: 1, ..Retry::default() };
    let id = bench.submit(Pipeline::new("p", "").step(step("e", "ever").timeout(30).retry(once)), "s");
    let clock = bench.clock.clone();
    let (progress, ()) = block_on(futures::future::join(bench.worker.drive(&id), async {
        for _ in 0..2_000 {
            clock.set(clock.now().plus(Duration::from_millis(500)));
            tokio::task::yield_now().await;
        }
    }));
    assert_eq!(progress.unwrap(), Progress::Over(Outcome::Failed));
    let run = bench.run(&id);
    assert_eq!(
        run.steps[&whole("e")].failures,
        [(FailureKind::TimedOut, "it took longer than 30 s".to_owned())]
    );
}

#[test]
fn a_run_can_be_ended_by_a_person() {
    let bench = bench(&memory(), 1, vec![("one", one())]);
    let pipeline =
        Pipeline::new("p", "").step(step("a", "one").waits_for("luck")).step(step("end", "one").exit());
    let id = bench.submit(pipeline, "s");
    assert_eq!(bench.drive(&id), Progress::Waits(None));
    assert!(block_on(bench.worker.runs().cancel(&id, "ada", "wrong file")).unwrap());
    assert_eq!(bench.finish(&id), Outcome::Cancelled);
    assert_eq!(bench.asked(), ["end"]);
    assert!(!block_on(bench.worker.runs().cancel(&id, "ada", "again")).unwrap());
    let unknown = block_on(bench.worker.runs().cancel(&RunId::of("p", "x", 1), "ada", "")).unwrap_err();
    assert_eq!(unknown.kind(), crate::ErrorKind::NotFound);
}

#[test]
fn a_step_waits_for_the_world() {
    let bench = bench(&memory(), 1, vec![("one", one())]);
    let id = bench.submit(Pipeline::new("p", "").step(step("a", "one").waits_for("champion")), "s");
    assert_eq!(bench.drive(&id), Progress::Waits(None));
    *bench.worker.bodies.holds.borrow_mut() = true;
    assert_eq!(bench.finish(&id), Outcome::Succeeded);
}

#[test]
fn a_step_that_waited_for_the_world_is_tried_again_after_a_failure() {
    let tries = RefCell::new(0);
    let second: Body = Box::new(move |_| {
        *tries.borrow_mut() += 1;
        if *tries.borrow() == 1 { Err(Failure::Failed("no luck".to_owned())) } else { Ok(json!({})) }
    });
    let bench = bench(&memory(), 1, vec![("second", second)]);
    let id = bench.submit(Pipeline::new("p", "").step(step("a", "second").waits_for("champion")), "s");
    *bench.worker.bodies.holds.borrow_mut() = true;
    assert_eq!(bench.finish(&id), Outcome::Succeeded);
    assert_eq!(bench.asked(), ["a", "a"]);
}

#[test]
fn what_a_body_gives_is_held_to_what_it_says() {
    let odd: Body = Box::new(|_| Ok(json!({"m": 1})));
    let bench = bench(&memory(), 1, vec![("odd", odd)]);
    let once = Retry { attempts: 1, ..Retry::default() };
    let id = bench.submit(Pipeline::new("p", "").step(step("a", "odd").retry(once)), "s");
    assert_eq!(bench.finish(&id), Outcome::Failed);
    let reason = &bench.run(&id).steps[&whole("a")].failures[0].1;
    assert!(reason.starts_with("it gave `m`, which it does not say it gives"), "{reason}");
}

#[test]
fn the_same_subject_is_the_same_run() {
    let bench = bench(&memory(), 1, vec![("one", one())]);
    let pipeline = Pipeline::new("p", "").step(step("a", "one"));
    let id = bench.submit(pipeline.clone(), "s");
    let request = Request {
        id: id.clone(),
        pipeline,
        inputs: Values::new(),
        subject: "s".to_owned(),
        cause: "another".to_owned(),
        object: None,
        forced: false,
    };
    assert!(!block_on(bench.worker.runs().submit(request)).unwrap());
    let lines = block_on(bench.worker.runs().list()).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(RunId::of("p", "s", 2).to_string(), format!("{id}-r2"));
    drop(bench.store);
}

#[test]
fn what_a_broken_off_drive_had_claimed_is_taken_up_again() {
    let asked = std::cell::Cell::new(0);
    let once: Body = Box::new(move |_| {
        asked.set(asked.get() + 1);
        Ok(if asked.get() == 1 { json!("takes for ever") } else { json!({"n": 1}) })
    });
    let bench = bench(&memory(), 1, vec![("once", once)]);
    let id = bench.submit(Pipeline::new("p", "").step(step("a", "once")), "s");
    // As when the store fails under it: the process lives, and what it was at is gone.
    assert!(block_on(async { bench.worker.drive(&id).now_or_never() }).is_none());
    assert_eq!(bench.finish(&id), Outcome::Succeeded);
    let failures = &bench.run(&id).steps[&whole("a")].failures;
    assert_eq!((failures.len(), failures[0].0), (1, FailureKind::Lost));
}

#[test]
fn long_work_keeps_its_claim_and_is_not_told_to_stop() {
    let stopped = std::rc::Rc::new(RefCell::new(None));
    let seen = std::rc::Rc::clone(&stopped);
    let long: Body = Box::new(move |task| {
        *seen.borrow_mut() = Some(task.stop.clone());
        Ok(json!("takes for ever"))
    });
    let bench = bench(&memory(), 1, vec![("long", long)]);
    let id = bench.submit(Pipeline::new("p", "").step(step("a", "long")), "s");
    let clock = bench.clock.clone();
    // A hundred times its lease, while another worker looks on and would take over what is not renewed.
    let other = self::bench(&bench.store, 2, vec![("long", one())]);
    let (progress, ()) = block_on(futures::future::join(bench.worker.drive(&id), async {
        for _ in 0..400 {
            clock.set(clock.now().plus(Duration::from_secs(3)));
            other.clock.set(clock.now());
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            assert_ne!(other.worker.drive(&id).await.unwrap(), Progress::Over(Outcome::Failed));
        }
    }));
    assert_eq!(progress.unwrap(), Progress::Over(Outcome::Succeeded));
    assert_eq!((bench.asked().len(), other.asked().len()), (1, 0));
    assert!(!stopped.borrow().as_ref().unwrap().is_raised());
    let run = bench.run(&id);
    assert_eq!((run.steps[&whole("a")].attempts, run.steps[&whole("a")].failures.len()), (1, 0));
    assert!(80 < run.records && run.records < 500, "{} records", run.records);
}
