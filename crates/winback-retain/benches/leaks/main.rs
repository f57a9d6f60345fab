//! How often the leak guard is wrong: false alarms on histories without a leak, and leaks found where one was planted.
//!
//! `cargo xtask bench leaks` runs it in release. Without arguments it measures 1,000 histories of each kind; a number
//! as the argument measures so many. Public histories are read from `WINBACK_DATA`, else from `../shared/data`.
#![expect(clippy::print_stdout, reason = "this program's output is its result")]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench takes the folder of the real data from the environment"
)]

mod real;

use std::path::PathBuf;

use winback_retain::findings::Severity;
use winback_retain::leaks::{Known, examine};
use winback_simulate::small::{Leak, Plain, SmallHistory};
use winback_table::Role;

const HISTORIES: u64 = 1_000;

fn main() {
    let asked = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let histories = asked.unwrap_or(HISTORIES);
    real_histories();
    println!("without a leak: histories of each kind in turn, {histories} in all");
    let mut alarms = 0;
    let (mut warnings, mut notes) = (0, 0);
    for number in 0..histories {
        let plain = Plain::ALL[(number % Plain::ALL.len() as u64) as usize];
        let found = look(SmallHistory { plain, leak: None, seed: number });
        for (severity, kind, columns) in &found {
            match severity {
                Severity::Block => println!("  false alarm: {plain:?}, seed {number}: {kind} {columns:?}"),
                Severity::Warn => warnings += 1,
                Severity::Note => notes += 1,
            }
        }
        alarms += u64::from(found.iter().any(|(severity, ..)| *severity == Severity::Block));
    }
    println!("  blocked: {alarms} of {histories}; warnings {warnings}, notes {notes}");
    println!("with a leak planted: found, of {histories} each");
    for leak in Leak::ALL {
        let mut found = 0;
        for number in 0..histories {
            let plain = Plain::ALL[(number % Plain::ALL.len() as u64) as usize];
            let findings = look(SmallHistory { plain, leak: Some(leak), seed: number });
            let is_found = findings.iter().any(|(severity, _, columns)| {
                *severity == Severity::Block && columns.iter().all(|column| column.starts_with("leak_"))
            });
            found += u64::from(is_found);
        }
        println!("  {:<16} {found}", format!("{leak:?}"));
    }
}

/// Prints what is found in the public histories.
fn real_histories() {
    let folder = std::env::var_os("WINBACK_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    for history in &real::HISTORIES {
        if !folder.join(history.file).exists() {
            println!("{}: left out, for it is not in `{}`", history.file, folder.display());
            continue;
        }
        for with_leaks in [true, false] {
            if with_leaks && history.leaky.is_empty() {
                continue;
            }
            let which = if with_leaks { "as it comes" } else { "without the columns known to leak" };
            println!("{} {which}", history.file);
            for finding in history.examine(&folder, with_leaks).findings {
                let (severity, columns) = (finding.severity.name(), finding.columns.join(", "));
                println!("  {severity:<5} {:<16} {columns}: {}", finding.kind, finding.evidence);
            }
        }
    }
}

/// Severity, kind and columns of what the guard finds in a history.
fn look(history: SmallHistory) -> Vec<(Severity, String, Vec<String>)> {
    let examined = examine(&history.source(), &|field| field.role == Role::Feature, Known::default());
    let findings = examined.expect("a table in memory can be read").findings;
    findings.into_iter().map(|finding| (finding.severity, finding.kind, finding.columns)).collect()
}
