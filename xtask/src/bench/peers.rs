//! The environment with the programs that ours is measured beside: made once under `target/bench`, from pinned versions.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::config::Config;
use crate::printer;

/// Other programs, ready to run.
#[derive(Debug)]
pub(super) struct Peers {
    /// The Python that has them.
    pub(super) python: PathBuf,
    /// Their names and versions.
    pub(super) versions: Vec<String>,
}

impl Peers {
    /// Installs what `testdata/bench/peers.txt` names, unless that was done before.
    pub(super) fn install(config: &Config) -> anyhow::Result<Self> {
        let (python, wanted) = install(config, "testdata/bench/peers.txt", "python")?;
        let versions = wanted.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        Ok(Self { python, versions: versions.map(|line| line.replace("==", " ")).collect() })
    }
}

/// Installs the servers that play clouds, of `testdata/servers.txt`, unless that was done before; answers the folder of
/// their programs.
pub(super) fn servers(config: &Config) -> anyhow::Result<PathBuf> {
    let (python, _) = install(config, "testdata/servers.txt", "servers")?;
    Ok(python.parent().map(PathBuf::from).unwrap_or_default())
}

/// An environment under `target/bench` with what a list names, and the list's text.
fn install(config: &Config, list: &str, name: &str) -> anyhow::Result<(PathBuf, String)> {
    let list = config.root.join(list);
    let wanted =
        std::fs::read_to_string(&list).with_context(|| format!("cannot read `{}`", list.display()))?;
    let environment = config.target.join("bench").join(name);
    let stamp = environment.join(list.file_name().unwrap_or_default());
    let python = environment.join("bin/python");
    if std::fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        printer::complain(&format!("installing what `{}` names", list.display()));
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        succeed(Command::new(&python).args(install).arg(&list))?;
        std::fs::write(&stamp, &wanted)?;
    }
    Ok((python, wanted))
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}
