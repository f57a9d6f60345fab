//! Two services on one bank, killed again and again at an operation of their stores that nobody chose, while weekly files
//! come in: is anything lost, or published twice, or stuck?

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::audit::{Audit, LOOKED_AT, audit};
use super::bank::{Bank, end};
use super::place::Place;
use super::stopwatch::Stopwatch;
use crate::printer;

/// Claims end soon, and folders are looked at often.
const SETTINGS: &str = "\n[pipelines]\nlease = \"2 s\"\nlook = \"1 s\"\n";
const SEED: u64 = 1;
/// Files that wait at any time, so that nobody idles.
const WAITING: usize = 4;
/// With so many files, another history comes, so that a model is learnt and deployed as well.
const FILES_A_HISTORY: usize = 15;
/// How often it is looked whether files are to come, in seconds.
const REFILL: f64 = 0.5;
/// A service dies at one of so many operations that follow its first claim of a step: those of a weekly file or two.
const AFTER_CLAIM: u64 = 400;
/// One of so many dies at one of the operations before, or soon after: while it reads what is there, or chooses.
const EARLY: u64 = 8;
const AFTER_START: u64 = 400;
/// How long the rest may take when nobody is killed any more.
const PATIENCE: Duration = Duration::from_secs(900);
/// How long a service may live that is to be killed.
const LIFE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(5);
const KILL: i32 = 9;

/// What came of it.
pub(super) struct Outcome {
    pub(super) kills: usize,
    pub(super) seconds: f64,
    pub(super) audit: Audit,
}

/// A service that will be killed.
struct Victim {
    log: &'static str,
    process: Child,
    /// From when, and at which operation.
    at: String,
    began: Stopwatch,
}

/// Numbers that look like chance, and are the same for the same seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % count
    }
}

/// Kills so many times, lets the rest be done, and looks at what lies there.
pub(super) fn hold(program: &Path, folder: &Path, place: Place, kills: usize) -> anyhow::Result<Outcome> {
    let bank = Bank::make(program, folder, place, 1_500, SETTINGS)?;
    let watch = Stopwatch::start();
    let mut draw = Draw(SEED);
    let mut files = 0;
    let mut refilled = Stopwatch::start();
    let mut killed: Vec<u32> = Vec::new();
    let mut operations = String::from("process,operation\n");
    let mut victims = [start(&bank, "one.log", &mut draw)?, start(&bank, "two.log", &mut draw)?];
    while killed.len() < kills {
        if REFILL < refilled.seconds() {
            let done = bank.place.count("output_folder", "/manifest.json")?;
            while files < done + WAITING {
                drop_file(&bank, files)?;
                files += 1;
            }
            refilled = Stopwatch::start();
        }
        for victim in &mut victims {
            let Some(status) = victim.process.try_wait()? else {
                if LIFE.as_secs_f64() < victim.began.seconds() {
                    bail!("{} did not come to operation {} in {LIFE:?}", victim.log, victim.at);
                }
                continue;
            };
            if status.signal() != Some(KILL) {
                bail!("a service ended by itself: {status}; see `{}`", folder.join(victim.log).display());
            }
            killed.push(victim.process.id());
            operations += &format!("{},{}\n", victim.process.id(), victim.at);
            if killed.len().is_multiple_of(20) {
                printer::complain(&format!("{} kills, {files} files", killed.len()));
            }
            *victim = start(&bank, victim.log, &mut draw)?;
        }
        std::thread::sleep(LOOK);
    }
    std::fs::write(folder.join("kills.csv"), operations)?;
    let stopped = victims.each_ref().map(|victim| victim.process.id());
    victims.into_iter().try_for_each(|victim| end(victim.process))?;
    let services = [bank.serve("one.log", &[])?.0, bank.serve("two.log", &[])?.0];
    let waited = wait(&bank, files);
    services.into_iter().try_for_each(end)?;
    let seconds = watch.seconds();
    waited?;
    let copy = folder.join("copy");
    Ok(Outcome {
        kills: killed.len(),
        seconds,
        audit: audit(&bank.place.on_disk(&LOOKED_AT, &copy)?, &killed, &stopped)?,
    })
}

fn start(bank: &Bank, log: &'static str, draw: &mut Draw) -> anyhow::Result<Victim> {
    let at = match draw.below(EARLY) {
        0 => format!("start:{}", 1 + draw.below(AFTER_START)),
        _ => format!("claim:{}", 1 + draw.below(AFTER_CLAIM)),
    };
    let (process, _) = bank.serve(log, &[("WINBACK_CHAOS_KILL_AT", at.clone())])?;
    Ok(Victim { log, process, at, began: Stopwatch::start() })
}

fn drop_file(bank: &Bank, number: usize) -> anyhow::Result<()> {
    if number.is_multiple_of(FILES_A_HISTORY) && number > 0 {
        bank.place.put("input_folder/history.csv", &bank.history(number)?)?;
    }
    bank.place.put(&format!("weekly_folder/week-{number:04}.csv"), &bank.week(number, usize::MAX - 1))
}

/// Waits until every file has its run, and every run its end. What is still open then is the audit's to tell.
fn wait(bank: &Bank, files: usize) -> anyhow::Result<()> {
    let watch = Stopwatch::start();
    while watch.seconds() < PATIENCE.as_secs_f64() {
        let text = bank.winback(&["runs", "list", "--last", "1000000", "--json"])?;
        let runs: Vec<Value> =
            serde_json::from_slice(&text).context("`winback runs --json` printed no list")?;
        let weekly = runs.iter().filter(|run| run["pipeline"] == "weekly").count();
        let open = runs.iter().filter(|run| run["outcome"] == "open").count();
        if weekly == files && open == 0 {
            return Ok(());
        }
        printer::complain(&format!("{weekly} runs for {files} files, {open} open"));
        std::thread::sleep(Duration::from_secs(3));
    }
    Ok(())
}

impl Outcome {
    pub(super) fn table(&self, name: &str) -> String {
        let Self { kills, seconds, audit } = self;
        let steps: Vec<String> =
            audit.by_step().iter().map(|(step, count)| format!("{step} {count}")).collect();
        let mut text = format!("{name}: {kills} kills in {seconds:.0} s\n");
        for (what, count) in [
            ("files in", audit.files),
            ("published, as the manifest says and whole", audit.published),
            ("published twice, or not as the ledger says", audit.doubled.len()),
            ("lost", audit.lost.len()),
            ("runs", audit.runs),
            ("runs not ended", audit.not_ended.len()),
            ("runs that ended otherwise than well", audit.failed.len()),
            ("kills", *kills),
            ("kills inside a step", audit.kills_inside.len()),
            ("claims taken over", audit.taken),
            ("claims taken from a process that was only slow", audit.slow),
            ("most times that a step of a run was taken over", audit.most_lost),
        ] {
            text += &format!("  {what:<50} {count:>6}\n");
        }
        text += &format!("  kills by step: {}\n", steps.join(", "));
        let wrong = audit.doubled.iter().chain(&audit.lost).chain(&audit.not_ended).chain(&audit.failed);
        for wrong in wrong.take(20) {
            text += &format!("    {wrong}\n");
        }
        text
    }

    pub(super) fn json(&self, name: &str) -> Value {
        json!({ "part": name, "kills": self.kills, "seconds": self.seconds, "seed": SEED, "found": self.audit.json() })
    }
}
