//! The parts of the settings that the outputs of components depend on, as JSON: what is left out here retrains nobody.

use serde_json::{Value as Json, json};

use super::{Effort, Learner, Settings};

impl Settings {
    /// What decides how tables are read and what their columns are.
    pub(crate) fn of_tables(&self) -> Json {
        let data = &self.data;
        let columns = self.columns.iter().map(|(name, said)| {
            let missing = &said.missing;
            let (kind, numbers, dates) = (said.kind, &said.numbers, &said.dates);
            let json = json!({
                "kind": kind, "numbers": numbers, "unit": said.unit, "dates": dates,
                "missing": missing, "monotone": said.monotone, "wording": said.wording,
            });
            (name.clone(), json)
        });
        json!({
            "key": data.key,
            "label": data.label.as_ref().map(|label| [&label.column, &label.positive]),
            "time": data.time,
            "weight": data.weight,
            "missing": data.missing,
            "exclude": data.exclude,
            "protected": data.protected,
            "columns": columns.collect::<serde_json::Map<_, _>>(),
            "reading": self.of_reading(),
        })
    }

    /// What decides, beyond that, what the leak guard finds.
    pub(crate) fn of_checking(&self) -> Json {
        let learn_protected = self.train.learn_protected;
        json!({ "tables": self.of_tables(), "horizon": self.data.horizon.days, "learn_protected": learn_protected })
    }

    /// What decides, beyond that, what is learnt.
    pub(crate) fn of_training(&self) -> Json {
        let train = &self.train;
        json!({
            "tables": self.of_tables(),
            "horizon": self.data.horizon.days,
            "learner": match train.learner {
                Learner::Auto => "auto",
                Learner::Trees => "trees",
                Learner::Linear => "linear",
            },
            "effort": match train.effort {
                Effort::Quick => "quick",
                Effort::Normal => "normal",
                Effort::Thorough => "thorough",
            },
            "seed": train.seed,
            "learn_protected": train.learn_protected,
            "bands": [train.risk_high, train.risk_medium],
        })
    }

    /// What decides what is written about a weekly file: how it is read, and the wording of reasons.
    pub(crate) fn of_scoring(&self) -> Json {
        let wordings = self.columns.iter().map(|(name, said)| (name.clone(), json!(said.wording)));
        json!({ "reading": self.of_reading(), "wording": wordings.collect::<serde_json::Map<_, _>>() })
    }

    fn of_reading(&self) -> Json {
        let data = &self.data;
        json!({
            "delimiter": data.delimiter,
            "encoding": data.encoding.map(|encoding| format!("{encoding:?}")),
            "reject_limit": data.reject_limit,
            "unpacked_bytes": data.limits.unpacked_bytes,
            "unpacked_ratio": data.limits.ratio,
        })
    }
}
