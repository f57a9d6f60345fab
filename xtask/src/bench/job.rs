//! The weekly job as a whole, file to file: what `winback score` takes, beside what pyarrow takes only to read the file
//! and what a data frame and LightGBM take for the job.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use super::Asked;
use super::contest::{Better, Contender, Contest, answer, hold_all};
use super::peers::Peers;
use super::programs::build_program;
use crate::config::Config;
use crate::printer;

/// Customers of the history that models learn from.
const LEARNT_FROM: &str = "20000";
/// Rows that the data frame is timed on.
const FRAMED: &str = "20000";
/// Rows of a small file, for the time to start.
const FEW: &str = "10000";

const SETTINGS: &str = r#"root = "file:./bank"

[data]
history = "history/input_folder/history.csv"
key = "customer_id"
label = { column = "left", positive = "yes" }
time = "as_of"
missing = ["", "Unknown"]
"#;

/// The files of a job and the programs for it.
#[derive(Clone)]
struct Job {
    winback: PathBuf,
    python: PathBuf,
    script: PathBuf,
    folder: PathBuf,
}

/// Holds the contests.
pub(super) fn run(config: &Config, asked: &Asked) -> anyhow::Result<()> {
    let (customers, rounds) = if asked.quick { ("50000", 1) } else { ("1000000", 3) };
    let peers = Peers::install(config)?;
    let job = Job {
        winback: build_program(config)?,
        python: peers.python,
        script: config.root.join("testdata/bench/job.py"),
        folder: config.target.join(format!("bench/job-{customers}")),
    };
    job.prepare(customers)?;
    hold_all([job.weekly(), job.small()], asked, rounds, &peers.versions)
}

impl Job {
    /// Makes the files and the model, unless they are there.
    fn prepare(&self, customers: &str) -> anyhow::Result<()> {
        if self.folder.join("bank/models").is_dir() {
            return Ok(());
        }
        printer::complain(&format!("making a weekly file and a model in `{}`", self.folder.display()));
        std::fs::create_dir_all(&self.folder)?;
        std::fs::write(self.folder.join("winback.toml"), SETTINGS)?;
        for (customers, folder) in [(LEARNT_FROM, "history"), (customers, "many")] {
            self.winback(&["simulate", "--customers", customers, "--weeks", "1", "--out", folder])?;
        }
        for file in std::fs::read_dir(self.folder.join("many/weekly_folder"))? {
            std::fs::rename(file?.path(), self.week())?;
        }
        std::fs::remove_dir_all(self.folder.join("many"))?;
        answer(self.script("tenfold").arg(self.week()).arg(self.ten_weeks()))?;
        answer(self.script("cut").arg(self.week()).arg(self.small_week()).args(["--rows", FEW]))?;
        self.winback(&["train", "--learner", "trees"])
    }

    fn winback(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.winback);
        let status = command.args(arguments).arg("--quiet").current_dir(&self.folder).status()?;
        if !status.success() {
            bail!("{command:?} failed: {status}");
        }
        Ok(())
    }

    fn week(&self) -> PathBuf {
        self.folder.join("week.csv")
    }

    fn ten_weeks(&self) -> PathBuf {
        self.folder.join("ten-weeks.csv")
    }

    fn small_week(&self) -> PathBuf {
        self.folder.join("small-week.csv")
    }

    fn script(&self, work: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(&self.script).arg(work).current_dir(&self.folder);
        command
    }

    /// A contender that only reads the file.
    fn pyarrow(&self, name: &'static str, file: &Path) -> Contender {
        let (file, job) = (file.to_owned(), self.clone());
        let call = move |_: &[_]| {
            let mut command = job.script("pyarrow");
            command.arg(&file);
            command
        };
        Contender { name, call: Box::new(call) }
    }

    /// The data frame's job on the first rows of a file.
    fn pandas(&self, file: &Path, rows: &'static str) -> Command {
        let mut command = self.script("pandas");
        command.arg(file).arg(self.folder.join("framed.csv")).args(["--rows", rows, "--history"]);
        command.arg(self.folder.join("history/input_folder/history.csv"));
        command
    }

    /// Ours, as a process.
    fn ours(&self, name: &'static str, file: &Path) -> Contender {
        let (file, job) = (file.to_owned(), self.clone());
        let call = move |_: &[_]| {
            let mut command = job.script("process");
            let out = job.folder.join("out.csv");
            command
                .arg(&file)
                .arg(&out)
                .arg("--")
                .arg(&job.winback)
                .arg("score")
                .arg(&file)
                .arg("-o")
                .arg(&out);
            command.args(["--threads", "2"]);
            command
        };
        Contender { name, call: Box::new(call) }
    }

    /// A weekly file of many customers, and one ten times as large.
    fn weekly(&self) -> Contest {
        let job = self.clone();
        let framed = move |_: &[_]| job.pandas(&job.week(), FRAMED);
        Contest {
            name: "weekly file".to_owned(),
            figure: ("rows_a_second", Better::More),
            contenders: vec![
                Contender { name: "pandas and lightgbm", call: Box::new(framed) },
                self.pyarrow("pyarrow, read only", &self.week()),
                self.pyarrow("the same, tenfold", &self.ten_weeks()),
                self.ours("winback, tenfold", &self.ten_weeks()),
                self.ours("winback", &self.week()),
            ],
            besides: &["rows", "seconds", "peak_mib", "first_byte", "written_mib"],
        }
    }

    /// A small file, from the start of the process.
    fn small(&self) -> Contest {
        let job = self.clone();
        let framed = move |_: &[_]| {
            let inner = job.pandas(&job.small_week(), FEW);
            let mut command = job.script("process");
            command.arg(job.small_week()).arg(job.folder.join("framed.csv")).arg("--");
            command.arg(inner.get_program()).args(inner.get_args());
            command
        };
        Contest {
            name: "small file, from the start".to_owned(),
            figure: ("seconds", Better::Less),
            contenders: vec![
                Contender { name: "pandas and lightgbm", call: Box::new(framed) },
                self.ours("winback", &self.small_week()),
            ],
            besides: &["rows", "peak_mib", "first_byte"],
        }
    }
}
