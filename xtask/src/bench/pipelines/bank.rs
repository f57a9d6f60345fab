//! A made bank in a place, ready for the service: settings as `winback init` writes them, a history, and any number of
//! weekly files of which no two are alike.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

use super::place::{Place, free_port};

/// A bank.
pub(super) struct Bank {
    /// The program that runs it.
    pub(super) program: PathBuf,
    /// Where the settings are.
    pub(super) folder: PathBuf,
    pub(super) place: Place,
    /// The lines of the weekly file that all others are made of; its names first.
    week: Vec<String>,
}

impl Bank {
    /// Makes a bank in an empty folder; `settings` are added to those that the program writes.
    pub(super) fn make(
        program: &Path,
        folder: &Path,
        place: Place,
        customers: u64,
        settings: &str,
    ) -> anyhow::Result<Self> {
        let mut bank =
            Self { program: program.to_owned(), folder: folder.to_owned(), place, week: Vec::new() };
        bank.winback(&["simulate", "--customers", &customers.to_string(), "--weeks", "1", "--out", "made"])?;
        bank.winback(&["init", "made/input_folder/history.csv"])?;
        let file = folder.join("winback.toml");
        let (root, _) = bank.place.root();
        let written = std::fs::read_to_string(&file)?;
        // The history lies in the bucket, as it does where nobody has a disk.
        let lines = written.lines().map(|line| match line.split_once(" = ").map(|(name, _)| name) {
            Some("root") => format!("root = \"{root}\""),
            Some("learner") => "learner = \"linear\"".to_owned(),
            Some("history") => String::new(),
            _ => line.to_owned(),
        });
        std::fs::write(&file, lines.collect::<Vec<_>>().join("\n") + "\n" + settings)?;
        let history = std::fs::read(folder.join("made/input_folder/history.csv"))?;
        bank.place.put("input_folder/history.csv", &history)?;
        let week =
            std::fs::read_dir(folder.join("made/weekly_folder"))?.next().context("no week was made")?;
        bank.week = std::fs::read_to_string(week?.path())?.lines().map(str::to_owned).collect();
        Ok(bank)
    }

    /// The bytes of the weekly file of a number: all customers but one, another one in each, or so many of them.
    pub(super) fn week(&self, number: usize, most: usize) -> Vec<u8> {
        let left_out = 1 + number % (self.week.len() - 1);
        let lines = self.week.iter().enumerate().filter(|(place, _)| *place != left_out);
        lines.take(1 + most).flat_map(|(_, line)| [line.as_bytes(), b"\n"].concat()).collect()
    }

    /// The bytes of the history without one customer, another one for each number.
    pub(super) fn history(&self, number: usize) -> anyhow::Result<Vec<u8>> {
        let history = std::fs::read_to_string(self.folder.join("made/input_folder/history.csv"))?;
        let kept = history.lines().enumerate().filter(|(place, _)| *place != 1 + number);
        Ok(kept.flat_map(|(_, line)| [line.as_bytes(), b"\n"].concat()).collect())
    }

    /// A call of the program here.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.folder).envs(self.place.root().1).stdin(Stdio::null());
        command
    }

    /// Calls the program, which must succeed, and gives what it prints.
    pub(super) fn winback(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let mut command = self.command(arguments);
        let output = command.arg("--quiet").output().with_context(|| format!("cannot start {command:?}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{command:?} failed: {}: {}", output.status, said.trim_end());
        }
        Ok(output.stdout)
    }

    /// Starts the service, on a port that is free; what it says is added to a file.
    pub(super) fn serve(&self, log: &str, variables: &[(&str, String)]) -> anyhow::Result<(Child, u16)> {
        let port = free_port()?;
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join(log))?;
        let mut command = self.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        command.envs(variables.iter().map(|(name, value)| (*name, value)));
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        Ok((child, port))
    }
}

/// Ends a service as those who run services do, and waits until it has ended.
pub(super) fn end(mut service: Child) -> anyhow::Result<()> {
    let status = Command::new("kill").args(["-TERM", &service.id().to_string()]).status()?;
    if !status.success() {
        bail!("`kill` failed: {status}");
    }
    service.wait()?;
    Ok(())
}
