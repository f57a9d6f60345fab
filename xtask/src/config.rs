//! What the chores take from their surroundings, read once: the environment and where the workspace lies.
//!
//! Nothing else in this crate looks at the environment, so a chore can be read without wondering what it
//! depends on.
#![expect(clippy::disallowed_methods, reason = "this is the one file that reads the environment")]

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};
use cargo_metadata::MetadataCommand;

/// Everything a chore depends on besides the files of the repository.
#[derive(Debug)]
pub(crate) struct Config {
    /// The cargo that started us, so that the chores use the same toolchain.
    pub(crate) cargo: OsString,
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo builds; our own scratch files go there too.
    pub(crate) target: PathBuf,
    /// Where the real data should lie: `WINBACK_DATA`, else beside the repository.
    pub(crate) data: PathBuf,
    /// `WINBACK_REQUIRE=all`: what would be skipped fails.
    pub(crate) require_all: bool,
    /// Whether children must be told to keep their colours: a person watches and has not decided otherwise.
    pub(crate) color: bool,
    /// Variables that `cargo run` set for us and that children must not inherit.
    pub(crate) inherited: Vec<OsString>,
}

impl Config {
    /// Reads the environment and asks cargo where the workspace lies.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let require_all = match std::env::var_os("WINBACK_REQUIRE") {
            None => false,
            Some(value) if value.is_empty() => false,
            Some(value) if value == "all" => true,
            Some(value) => bail!("`WINBACK_REQUIRE` is {value:?}; set it to `all` or leave it unset"),
        };
        let metadata = MetadataCommand::new()
            .cargo_path(&cargo)
            .no_deps()
            .exec()
            .context("cannot find the workspace; run `cargo xtask` inside the repository")?;
        // Build scripts that watch these would otherwise run again each time `cargo xtask` and `cargo build`
        // alternate.
        let inherited = std::env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| {
                name.to_str()
                    .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
            })
            .collect();
        let has_decided =
            ["NO_COLOR", "CARGO_TERM_COLOR"].iter().any(|name| std::env::var_os(name).is_some());
        let root: PathBuf = metadata.workspace_root.into();
        let data = std::env::var_os("WINBACK_DATA").filter(|folder| !folder.is_empty());
        Ok(Self {
            cargo,
            data: data.map_or_else(|| root.join("../shared/data"), PathBuf::from),
            root,
            target: metadata.target_directory.into(),
            require_all,
            color: std::io::stderr().is_terminal() && !has_decided,
            inherited,
        })
    }

    /// A call of cargo at the root of the workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(&self.root);
        for name in &self.inherited {
            command.env_remove(name);
        }
        command
    }
}
