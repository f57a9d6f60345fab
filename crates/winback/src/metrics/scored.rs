//! What the run of a file says of its customers, as metrics.

use serde_json::Value as Json;
use winback_flow::{Line, Run, Time, Value};
use winback_retain::drift::Week;
use winback_retain::findings::{Finding, Severity};
use winback_server::{Labels, Metric};

use super::gauge;

/// Columns that are told one by one, those that differ most: each is a handful of time series for whoever collects them.
const MOST_COLUMNS: usize = 200;

/// What a run says of the file that it scored.
pub(super) struct Scored {
    modified: Option<Time>,
    published: Option<Time>,
    summary: Json,
    week: Week,
    /// Nothing where the comparison failed.
    findings: Option<Vec<Finding>>,
    asks_for_training: Option<bool>,
}

impl Scored {
    /// Nothing where the run scored no file.
    pub(super) fn of(line: &Line, run: &Run) -> Option<Self> {
        // Alone it is `score`, as a part of the weekly pipeline `score/score`.
        let step = |name: &str| {
            let part = format!("score/{name}");
            if run.pipeline().find(&part).is_some() { part } else { name.to_owned() }
        };
        let told = |name: &str, output: &str| {
            run.output(&step(name), output).as_ref().and_then(Value::json).cloned()
        };
        let week = serde_json::from_value(told("score", "week")?).ok()?;
        let findings = told("drift", "findings").and_then(|findings| serde_json::from_value(findings).ok());
        let modified = line.object.as_ref().and_then(|object| object.modified.parse().ok());
        let published = run.output(&step("publish"), "manifest").is_some();
        Some(Self {
            modified,
            published: run.ended.filter(|_| published).map(|(_, at)| at),
            summary: told("score", "summary")?,
            week,
            findings,
            asks_for_training: told("drift", "asks_for_training").as_ref().and_then(Json::as_bool),
        })
    }

    pub(super) fn metrics(&self) -> Vec<Metric> {
        let mut metrics = self.of_file();
        metrics.extend(self.of_columns());
        let severities = [Severity::Block, Severity::Warn, Severity::Note];
        let counts = self.findings.iter().flat_map(|findings| {
            severities.map(|severity| {
                let count = findings.iter().filter(|finding| finding.severity == severity).count();
                (vec![("severity", severity.name().to_owned())], count as f64)
            })
        });
        metrics.push(gauge(
            "winback_drift_findings",
            "What a person should know of how the newest file differs from the training",
            counts.collect(),
        ));
        let asks = self.asks_for_training.map(|asks| (Labels::new(), f64::from(u8::from(asks))));
        metrics.push(gauge(
            "winback_drift_asks_for_training",
            "Whether the newest file differs so much that a new model should be tried",
            asks.into_iter().collect(),
        ));
        metrics
    }

    fn of_file(&self) -> Vec<Metric> {
        let seconds = |time: Option<Time>| {
            time.into_iter().map(|time| (Labels::new(), time.unix_seconds())).collect::<Vec<_>>()
        };
        let count = |json: &Json| json.as_u64().unwrap_or(0) as f64;
        let rows = ["scored", "quarantined"]
            .map(|outcome| (vec![("outcome", outcome.to_owned())], count(&self.summary[outcome])));
        let bands = self.summary["risk_bands"].as_object().into_iter().flatten();
        let bands = bands.map(|(band, customers)| (vec![("risk_band", band.clone())], count(customers)));
        let week = &self.week;
        vec![
            gauge(
                "winback_file_modified_timestamp_seconds",
                "When the newest scored file was last changed",
                seconds(self.modified),
            ),
            gauge(
                "winback_file_published_timestamp_seconds",
                "When the results of the newest scored file were published",
                seconds(self.published),
            ),
            gauge("winback_file_rows", "Rows of the newest scored file", rows.to_vec()),
            gauge("winback_file_customers", "Customers of the newest scored file", bands.collect()),
            gauge(
                "winback_score_mean_ratio",
                "Mean probability of leaving, in the newest scored file and in the training",
                of_both([week.expected_probability, week.mean_probability], &Labels::new()),
            ),
        ]
    }

    fn of_columns(&self) -> Vec<Metric> {
        let columns = || {
            let columns = self.week.columns.iter().take(MOST_COLUMNS);
            columns.map(|shift| (vec![("column", shift.column.clone())], shift))
        };
        vec![
            gauge(
                "winback_drift_index",
                "Population stability index of a column of the newest scored file",
                columns().map(|(labels, shift)| (labels, shift.index)).collect(),
            ),
            gauge(
                "winback_drift_chance_limit",
                "The population stability index that chance alone may bring",
                columns().map(|(labels, shift)| (labels, shift.chance_limit)).collect(),
            ),
            gauge(
                "winback_drift_importance_ratio",
                "A column's share of the mean absolute effect on the scores",
                columns().map(|(labels, shift)| (labels, shift.importance)).collect(),
            ),
            gauge(
                "winback_column_missing_ratio",
                "Share of rows without a value, in the newest scored file and in the training",
                columns().flat_map(|(labels, shift)| of_both(shift.missing, &labels)).collect(),
            ),
            gauge(
                "winback_column_unknown_ratio",
                "Share of rows with a level that the model does not know",
                columns().flat_map(|(labels, shift)| of_both(shift.unknown, &labels)).collect(),
            ),
        ]
    }
}

/// A figure of the training and of the file.
fn of_both(then_and_now: [f64; 2], labels: &Labels) -> Vec<(Labels, f64)> {
    let of = ["training", "file"].into_iter().zip(then_and_now);
    of.map(|(of, value)| {
        let mut labels = labels.clone();
        labels.push(("of", of.to_owned()));
        (labels, value)
    })
    .collect()
}
