//! Files beside the user's own: each appears under its name only when it is complete.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::error::{Result, ResultExt as _};

/// A file that appears under its name only when it is complete.
#[derive(Debug)]
pub(crate) struct Partial {
    path: PathBuf,
    file: tempfile::NamedTempFile,
}

impl Partial {
    pub(crate) fn create(path: &Path) -> Result<BufWriter<Self>> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let attempt = || format!("cannot write `{}`", path.display());
        std::fs::create_dir_all(folder).users(attempt())?;
        let named = tempfile::Builder::new().prefix(".winback-").suffix(".tmp").tempfile_in(folder);
        Ok(BufWriter::with_capacity(1 << 18, Self { path: path.to_owned(), file: named.users(attempt())? }))
    }
}

impl std::io::Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Ends a [`Partial`] through its buffer.
pub(crate) trait Finish {
    /// Gives the file its name, or removes it and an older one of that name; answers whether it is there.
    fn finish(self, keep: bool) -> Result<bool>;

    /// Gives the file its name unless another has it, even one that was made meanwhile; answers whether it did.
    fn finish_new(self) -> Result<bool>;
}

impl Finish for BufWriter<Partial> {
    fn finish(self, keep: bool) -> Result<bool> {
        let partial = self.into_inner().map_err(std::io::IntoInnerError::into_error);
        let Partial { path, file } = partial.users("cannot write the results")?;
        if !keep {
            drop(file);
            // An older file of that name would speak of other rows.
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(error).users(format!("cannot remove the older `{}`", path.display()))
                }
                _ => Ok(false),
            };
        }
        let attempt = || format!("cannot write `{}`", path.display());
        readable(file.as_file()).users(attempt())?;
        file.as_file().sync_all().users(attempt())?;
        file.persist(&path).map_err(|error| error.error).users(attempt())?;
        Ok(true)
    }

    fn finish_new(self) -> Result<bool> {
        let partial = self.into_inner().map_err(std::io::IntoInnerError::into_error);
        let Partial { path, file } = partial.users("cannot write the results")?;
        let attempt = || format!("cannot write `{}`", path.display());
        readable(file.as_file()).users(attempt())?;
        file.as_file().sync_all().users(attempt())?;
        match file.persist_noclobber(&path).map_err(|error| error.error) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            outcome => outcome.users(attempt()).map(|_| true),
        }
    }
}

/// Temporary files are for their owner alone; results are for whoever may read new files.
#[cfg(unix)]
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &File) -> std::io::Result<()> {
    Ok(())
}
