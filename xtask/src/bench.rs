//! `cargo xtask bench NAME`: measures something in release and prints the figures.
//!
//! A bench is a program of the crate it measures (`benches/NAME.rs`), so that it sees what users of the crate see. Where
//! other programs do the same work, it is a contest: ours and theirs in turn, in one run, on the same threads. Benches
//! are never part of `cargo xtask test`: what they print depends on the machine, or takes minutes.

mod accuracy;
mod contest;
mod engine;
mod growth;
mod job;
mod peers;
mod pipelines;
mod programs;

use anyhow::{Context as _, bail};

use crate::config::Config;
use crate::printer;

/// One thing that can be measured.
struct Bench {
    name: &'static str,
    /// What it answers, in a line.
    about: &'static str,
    kind: Kind,
}

/// How it is measured.
enum Kind {
    /// By a program of this package alone.
    Alone { package: &'static str },
    /// In several runs that are held beside each other, mostly of other programs.
    Contest(fn(&Config, &Asked) -> anyhow::Result<()>),
    /// In several parts, which also tell whether all is as it must be.
    Parts(fn(&Config, &Asked) -> anyhow::Result<bool>),
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "leaks",
        about: "how often the leak guard blocks a history without a leak, and how many planted leaks it finds",
        kind: Kind::Alone { package: "winback-retain" },
    },
    Bench {
        name: "engine",
        about: "learning, scoring and explaining a wide table, beside six other programs",
        kind: Kind::Contest(engine::run),
    },
    Bench {
        name: "accuracy",
        about: "what is reached on real and made histories, beside CatBoost, LightGBM and XGBoost",
        kind: Kind::Contest(accuracy::run),
    },
    Bench {
        name: "growth",
        about: "how the time and memory of learning grow from a million rows to ten million",
        kind: Kind::Contest(growth::run),
    },
    Bench {
        name: "job",
        about: "the weekly job, file to file, beside pyarrow's reading and a job of pandas and LightGBM",
        kind: Kind::Contest(job::run),
    },
    Bench {
        name: "pipelines",
        about: "whether some hundred kills lose or double anything, and what engine, ledgers and service cost",
        kind: Kind::Parts(pipelines::run),
    },
];

/// What is asked of a contest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Fewer rows and runs: to see that it works, not to quote.
    pub(crate) quick: bool,
    /// The results as one JSON object instead of tables.
    pub(crate) json: bool,
    /// Only contests whose name begins so.
    pub(crate) only: Option<String>,
}

impl Asked {
    fn parse(words: &[&str]) -> anyhow::Result<Self> {
        let mut asked = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--quick" => asked.quick = true,
                "--json" => asked.json = true,
                "--only" => {
                    let name = words.next().context("`--only` needs the beginning of a contest's name")?;
                    asked.only = Some((*name).to_owned());
                }
                other => bail!("`{other}` is none of `--quick`, `--json`, `--only NAME`"),
            }
        }
        Ok(asked)
    }

    /// Whether a contest is asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.starts_with(only.as_str()))
    }
}

/// Runs one bench; `arguments` go to it. Without a name, the benches are listed.
pub(crate) fn run(config: &Config, name: Option<&str>, arguments: &[&str]) -> anyhow::Result<bool> {
    let Some(name) = name else {
        for bench in BENCHES {
            printer::line(&format!("{:<9} {}", bench.name, bench.about));
        }
        return Ok(true);
    };
    let Some(bench) = BENCHES.iter().find(|bench| bench.name == name) else {
        let known: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("there is no bench `{name}`; there are: {}", known.join(", "));
    };
    match bench.kind {
        Kind::Contest(run) => {
            run(config, &Asked::parse(arguments)?)?;
            Ok(true)
        }
        Kind::Parts(run) => run(config, &Asked::parse(arguments)?),
        Kind::Alone { package } => {
            let status = config
                .cargo()
                .args(["bench", "--quiet", "-p", package, "--bench", bench.name, "--"])
                .args(arguments)
                .status()
                .with_context(|| format!("cannot start {:?}; is cargo installed", config.cargo))?;
            Ok(status.success())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_told_from_the_words() {
        let asked = Asked::parse(&["--quick", "--only", "train"]).unwrap();
        assert_eq!(asked, Asked { quick: true, json: false, only: Some("train".to_owned()) });
        assert!(asked.wants("train 1 thread") && !asked.wants("score"));
        assert!(Asked::parse(&["--fast"]).is_err() && Asked::parse(&["--only"]).is_err());
    }
}
