//! What can go wrong between us and what is stored, and the one question callers ask of it: was the object missing,
//! was it there already, or is it something else?

use std::path::PathBuf;

use crate::Digest;

/// The result of touching what is stored.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an error, as another crate told it.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What callers branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such object, or no such version.
    NotFound,
    /// A create found the name taken.
    AlreadyExists,
    /// The object is no longer the one that was listed.
    Changed,
    /// Anything else: not for branching, only for telling.
    Other,
}

/// Why something could not be stored, read or registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The root is not written as one that we know how to open.
    #[error(
        "`{root}` is not a root for a store: {problem}; write `file:./bank`, `file:/var/bank`, `gs://bucket/prefix`, \
         `s3://bucket/prefix`, `az://container/prefix` or `memory:`"
    )]
    Root {
        /// The root as it was given.
        root: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The root names a kind of store that there is not.
    #[error(
        "there is no store for `{scheme}:`, which the root `{root}` asks for; there are `file:`, `gs:`, `s3:`, `az:` \
         and `memory:`"
    )]
    Scheme {
        /// The part of the root before the colon.
        scheme: String,
        /// The root as it was given.
        root: String,
    },
    /// The folder of a `file:` root can be neither made nor opened.
    #[error("cannot open the folder `{}` as a store; check that it may be written to", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: Cause,
    },
    /// A setting of a store that there is not, or that may not be made there.
    #[error("the setting `{name}` of the store cannot be used: {problem}")]
    Setting {
        /// The name of the setting.
        name: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The settings and the environment do not make a client for the bucket.
    #[error(
        "cannot open the bucket of `{root}`; check the settings of the store and the variables of its credentials"
    )]
    Bucket {
        /// The root, without what may be secret.
        root: String,
        /// What the client said.
        #[source]
        source: Cause,
    },
    /// A path that could not mean the same object on every store.
    #[error("`{path}` is not a path in a store: {problem}")]
    Path {
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no such object.
    #[error("there is no `{path}` in `{store}`")]
    NotFound {
        /// The object.
        path: String,
        /// The root of the store.
        store: String,
        /// What the store said.
        #[source]
        source: Cause,
    },
    /// The name is taken; what is stored is never overwritten.
    #[error("`{path}` is already in `{store}` and is never overwritten")]
    AlreadyExists {
        /// The object.
        path: String,
        /// The root of the store.
        store: String,
        /// What the store said.
        #[source]
        source: Cause,
    },
    /// The object was replaced since it was listed.
    #[error("`{path}` in `{store}` has changed since it was listed; list it again, and take it as it is now")]
    Changed {
        /// The object.
        path: String,
        /// The root of the store.
        store: String,
    },
    /// A file of this machine, on its way into a store or out of one, can be neither read nor written.
    #[error("cannot {action} the file `{}`; check that it is there, may be used, and has room", file.display())]
    File {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The store failed for a reason of its own.
    #[error("cannot {action} `{path}` in `{store}`")]
    Store {
        /// What was tried: `create`, `read`, `list`, `delete`, `copy`.
        action: &'static str,
        /// The object, or the prefix of a listing.
        path: String,
        /// The root of the store.
        store: String,
        /// What the store said.
        #[source]
        source: Cause,
    },
    /// The bytes are not those that were stored.
    #[error(
        "`{path}` is cut or altered: its sha-256 is `{found}` where `{expected}` is on record; put back the original"
    )]
    Altered {
        /// The object.
        path: String,
        /// The digest on record.
        expected: Digest,
        /// The digest of what lies there.
        found: Digest,
    },
    /// A text that should be a sha-256 is none.
    #[error("`{text}` is not a sha-256: 64 hexadecimal digits are needed")]
    Digest {
        /// The text.
        text: String,
    },
    /// A text that should be a time is none.
    #[error("`{text}` is not a time; write it as `2026-11-22T06:00:00Z`")]
    Time {
        /// The text.
        text: String,
        /// What the reader of times said.
        #[source]
        source: jiff::Error,
    },
    /// The system gave no random bytes for a nonce.
    #[error("the system gave no random bytes, so nothing can be written to the ledger")]
    Random(#[source] getrandom::Error),
    /// A stored record is cut, or is no record.
    #[error("`{path}` is not a whole record; put back the original from a copy of the bucket")]
    Record {
        /// The record's object.
        path: String,
        /// Where reading stopped.
        #[source]
        source: serde_json::Error,
    },
    /// A record cannot be put into JSON, so nothing was written.
    #[error("cannot write `{path}` as JSON; its content does not fit")]
    Encode {
        /// Where the record would have gone.
        path: String,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
    /// A record was written by a later program.
    #[error(
        "`{path}` has format {format}, and this program knows formats up to {known}; use a newer winback"
    )]
    Format {
        /// The record's object.
        path: String,
        /// The format it bears.
        format: u32,
        /// The highest format we read.
        known: u32,
    },
    /// A record in the middle of a stream is gone.
    #[error("`{path}` is missing, though the ledger counts on it; put it back from a copy of the bucket")]
    Gap {
        /// The record's object.
        path: String,
        /// What the store said.
        #[source]
        source: Box<Self>,
    },
    /// A name that would not make a safe part of a path.
    #[error("`{name}` cannot name a {what}: use 1 to 100 letters, digits, `-` and `_`")]
    Name {
        /// What it was to name: `model`, `stream`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The model has no such version.
    #[error("model `{model}` has no registered version {version}; it has {existing}")]
    UnknownVersion {
        /// The model.
        model: String,
        /// The version that was asked for.
        version: u64,
        /// Those that exist, in words.
        existing: String,
    },
    /// A package whose manifest does not describe it.
    #[error("the package of model `{model}` cannot be published: {problem}")]
    Package {
        /// The model.
        model: String,
        /// What does not fit, naming the file.
        problem: String,
    },
    /// A manifest that is not JSON of the known form.
    #[error("`{path}` is not a manifest: it needs `files`, an object from each file's name to its sha-256")]
    Manifest {
        /// The manifest.
        path: String,
        /// Where reading stopped.
        #[source]
        source: serde_json::Error,
    },
    /// A registered package lacks a file.
    #[error(
        "version {version} of model `{model}` is incomplete: `{path}` is missing; put it back, or train again"
    )]
    Incomplete {
        /// The model.
        model: String,
        /// The version.
        version: u64,
        /// The missing object.
        path: String,
        /// What the store said.
        #[source]
        source: Box<Self>,
    },
    /// A graph of steps that cannot run, or a run that cannot be made of it.
    #[error("the pipeline `{pipeline}` cannot run: {problem}")]
    Graph {
        /// The pipeline.
        pipeline: String,
        /// What is wrong, with the name of the step.
        problem: String,
    },
    /// A component is given what it does not take.
    #[error("the component `{component}` cannot run: {problem}")]
    Inputs {
        /// The component.
        component: String,
        /// What is wrong, with the name of the input.
        problem: String,
    },
    /// There is no such run.
    #[error("there is no run `{run}`; `winback runs` lists those there are")]
    UnknownRun {
        /// Its name.
        run: String,
    },
    /// Gates were overridden by nobody, or for no reason.
    #[error("version {version} of model `{model}` overrides {gates}: say who does it, and why")]
    Override {
        /// The model.
        model: String,
        /// The version.
        version: u64,
        /// The gates, in words.
        gates: String,
    },
}

impl Error {
    /// What callers branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } | Self::UnknownVersion { .. } | Self::UnknownRun { .. } => {
                ErrorKind::NotFound
            }
            Self::AlreadyExists { .. } => ErrorKind::AlreadyExists,
            Self::Changed { .. } => ErrorKind::Changed,
            Self::Root { .. }
            | Self::Scheme { .. }
            | Self::Folder { .. }
            | Self::Setting { .. }
            | Self::Bucket { .. }
            | Self::Path { .. }
            | Self::File { .. }
            | Self::Store { .. }
            | Self::Altered { .. }
            | Self::Digest { .. }
            | Self::Time { .. }
            | Self::Random(_)
            | Self::Record { .. }
            | Self::Encode { .. }
            | Self::Format { .. }
            | Self::Gap { .. }
            | Self::Name { .. }
            | Self::Package { .. }
            | Self::Manifest { .. }
            | Self::Incomplete { .. }
            | Self::Graph { .. }
            | Self::Inputs { .. }
            | Self::Override { .. } => ErrorKind::Other,
        }
    }

    /// Whether what the user named (a root, a version, a package) is at fault, and not this program or its machine.
    #[must_use]
    pub fn is_users(&self) -> bool {
        !matches!(
            self,
            Self::Time { .. }
                | Self::Random(_)
                | Self::Encode { .. }
                | Self::Package { .. }
                | Self::Path { .. }
        )
    }
}

/// Refuses a name that would not make a safe part of a path on every store.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=100).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(Error::Name { what, name: name.to_owned() })
}
