//! Running the program: in a temporary folder, with nothing of the environment that could matter.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A folder to run in; it goes away with the test.
pub(crate) struct Bench {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a user saw.
pub(crate) struct Seen {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// What the environment says to all that is run from here on.
    pub(crate) fn set(&mut self, variables: &[(&str, &str)]) {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.variables.extend(variables);
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Replaces the one place of a text file where `from` stands.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {name}:\n{text}");
        self.write(name, &text.replace(from, to));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_winback"));
        command.current_dir(self.path()).args(arguments);
        let general = ["CONFIG", "ROOT", "LISTEN", "METRICS", "THREADS", "CPU"];
        for name in general.into_iter().chain(["TRAIN_NAME", "TRAIN_LEARNER", "TRAIN_EFFORT", "TRAIN_SEED"]) {
            command.env_remove(format!("WINBACK_{name}"));
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Seen {
        see(&mut self.command(arguments))
    }

    /// Runs what must succeed and print one JSON object.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let seen = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(seen.code, Some(0), "{}", seen.stderr);
        serde_json::from_str(&seen.stdout).unwrap()
    }

    /// Runs what must end with a run that was refused; answers what was said.
    pub(crate) fn refused_by_run(&self, arguments: &[&str]) -> String {
        let seen = self.run(arguments);
        assert_eq!(seen.code, Some(1), "{}", seen.stderr);
        seen.stderr
    }

    /// Runs what must fail by the user's fault; answers what was said.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let seen = self.run(arguments);
        assert_eq!((seen.code, seen.stdout.as_str()), (Some(1), ""), "{}", seen.stderr);
        seen.stderr
    }
}

pub(crate) fn see(command: &mut Command) -> Seen {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Seen { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
