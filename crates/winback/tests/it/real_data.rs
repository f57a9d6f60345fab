//! `winback init` on the public churn files: key, label, kinds and exclusions are guessed as a person would.

use serde_json::Value;

use crate::run::Bench;
use winback_peers as peers;

/// What is expected of one file.
struct Expected<'a> {
    file: &'a str,
    rows: u64,
    key: Option<&'a str>,
    label: &'a str,
    positive: &'a str,
    excluded: &'a [&'a str],
    perhaps_protected: &'a [&'a str],
    kinds: &'a [(&'a str, &'a str)],
}

fn check(test: &str, expected: &Expected<'_>) {
    let Some(path) = peers::file(test, expected.file) else { return };
    let bench = Bench::new();
    let found = bench.json(&["init", path.to_str().unwrap()]);
    assert_eq!((&found["rows"], &found["malformed"]), (&expected.rows.into(), &0.into()));
    let names = |role: &str| {
        let columns = found["columns"].as_array().unwrap().iter().filter(|column| column["role"] == role);
        columns.map(|column| column["name"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names("key"), expected.key.into_iter().collect::<Vec<_>>());
    assert_eq!(names("label"), [expected.label]);
    assert_eq!(found["positive"], expected.positive);
    assert_eq!(names("excluded"), expected.excluded);
    assert_eq!(names("time"), [] as [&str; 0]);
    assert_eq!(found["perhaps_protected"], Value::from(expected.perhaps_protected.to_vec()));
    for (name, kind) in expected.kinds {
        let columns = found["columns"].as_array().unwrap();
        let column = columns.iter().find(|column| column["name"] == *name).unwrap();
        assert_eq!(column["kind"], *kind, "{name}");
    }
}

#[test]
fn bank_churners() {
    let expected = Expected {
        file: "BankChurners.csv",
        rows: 10_127,
        key: Some("CLIENTNUM"),
        label: "Attrition_Flag",
        positive: "Attrited Customer",
        excluded: &[],
        perhaps_protected: &["Customer_Age", "Gender", "Marital_Status"],
        kinds: &[
            ("Gender", "category"),
            ("Income_Category", "category"),
            ("Dependent_count", "number"),
            ("Credit_Limit", "number"),
            ("Total_Trans_Ct", "number"),
        ],
    };
    check("bank_churners", &expected);
}

#[test]
fn churn_modelling() {
    let expected = Expected {
        file: "Churn_Modelling.csv",
        rows: 10_000,
        key: Some("CustomerId"),
        label: "Exited",
        positive: "1",
        excluded: &["RowNumber", "Surname"],
        perhaps_protected: &["Gender", "Age"],
        kinds: &[
            ("Geography", "category"),
            ("HasCrCard", "flag"),
            ("EstimatedSalary", "number"),
            ("NumOfProducts", "number"),
            ("Balance", "number"),
        ],
    };
    check("churn_modelling", &expected);
}

#[test]
fn telco() {
    let expected = Expected {
        file: "WA_Fn-UseC_-Telco-Customer-Churn.csv",
        rows: 7043,
        key: Some("customerID"),
        label: "Churn",
        positive: "Yes",
        excluded: &[],
        perhaps_protected: &["gender", "SeniorCitizen"],
        kinds: &[
            ("TotalCharges", "number"),
            ("tenure", "number"),
            ("SeniorCitizen", "flag"),
            ("Contract", "category"),
            ("OnlineBackup", "category"),
        ],
    };
    check("telco", &expected);
}

#[test]
fn bank_marketing() {
    let expected = Expected {
        file: "bank-additional-full.csv.gz",
        rows: 41_188,
        key: None,
        label: "y",
        positive: "yes",
        excluded: &[],
        perhaps_protected: &["age", "marital"],
        kinds: &[
            ("age", "number"),
            ("job", "category"),
            ("housing", "flag"),
            ("month", "category"),
            ("euribor3m", "number"),
        ],
    };
    check("bank_marketing", &expected);
}
