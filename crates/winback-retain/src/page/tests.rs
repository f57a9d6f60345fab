//! Pages made from small reports: the same bytes again, hostile names escaped, within bounds whatever comes.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray};
use winback_learn::procedure::{self, Effort, Learner, Settings, Trained};
use winback_table::{Field, Kind, MemorySource, Role, Schema, Source, Trend};

use super::*;
use crate::findings::{Finding, Severity};
use crate::report::{
    About, ColumnShift, Evidence, Gathering, ModelReport, Named, Point, Population, Previous, ProfileColumn,
    ProfileReport, ScoredReport, ShownFinding, Threshold, Verdict, model_report,
};
use crate::{Scorer, Teller};

const HOSTILE: &str = "<script>alert(\"1\")</script> & 'x'";

/// A made history: one number and one category tell a little, `more` numbers nothing.
fn history(more: usize) -> MemorySource {
    const ROWS: usize = 1200;
    let mixed = |row: usize, salt: usize| ((row * 7919 + salt * 104_729) % 1009) as f64 / 1009.0;
    let left: Vec<bool> = (0..ROWS).map(|row| mixed(row, 1) < 0.1 + 0.3 * mixed(row, 2)).collect();
    let level = |row: usize| match row % 9 {
        0..4 => Some("common"),
        4..8 => Some(HOSTILE),
        _ => (row % 10 < 9).then_some("other"),
    };
    let mut fields = vec![
        Field::new("customer", Kind::Identifier, Role::Key),
        Field::new("left", Kind::Flag, Role::Label),
        Field::new(HOSTILE, Kind::Number, Role::Feature),
        Field::new("segment", Kind::Category, Role::Feature),
        Field::new("gender", Kind::Category, Role::Protected),
    ];
    fields[2].monotone = Some(Trend::Rising);
    fields[3].wording.name = Some(format!("segment {HOSTILE}"));
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new((0..ROWS).map(|row| Some(format!("C{row}"))).collect::<StringArray>()),
        Arc::new(BooleanArray::from(left)),
        Arc::new((0..ROWS).map(|row| Some((100.0 * mixed(row, 2)).floor())).collect::<Float64Array>()),
        Arc::new((0..ROWS).map(level).collect::<StringArray>()),
        Arc::new((0..ROWS).map(|row| Some(if row % 2 == 0 { "f" } else { "m" })).collect::<StringArray>()),
    ];
    for number in 0..more {
        fields.push(Field::new(
            format!("a_column_with_a_rather_long_name_{number}"),
            Kind::Number,
            Role::Feature,
        ));
        columns.push(Arc::new(
            (0..ROWS).map(|row| Some(1e4 * mixed(row, number + 3))).collect::<Float64Array>(),
        ));
    }
    let schema = Schema::new(fields, Some("yes".to_owned())).unwrap();
    let batch = RecordBatch::try_new(Arc::new(schema.arrow()), columns).unwrap();
    // Two batches, so that rows are counted across them.
    MemorySource::new(schema, vec![batch.slice(0, 500), batch.slice(500, 700)])
}

fn trained(history: &MemorySource) -> Trained {
    let settings =
        Settings { learner: Learner::Linear, effort: Effort::Normal, seed: 1, horizon: 0, bands: [2.0, 1.0] };
    procedure::train(history, &|field| field.role == Role::Feature, settings, &|_, _| true).unwrap()
}

fn of_model(history: &MemorySource, trained: &Trained) -> ModelReport {
    let findings = [Finding {
        severity: Severity::Warn,
        kind: "protected".to_owned(),
        columns: vec![HOSTILE.to_owned()],
        evidence: HOSTILE.to_owned(),
        message: format!("look at {HOSTILE}"),
    }];
    let evidence = Evidence {
        model: &trained.model,
        schema: history.schema(),
        report: &trained.report,
        profile: &trained.profile,
        importance: &trained.importance,
        findings: &findings,
        out_of_fold: &trained.out_of_fold,
        groups: &trained.groups,
        history: "0123",
        learner: "linear",
        seed: 1,
    };
    model_report(&evidence, history).unwrap()
}

fn of_scored(history: &MemorySource, trained: Trained) -> ScoredReport {
    let earlier = [("C0", 0.9, "high"), ("C1", 0.1, "low"), ("C2", f64::NAN, "unheard of")];
    compared(history, trained, &earlier)
}

/// A scored file beside an earlier one with these customers.
fn compared(history: &MemorySource, trained: Trained, earlier: &[(&str, f64, &str)]) -> ScoredReport {
    let schema = history.schema();
    let teller = Teller::new(&trained.model, schema, &trained.profile);
    let population = Population::new(&trained.model, schema, &trained.profile);
    let key = Some("customer".to_owned());
    let scorer = Scorer::new(trained.model, teller, population, key, "churn/1".to_owned()).unwrap();
    let mut previous = Previous::new(HOSTILE);
    for (key, probability, band) in earlier {
        previous.add(key, *probability, band).unwrap();
    }
    let mut gathering = Gathering::new(Some(previous), true);
    for batch in history.open().unwrap() {
        let batch = batch.unwrap();
        let numbers: Vec<u64> = (1..=batch.num_rows() as u64).collect();
        gathering.add(&scorer.score(&batch, &numbers).unwrap()).unwrap();
    }
    let about = About {
        file: HOSTILE.to_owned(),
        model_version: "churn/1".to_owned(),
        read: 1200,
        notes: vec![HOSTILE.to_owned()],
        warning: Some(format!("made champion over {HOSTILE}")),
    };
    scorer.report(gathering, about)
}

/// A page is well formed as far as text can tell, safe, small, and the same when it is made again.
fn check(page: &str, again: &str) {
    assert_eq!(page, again);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(!page.contains("<script>alert"), "a name from outside is markup");
    assert!(page.contains("default-src 'none'") && !page.contains("http://") && !page.contains("https://"));
    let mut ids = BTreeSet::new();
    for part in page.split(" id=\"").skip(1) {
        let id = part.split('"').next().unwrap();
        assert!(ids.insert(id), "the id `{id}` is there twice");
    }
    for tag in ["svg", "figure", "section", "table", "details"] {
        let (opened, closed) =
            (page.matches(&format!("<{tag}")).count(), page.matches(&format!("</{tag}>")).count());
        assert_eq!(opened, closed, "{tag}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf "), "a figure that is no number");
}

#[test]
fn a_models_page_is_safe_small_and_the_same_again() {
    let history = history(0);
    let trained = trained(&history);
    let report = of_model(&history, &trained);
    check(&model(&report), &model(&of_model(&history, &trained)));
    let text = model(&report);
    for said in [
        "Whom to contact",
        "gender (protected)",
        "Look at this",
        "winback train --learner linear --seed 1",
        "Effects are compared with: the training distribution.",
        "the risk never falls as one of these rises: &lt;script",
    ] {
        assert!(text.contains(said), "{said}");
    }
    // No customer and no level of fewer than twenty rows.
    assert!(!text.contains("C17<") && !text.contains(">C1"), "a key");
    assert!(report.effects.swarms.iter().all(|swarm| swarm.dots.is_sorted_by(|a, b| a.effect <= b.effect)));
    let all = report.thresholds.last().unwrap();
    assert!(all.contacted >= 1.0 && all.found >= 1.0);
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let history = history(0);
    // Training too, so that nothing is compared with itself.
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| model(&of_model(&history, &trained(&history))))
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn two_hundred_columns_are_within_bounds() {
    let history = history(198);
    let trained = trained(&history);
    let made = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (model(&of_model(&history, &trained)), scored(&of_scored(&history, trained.clone()))))
    };
    let ((of_model, of_scored), (model_again, scored_again)) = (made(1), made(4));
    check(&of_model, &model_again);
    check(&of_scored, &scored_again);
}

#[test]
fn a_scored_files_page_compares_weeks_and_names_the_top() {
    let history = history(0);
    let first = of_scored(&history, trained(&history));
    let second = of_scored(&history, trained(&history));
    check(&scored(&first), &scored(&second));
    assert_eq!(first.now.customers.iter().sum::<u64>(), 1200);
    assert_eq!(first.top.len(), 20);
    assert!(scored(&first).contains("Effects are compared with: the training distribution."));
    assert!(first.top.is_sorted_by(|left, right| left.probability >= right.probability));
    let previous = first.previous.as_ref().unwrap();
    assert_eq!(previous.shares.customers, [1, 0, 1]);
    // The file is the training itself.
    assert!(first.shifts.iter().all(|shift| shift.index.abs() < 1e-12), "{:?}", first.shifts);
}

#[test]
fn who_was_at_high_risk_before_is_not_new() {
    let history = history(0);
    let trained = trained(&history);
    let found = |earlier: &[(&str, f64, &str)]| compared(&history, trained.clone(), earlier);
    let first = found(&[]);
    let (high, top) = (first.now.customers[0], first.top[0].key.as_str());
    assert!(2 < high && first.top[0].band == "high", "{high}");
    let newly = |report: &ScoredReport| report.previous.as_ref().unwrap().newly_high.unwrap();
    let medium = found(&[(top, 0.2, "medium")]);
    assert_eq!((newly(&first), newly(&medium)), (high, high));
    let known = found(&[(top, 0.9, "high"), ("gone", 0.9, "high")]);
    assert_eq!(newly(&known), high - 1);
    assert!(scored(&known).contains(&format!("{} customers are newly", high - 1)));
}

#[test]
fn the_column_that_changed_most_is_one_that_changed_beyond_chance() {
    let history = history(0);
    let mut report = of_scored(&history, trained(&history));
    let shift = report.shifts[0].clone();
    let named = |name: &str, index: f64, verdict: Verdict| {
        let name = Named { column: name.to_owned(), shown: name.to_owned() };
        ColumnShift { name, index, verdict, ..shift.clone() }
    };
    report.shifts =
        vec![named("many rare levels", 0.3, Verdict::Chance), named("balance", 0.02, Verdict::Little)];
    let text = scored(&report);
    assert!(text.contains("1 of 2 columns differ from the training beyond chance, balance most"));
    assert!(text.contains("divided by the number of columns"));
    assert!(text.contains("by chance up to"));
    // What speaks against the model stands above everything else.
    let place = |said: &str| text.find(said).unwrap();
    assert!(place("Warning:</strong>Made champion over") < place("class=\"lead\""));
}

#[test]
fn with_few_scores_the_lead_speaks_of_those_really_contacted() {
    let history = history(0);
    let trained = trained(&history);
    let mut report = of_model(&history, &trained);
    report.thresholds = vec![
        Threshold { probability: 0.4, contacted: 0.37, found: 0.62, precision: 0.3, lift: 1.7 },
        Threshold { probability: 0.1, contacted: 1.0, found: 1.0, precision: 0.18, lift: 1.0 },
    ];
    report.curves.gains = (0..=100)
        .map(|place| f64::from(place) / 100.0)
        .map(|x| Point { x, y: x, low: (x - 0.01).max(0.0), high: (x + 0.01).min(1.0) })
        .collect();
    report.has_groups = false;
    let text = model(&report);
    // The point on the chart can be moved, so its title names none.
    assert!(text.contains("<h3>How many of the leavers are found</h3>"));
    assert!(text.contains("Contacting 37\u{a0}% finds 62.0\u{a0}% of the leavers"));
    assert!(text.contains("(95 % sure: 36\u{a0}% to 38\u{a0}% of them)"));
    assert!(text.contains("Customers learnt from"));
    report.has_groups = true;
    assert!(model(&report).contains("Rows learnt from"));
    report.thresholds.remove(0);
    assert!(model(&report).contains("all customers the same risk"));
}

#[test]
fn a_blocked_models_page_says_which_gate_that_closes_and_begins_with_a_whole_sentence() {
    let history = history(0);
    let mut report = of_model(&history, &trained(&history));
    let text = model(&report);
    assert!(text.contains("That is ") && !text.contains("<code>leak</code> stands closed"));
    let block = ShownFinding { severity: "block".to_owned(), ..report.findings[0].clone() };
    report.findings.insert(0, block);
    let text = model(&report);
    assert!(text.contains("The gate <code>leak</code> stands closed"), "{text}");
    assert!(text.contains("does not become champion unless a person overrides it"));
    assert!(text.contains("One finding blocks the model; "));
    assert!(!text.contains("That is ") && text.contains(" times as many as by chance (95 % sure: "));
    assert!(!text.contains("taken at their word."));
}

#[test]
fn style_and_script_have_the_bytes_that_their_digests_are_of() {
    // A browser takes a carriage return out before it compares the digest.
    assert!(!STYLE.contains('\r') && !SLIDER.contains('\r'));
}

#[test]
fn a_historys_page_shows_what_blocks_first() {
    let finding = |severity: &str| ShownFinding {
        severity: severity.to_owned(),
        kind: "leak".to_owned(),
        columns: vec![HOSTILE.to_owned()],
        evidence: "AUC 0.999".to_owned(),
        message: format!("the column decides the label ({severity})"),
    };
    let column = |number: u64| ProfileColumn {
        name: format!("{HOSTILE} {number}"),
        kind: "number".to_owned(),
        role: "feature".to_owned(),
        missing: 0.1,
        distinct: number,
        range: "0 to 10".to_owned(),
        histogram: (0..20).collect(),
        strength: (number.is_multiple_of(2)).then_some(0.7),
        note: HOSTILE.to_owned(),
    };
    let report = ProfileReport {
        source: HOSTILE.to_owned(),
        rows: 1000,
        label: Some("left is yes".to_owned()),
        positives: 100,
        columns: (0..200).map(column).collect(),
        findings: vec![finding("note"), finding("block"), finding("warn")],
        assumptions: vec![HOSTILE.to_owned()],
        ..ProfileReport::default()
    };
    let text = profile(&report);
    check(&text, &profile(&report));
    let place = |said: &str| text.find(said).unwrap();
    assert!(place("(block)") < place("(warn)") && place("(warn)") < place("(note)"));
    assert!(text.contains("One thing must be mended before training"));
    check(&profile(&ProfileReport::default()), &profile(&ProfileReport::default()));
}

#[test]
fn thousands_of_findings_are_within_bounds_the_gravest_first() {
    let finding = |number: usize| ShownFinding {
        severity: if number < 2300 { "note" } else { "warn" }.to_owned(),
        kind: "missing-tells".to_owned(),
        columns: vec![format!("a_column_with_a_rather_long_name_{number}")],
        evidence: "12.3 % of the rows without a value left, 4.5 % of those with one; 6.7 % have none"
            .to_owned(),
        message: format!(
            "that `a_column_with_a_rather_long_name_{number}` is missing tells the label; make sure that it is missing for the same reasons when customers are scored"
        ),
    };
    let report = ProfileReport {
        findings: (0..2500).map(finding).collect(),
        assumptions: (0..2500)
            .map(|number| {
                format!(
                    "`a_column_with_a_rather_long_name_{number}` is not learnt from: every value is different"
                )
            })
            .collect(),
        ..ProfileReport::default()
    };
    let text = profile(&report);
    check(&text, &profile(&report));
    assert!(text.contains("And 2,300 more, none graver than these.") && text.contains("And 2,200 more"));
    assert!(text.contains("name_2499"));
    let history = history(0);
    let mut of_model = of_model(&history, &trained(&history));
    of_model.findings.clone_from(&report.findings);
    check(&model(&of_model), &model(&of_model));
}

#[test]
fn digests_are_those_of_the_standard() {
    assert_eq!(base64(b""), "");
    assert_eq!((base64(b"f"), base64(b"fo"), base64(b"foo")), ("Zg==".into(), "Zm8=".into(), "Zm9v".into()));
}
