//! Errors as people meet them: whose fault one is, and what to do next.
//!
//! The libraries below have typed errors; up here an error is only told, so it is an `anyhow::Error`. Two things are
//! added to it: a [`UserError`] says that the user's input is at fault, and [`ResultExt::hint`] says what helps.
//! Printing is left to `printer`.

use std::fmt;
use std::process::ExitCode;

/// The result of a command.
pub(crate) type Result<T, E = anyhow::Error> = std::result::Result<T, E>;

/// What the user gave cannot be used; also a context, to say so of another error.
#[derive(Debug)]
pub(crate) struct UserError(String);

impl UserError {
    /// A fault of the user's input, in one sentence.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for UserError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for UserError {}

/// Comforts for results on their way to the user.
pub(crate) trait ResultExt<T> {
    /// Adds what the user can do; printed on a line of its own, after the chain of causes.
    fn hint(self, hint: impl Into<String>) -> Result<T>;
    /// Says that the user's input is at fault, and what was tried.
    fn users(self, message: impl Into<String>) -> Result<T>;
}

impl<T, E: Into<anyhow::Error>> ResultExt<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> Result<T> {
        self.map_err(|error| anyhow::Error::new(Hinted { error: error.into(), hint: hint.into() }))
    }

    fn users(self, message: impl Into<String>) -> Result<T> {
        self.map_err(|error| error.into().context(UserError::new(message)))
    }
}

/// 1 when the user's input is at fault, 2 when we are.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(if is_users(error) { 1 } else { 2 })
}

/// What the user can do, the advice nearest to the cause last.
pub(crate) fn hints(error: &anyhow::Error) -> Vec<&str> {
    let mut found = Vec::new();
    for cause in error.chain() {
        // Advice upon advice: the inner one is not a cause of the outer.
        let mut link = cause.downcast_ref::<Hinted>();
        while let Some(Hinted { error, hint }) = link {
            found.push(hint.as_str());
            link = error.chain().next().and_then(|cause| cause.downcast_ref());
        }
    }
    found
}

/// An error with advice; in the chain of causes it stands for the error it holds.
#[derive(Debug)]
struct Hinted {
    error: anyhow::Error,
    hint: String,
}

impl fmt::Display for Hinted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for Hinted {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// Whether the user's input is at fault.
pub(crate) fn is_users(error: &anyhow::Error) -> bool {
    // A context cannot be seen through the chain, only from the error that carries it.
    error.downcast_ref::<UserError>().is_some() || error.chain().any(cause_is_users)
}

/// An error with its causes, each once, and with the advice, for a line that tells of other things too.
pub(crate) fn in_one_line(error: impl Into<anyhow::Error>) -> String {
    let error = error.into();
    let parts = each_once(error.chain().map(ToString::to_string));
    let advice = hints(&error).into_iter().map(|hint| format!("; {hint}"));
    parts.join(": ") + &advice.collect::<String>()
}

/// What causes say, without those that say the same as the one before them.
pub(crate) fn each_once(causes: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for cause in causes {
        if !told.last().is_some_and(|before| before.contains(&cause)) {
            told.push(cause);
        }
    }
    told
}

/// All causes of an error, also of such as carry advice.
pub(crate) fn causes(error: &anyhow::Error) -> Vec<&(dyn std::error::Error + 'static)> {
    let mut causes = Vec::new();
    for cause in error.chain() {
        match cause.downcast_ref::<Hinted>() {
            // What it holds stands for it, with all of its own causes; those follow in the chain as well.
            Some(hinted) => {
                causes.extend(self::causes(&hinted.error));
                break;
            }
            None => causes.push(cause),
        }
    }
    causes
}

/// Whether another attempt may bring something else: a disk or a store was at fault, or something was missing or broken
/// that somebody may mend, and not what was given.
pub(crate) fn may_pass(error: &anyhow::Error) -> bool {
    use winback_flow::Error as Flow;
    use winback_table::Error as Table;
    !is_users(error)
        || causes(error).into_iter().any(|cause| {
            let of_disk = |error: &std::io::Error| error.kind() != std::io::ErrorKind::NotFound;
            let of_disk = cause.downcast_ref().is_some_and(of_disk);
            let of_table = matches!(cause.downcast_ref(), Some(Table::Io { source, .. }) if source.kind() != std::io::ErrorKind::NotFound);
            let of_store = cause.downcast_ref::<Flow>().is_some_and(|error| {
                !matches!(error, Flow::UnknownVersion { .. } | Flow::Package { .. } | Flow::Manifest { .. })
            });
            of_disk || of_table || of_store
        })
}

/// Whether a store, a disk or the network cannot be used, which somebody will mend or which passes by itself.
pub(crate) fn is_outage(error: &anyhow::Error) -> bool {
    use std::io::ErrorKind as Of;
    let is_of_system = |error: &std::io::Error| {
        matches!(
            error.kind(),
            Of::StorageFull
                | Of::QuotaExceeded
                | Of::ReadOnlyFilesystem
                | Of::PermissionDenied
                | Of::StaleNetworkFileHandle
                | Of::TimedOut
                | Of::HostUnreachable
                | Of::NetworkUnreachable
                | Of::NetworkDown
                | Of::ConnectionRefused
                | Of::ConnectionReset
                | Of::ConnectionAborted
        )
    };
    // Some names no store will ever take.
    let is_of_name = |error: &std::io::Error| matches!(error.kind(), Of::InvalidFilename | Of::InvalidInput);
    let causes = causes(error);
    let mut of_store =
        causes.iter().filter(|cause| matches!(cause.downcast_ref(), Some(winback_flow::Error::Store { .. })));
    causes.iter().any(|cause| cause.downcast_ref().is_some_and(is_of_system))
        || of_store.next().is_some()
            && !causes.iter().any(|cause| cause.downcast_ref().is_some_and(is_of_name))
}

fn cause_is_users(cause: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(hinted) = cause.downcast_ref::<Hinted>() {
        return is_users(&hinted.error);
    }
    if let Some(error) = cause.downcast_ref::<winback_table::Error>() {
        return error.is_users();
    }
    if let Some(error) = cause.downcast_ref::<winback_learn::Error>() {
        use winback_learn::Error as Learn;
        return !matches!(error, Learn::ColumnMismatch { .. } | Learn::Stopped | Learn::Table(_));
    }
    if let Some(error) = cause.downcast_ref::<winback_flow::Error>() {
        return error.is_users();
    }
    // A made bank cannot be written where the folder named by the user does not allow it.
    let no_room = cause.downcast_ref::<winback_simulate::Error>();
    no_room.is_some_and(|error| matches!(error, winback_simulate::Error::Io { .. }))
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn table_error() -> Result<(), winback_table::Error> {
        Err(winback_table::Error::Empty { file: "a.csv".to_owned() })
    }

    #[test]
    fn the_blame_is_found_through_hints_and_contexts() {
        let plain = || Err::<(), _>(anyhow::anyhow!("broken"));
        assert!(!is_users(&plain().unwrap_err()));
        assert!(is_users(&plain().users("cannot use it").unwrap_err()));
        assert!(is_users(&plain().users("cannot use it").hint("try").context("outer").unwrap_err()));
        assert!(is_users(&table_error().unwrap_err().into()));
        assert!(is_users(&table_error().hint("try").context("outer").hint("again").unwrap_err()));
        let ours = winback_table::Error::LinesDoNotAddUp { file: "a".to_owned(), counted: 1, accounted: 2 };
        assert!(!is_users(&Err::<(), _>(ours).hint("report it").unwrap_err()));
    }

    #[test]
    fn a_full_disk_is_an_outage_and_a_wrong_file_is_none() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert!(is_outage(&Err::<(), _>(full()).users("cannot write `a`").hint("make room").unwrap_err()));
        let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert!(!is_outage(&gone.into()) && !is_outage(&table_error().unwrap_err().into()));
    }

    #[test]
    fn one_line_tells_each_cause_once() {
        let inner = anyhow::anyhow!("no such file").context("`a` not found: no such file");
        let error = Err::<(), _>(inner).hint("look again").context("cannot go on").unwrap_err();
        assert_eq!(in_one_line(error), "cannot go on: `a` not found: no such file; look again");
    }

    #[test]
    fn a_hint_changes_neither_message_nor_chain() {
        let error =
            table_error().hint("inner").hint("middle").context("cannot go on").hint("outer").unwrap_err();
        let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
        assert_eq!(
            chain,
            [
                "cannot go on",
                "`a.csv` is empty: it has no header line; the first line must hold the column names"
            ]
        );
        assert_eq!(hints(&error), ["outer", "middle", "inner"]);
    }
}
