//! The settings, as files, environments and flags make them.

use super::*;

const WHOLE: &str = r#"
root = "file:./bank"

[store]
aws_region = "eu-central-1"
allow_http = true
pool_max_idle_per_host = 4

[data]
history = "history.csv"
key = "CLIENTNUM"
label = { column = "Attrition_Flag", positive = "Attrited Customer" }
missing = ["", "Unknown"]
time = "as_of"
horizon = "90 days"
exclude = ["Naive_Bayes_1"]
protected = ["Gender", "Customer_Age"]
delimiter = "tab"
encoding = "latin-1"
reject_limit = 0.05

[columns.Total_Trans_Ct]
name = "transactions in 12 months"
kind = "number"
reason = { low = "Few transactions: {value}; typical is {typical}" }

[train]
name = "retail"
learner = "linear"
effort = "thorough"
seed = 7
learn_protected = true
risk_high = 4
risk_medium = 1.5
"#;

fn environment(variables: &[(&'static str, &str)]) -> Environment {
    Environment::from_lookup(|wanted| {
        variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.into())
    })
}

fn parse(text: &str) -> Result<Settings> {
    Settings::parse(text, Path::new("there/winback.toml"))
}

fn told(text: &str) -> String {
    let error = parse(text).unwrap_err();
    assert_eq!(crate::error::exit_code(&error), std::process::ExitCode::from(1));
    let hints = crate::error::hints(&error).join(" | ");
    format!("{error:#} | {hints}")
}

#[test]
fn every_setting_is_understood() {
    let settings = parse(WHOLE).unwrap();
    let store = [("allow_http", "true"), ("aws_region", "eu-central-1"), ("pool_max_idle_per_host", "4")];
    assert_eq!(settings.store, store.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let DataSettings { history, key, label, time, horizon, .. } = &settings.data;
    assert_eq!(*history, History::Files(vec![PathBuf::from("there/history.csv")]));
    assert_eq!((key.as_deref(), time.as_deref()), (Some("CLIENTNUM"), Some("as_of")));
    let (column, positive) = ("Attrition_Flag".to_owned(), "Attrited Customer".to_owned());
    assert_eq!(*label, Some(Label { column, positive }));
    assert_eq!(horizon.days, 90);
    assert_eq!(settings.data.missing, ["", "Unknown"]);
    assert_eq!((settings.data.delimiter, settings.data.encoding), (Some(b'\t'), Some(Encoding::Latin1)));
    let column = &settings.columns["Total_Trans_Ct"];
    assert_eq!(column.kind, Some(Kind::Number));
    assert_eq!(column.wording.name.as_deref(), Some("transactions in 12 months"));
    assert!(column.wording.low.is_some() && column.wording.high.is_none());
    let expected = TrainSettings {
        name: "retail".to_owned(),
        learner: Learner::Linear,
        effort: Effort::Thorough,
        seed: 7,
        learn_protected: true,
        risk_high: 4.0,
        risk_medium: 1.5,
    };
    assert_eq!(settings.train, expected);
}

#[test]
fn an_empty_file_means_the_defaults() {
    let settings = parse("").unwrap();
    assert_eq!(settings.data.history, History::InputFolder);
    assert_eq!(settings.data.missing, Schema::MISSING);
    assert_eq!((settings.data.horizon, &settings.data.label), (Horizon { days: 90 }, &None));
    assert_eq!((settings.train.name.as_str(), settings.train.seed), ("churn", 1));
    assert_eq!((settings.train.learner, settings.train.effort), (Learner::Auto, Effort::Normal));
    assert!(!settings.train.learn_protected);
    assert!((settings.data.reject_limit - 0.01).abs() < 1e-12);
}

#[test]
fn quotes_may_be_left_out_and_histories_may_be_many() {
    let text =
        "[data]\nhistory = [\"a.csv\", \"/b.csv\"]\nlabel = {column = \"y\", positive = 1}\nhorizon = 30";
    let data = parse(text).unwrap().data;
    let files = ["there/a.csv", "/b.csv"].map(PathBuf::from).to_vec();
    assert_eq!(data.history, History::Files(files));
    assert_eq!((data.label.unwrap().positive.as_str(), data.horizon.days), ("1", 30));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let path = Path::new("there/winback.toml");
    let resolve = |variables: &[(&'static str, &str)], flags| {
        let file = ConfigFile::parse(WHOLE, path).unwrap();
        Settings::resolve(file, path, &environment(variables), flags)
    };
    let said = [("WINBACK_TRAIN_SEED", "8"), ("WINBACK_ROOT", "memory:"), ("WINBACK_TRAIN_LEARNER", "trees")];
    let settings = resolve(&said, Overrides::default()).unwrap();
    let TrainSettings { seed, learner, .. } = settings.train;
    assert_eq!((seed, learner, settings.root.as_str()), (8, Learner::Trees, "memory:"));
    let flags = Overrides { seed: Some(9), root: Some("gs://bank".to_owned()), ..Overrides::default() };
    let settings = resolve(&said, flags).unwrap();
    assert_eq!((settings.train.seed, settings.root.as_str()), (9, "gs://bank"));
    let settings = resolve(&[("WINBACK_TRAIN_SEED", "")], Overrides::default()).unwrap();
    assert_eq!(settings.train.seed, 7);
    let error = resolve(&[("WINBACK_TRAIN_SEED", "many")], Overrides::default()).unwrap_err();
    assert_eq!(error.to_string(), "`WINBACK_TRAIN_SEED` is `many`, not a whole number from 0");
}

#[test]
fn a_root_is_seen_from_where_it_was_said() {
    let here = std::path::absolute(".").unwrap();
    let root = |text: &str| parse(text).unwrap().root;
    assert_eq!(root("root = \"file:./bank\""), format!("file:{}", here.join("there/bank").display()));
    assert_eq!(root("root = \"file:/var/bank\""), "file:/var/bank");
    assert_eq!(root("root = \"file:///var/bank\""), "file:///var/bank");
    assert_eq!(root("root = \"s3://bank/churn\""), "s3://bank/churn");
    let flags = Overrides { root: Some("file:bank".to_owned()), ..Overrides::default() };
    let settings =
        Settings::resolve(ConfigFile::default(), Path::new("there/w.toml"), &environment(&[]), flags);
    assert_eq!(settings.unwrap().root, format!("file:{}", here.join("bank").display()));
}

#[test]
fn a_named_settings_file_must_exist() {
    let environment = environment(&[]);
    let place = environment.config(Some("nowhere/winback.toml".into()));
    let error = Settings::load(&place, &environment, Overrides::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the settings in `nowhere/winback.toml`");
    assert_eq!(environment.config(None).path, Path::new("winback.toml"));
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    let unknown = told("[data]\nexlude = [\"a\"]\n");
    assert!(unknown.starts_with("cannot understand `there/winback.toml`: TOML parse error at line 2"));
    assert!(
        unknown.contains("exlude = [\"a\"]") && unknown.ends_with("| did you mean `exclude`?"),
        "{unknown}"
    );
    assert!(told("[data]\nhistory = 3\n").contains("expected a file, or a list of files"));
    assert!(told("[data]\nlabel = { column = \"y\" }\n").contains("missing field `positive`"));
    assert!(told("[columns.a]\nkind = \"nummer\"\n").contains("unknown variant `nummer`"));
    let cases = [
        ("[data]\nhorizon = \"soon\"", "`horizon` is `soon`"),
        ("[data]\nreject_limit = 2.0", "`reject_limit` is 2, not a share from 0 to 1"),
        ("[data]\ndelimiter = \"ab\"", "`ab` is no delimiter"),
        ("[train]\nname = \"a/b\"", "the model's name is `a/b`"),
        (
            "[pipelines]\nlease = \"99999999999 d\"",
            "`lease` under `[pipelines]` is `99999999999 d`, not from",
        ),
        ("[pipelines]\nlook = \"0 s\"", "`look` under `[pipelines]` is `0 s`, not from a second to a day"),
        ("[pipelines]\nkeep = \"-1 s\"", "`keep` under `[pipelines]` cannot be used: `-1 s` is no span"),
        ("[serve]\nlisten = \"here\"", "cannot use the settings in `there/winback.toml`"),
        ("[train]\nrisk_high = 0.5", "`risk_medium` is 1 and `risk_high` is 0.5"),
    ];
    for (text, expected) in cases {
        let message = told(text);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn how_a_column_is_spelled_can_be_said() {
    let settings = parse(
        "[data]\nunpacked_limit = \"500 GB\"\nunpacked_ratio_limit = 5000\n\n[columns.a]\nnumbers = \"comma\"\nunit = \"€\"\n\
         missing = [999, \"n.a.\"]\n\n[columns.b]\ndates = \"day-first\"\n",
    )
    .unwrap();
    let limits = settings.data.limits;
    assert_eq!((limits.unpacked_bytes, limits.ratio), (500_000_000_000, 5000));
    let (a, b) = (&settings.columns["a"], &settings.columns["b"]);
    assert_eq!(
        (a.numbers, a.unit.as_deref(), a.told_kind()),
        (Some(Numbers::Comma), Some("€"), Some(Kind::Number))
    );
    assert_eq!(a.missing, ["999", "n.a."]);
    assert_eq!((b.dates, b.told_kind()), (Some(Dates::DayFirst), Some(Kind::Time)));
    assert!(told("[columns.b]\ndates = \"american\"").contains("unknown variant `american`"));
}
