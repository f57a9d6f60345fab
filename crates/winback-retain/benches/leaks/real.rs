//! The public histories: what the guard says of them as they come, and without the columns that their publishers or
//! users know to be leaks.

use std::path::Path;
use std::sync::Arc;

use winback_retain::leaks::{Examined, Known, examine};
use winback_table::infer::{Hints, infer};
use winback_table::input::{FileInput, Input};
use winback_table::profile::profile;
use winback_table::reader::{Options, TableReader};
use winback_table::{MemorySource, Role, Schema};

/// A public history.
pub(crate) struct History {
    pub(crate) file: &'static str,
    label: &'static str,
    positive: &'static str,
    /// Names of customers and rows.
    names: &'static [&'static str],
    /// What is known only after the event, or was made from the outcome.
    pub(crate) leaky: &'static [&'static str],
}

pub(crate) const HISTORIES: [History; 6] = [
    History {
        file: "BankChurners.csv",
        label: "Attrition_Flag",
        positive: "Attrited Customer",
        names: &["CLIENTNUM"],
        leaky: &[
            "Naive_Bayes_Classifier_Attrition_Flag_Card_Category_Contacts_Count_12_mon_Dependent_count_Education_Level_Months_Inactive_12_mon_1",
            "Naive_Bayes_Classifier_Attrition_Flag_Card_Category_Contacts_Count_12_mon_Dependent_count_Education_Level_Months_Inactive_12_mon_2",
        ],
    },
    History {
        file: "Churn_Modelling.csv",
        label: "Exited",
        positive: "1",
        names: &["RowNumber", "CustomerId", "Surname"],
        leaky: &[],
    },
    History {
        file: "WA_Fn-UseC_-Telco-Customer-Churn.csv",
        label: "Churn",
        positive: "Yes",
        names: &["customerID"],
        leaky: &[],
    },
    History {
        file: "bank-additional-full.csv.gz",
        label: "y",
        positive: "yes",
        names: &[],
        leaky: &["duration"],
    },
    History {
        file: "hillstrom_email.csv.gz",
        label: "visit",
        positive: "1",
        names: &[],
        leaky: &["conversion", "spend"],
    },
    History {
        file: "berka/loan.asc",
        label: "status",
        positive: "D",
        names: &["loan_id", "account_id"],
        leaky: &[],
    },
];

impl History {
    /// What the guard finds, with the leaky columns or without.
    pub(crate) fn examine(&self, folder: &Path, with_leaks: bool) -> Examined {
        let inputs: [Arc<dyn Input>; 1] = [Arc::new(FileInput::new(&folder.join(self.file)))];
        let missing = Schema::MISSING.map(str::to_owned);
        let exclude = self.names.iter().chain(if with_leaks { &[][..] } else { self.leaky });
        let hints = Hints {
            label: Some(self.label.to_owned()),
            positive: Some(self.positive.to_owned()),
            exclude: exclude.map(|name| (*name).to_owned()).collect(),
            ..Hints::default()
        };
        let options = Options::default();
        let table = profile(&inputs, options, &missing, &mut |_| {}).expect("the file can be read");
        let mut schema = infer(&table, &hints, &missing).expect("the label is there").schema;
        schema.fields.retain(|field| !matches!(field.role, Role::Excluded | Role::Key));
        let mut reader = TableReader::new(inputs.to_vec(), &schema, options);
        let mut batches = Vec::new();
        while let Some(batch) = reader.next_batch().expect("the file can be read") {
            batches.push(batch.rows);
        }
        let source = MemorySource::new(schema, batches);
        examine(&source, &|field| field.role == Role::Feature, Known::default())
            .expect("a table in memory can be read")
    }
}
