//! What can go wrong while a made bank is written. Making it cannot fail: it is a pure function of its settings.

use std::io;
use std::path::{Path, PathBuf};

/// The result of writing a bank.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a bank could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A folder or file could not be made, written or moved into place.
    #[error("cannot {action} `{path}`")]
    Io {
        /// What was tried: `create`, `write`, `rename`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The rows of a file could not be written as CSV.
    #[error("cannot write the rows of `{path}`")]
    Rows {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        #[source]
        source: winback_table::Error,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn rows(path: &Path, source: winback_table::Error) -> Self {
        Self::Rows { path: path.to_owned(), source }
    }
}
