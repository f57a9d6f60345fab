//! What lies in a bank after everything: which files were published, how often, and whether rightly; what the ledgers of
//! the runs say of steps that were lost. It reads files and knows no code of the product.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::place::files_under;

/// The folders that are looked at.
pub(super) const LOOKED_AT: [&str; 3] = ["weekly_folder", "output_folder", "state/run"];

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) files: usize,
    /// Files with a manifest, results of the digest that it says, and as many lines as they have.
    pub(super) published: usize,
    /// What was published more than once, or is not what the run's ledger says.
    pub(super) doubled: Vec<String>,
    /// Files without results, or with wrong ones.
    pub(super) lost: Vec<String>,
    pub(super) runs: usize,
    pub(super) not_ended: Vec<String>,
    /// Runs that ended otherwise than well.
    pub(super) failed: Vec<String>,
    /// Steps that were taken from processes that were killed: by process, the first of them.
    pub(super) kills_inside: BTreeMap<u32, String>,
    /// Claims that were taken from processes that nobody had ended: they were only slow.
    pub(super) slow: usize,
    /// Claims that were taken in all, and the most that one step of one run was lost.
    pub(super) taken: usize,
    pub(super) most_lost: usize,
}

/// What the ledger of a run says.
struct Told {
    id: String,
    /// The digest of the file that it is about.
    file: Value,
    entries: Vec<Value>,
}

/// Looks at a bank of which nothing works any more; `killed` are the processes that were, `stopped` those that were told to
/// end in the middle of their work.
pub(super) fn audit(bank: &Path, killed: &[u32], stopped: &[u32]) -> anyhow::Result<Audit> {
    let mut audit = Audit::default();
    let runs = runs(&bank.join("state/run"))?;
    for run in &runs {
        audit.run(run, killed, stopped);
    }
    let mut weeks = files_under(&bank.join("weekly_folder"))?;
    weeks.retain(|path| path.extension().is_some_and(|end| end == "csv"));
    let digests = digests(&weeks)?;
    let mut manifests: BTreeMap<(String, String), Vec<PathBuf>> = BTreeMap::new();
    for path in files_under(&bank.join("output_folder"))? {
        if path.file_name().is_some_and(|name| name == "manifest.json") {
            let manifest = json_of(&path)?;
            let text = |name: &str| manifest["file"][name].as_str().unwrap_or_default().to_owned();
            manifests.entry((text("name"), text("sha256"))).or_default().push(path);
        }
    }
    audit.files = weeks.len();
    for (week, digest) in weeks.iter().zip(digests) {
        let name = week.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let found = manifests.remove(&(name.clone(), digest)).unwrap_or_default();
        let Some(manifest) = found.first() else {
            audit.lost.push(name);
            continue;
        };
        match wrong(manifest, week, &runs)? {
            None => audit.published += 1,
            Some(Wrong::Results(why)) => audit.lost.push(format!("{name}: {why}")),
            Some(Wrong::Truth(why)) => audit.doubled.push(format!("{name}: {why}")),
        }
        if found.len() > 1 {
            audit.doubled.push(format!("{name}: {} manifests", found.len()));
        }
    }
    let strangers = manifests.into_keys().map(|(name, _)| format!("{name}: a manifest of other bytes"));
    audit.doubled.extend(strangers);
    Ok(audit)
}

/// What is wrong with what was published.
enum Wrong {
    Results(String),
    Truth(String),
}

fn wrong(manifest: &Path, week: &Path, runs: &[Told]) -> anyhow::Result<Option<Wrong>> {
    let told = json_of(manifest)?;
    let scores = manifest.with_file_name("scores.csv");
    if !scores.is_file() {
        return Ok(Some(Wrong::Results("there are no scores".to_owned())));
    }
    let said = told["files"]["scores.csv"]["sha256"].as_str().unwrap_or_default();
    if digests(std::slice::from_ref(&scores))? != [said] {
        return Ok(Some(Wrong::Results("the scores are not those of the manifest".to_owned())));
    }
    let (scored, customers) = (lines(&scores)?, lines(week)?);
    if scored != customers {
        return Ok(Some(Wrong::Results(format!("{scored} lines of {customers}"))));
    }
    let Some(run) = runs.iter().find(|run| told["run"] == run.id.as_str()) else {
        return Ok(Some(Wrong::Truth(format!("its run {} has no ledger", told["run"]))));
    };
    let finished =
        run.entries.iter().rev().find(|entry| entry["kind"] == "finished" && entry["step"] == "score/score");
    let recorded = finished.map(|entry| &entry["outputs"]["scores"]["file"]["digest"]);
    if recorded.and_then(Value::as_str) != Some(said) || run.file != told["file"]["sha256"] {
        return Ok(Some(Wrong::Truth("its run's ledger has another digest".to_owned())));
    }
    Ok(None)
}

impl Audit {
    fn run(&mut self, run: &Told, killed: &[u32], stopped: &[u32]) {
        self.runs += 1;
        match run.entries.iter().rev().find(|entry| entry["kind"] == "ended") {
            None => self.not_ended.push(run.id.clone()),
            Some(ended) if ended["outcome"] != "succeeded" => {
                self.failed.push(format!("{} {}", run.id, ended["outcome"]));
            }
            Some(_) => {}
        }
        let mut lost: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in
            run.entries.iter().filter(|entry| entry["kind"] == "failed" && entry["failure"] == "lost")
        {
            let step = entry["step"].as_str().unwrap_or_default();
            *lost.entry(step).or_default() += 1;
            self.taken += 1;
            // "its worker w-<process>-<nonce> was not heard of any more"
            let reason = entry["reason"].as_str().unwrap_or_default();
            let process: Option<u32> =
                reason.split("w-").nth(1).and_then(|rest| rest.split('-').next()?.parse().ok());
            match process.filter(|process| killed.contains(process)) {
                Some(process) => drop(self.kills_inside.entry(process).or_insert_with(|| step.to_owned())),
                None if process.is_some_and(|process| stopped.contains(&process)) => {}
                None => self.slow += 1,
            }
        }
        self.most_lost = self.most_lost.max(lost.into_values().max().unwrap_or(0));
    }

    /// Whether nothing was lost, doubled or stuck.
    pub(super) fn is_good(&self) -> bool {
        self.published == self.files
            && self.lost.is_empty()
            && self.doubled.is_empty()
            && self.not_ended.is_empty()
    }

    /// Kills inside of steps, by the step.
    pub(super) fn by_step(&self) -> BTreeMap<&str, usize> {
        let mut steps = BTreeMap::new();
        for step in self.kills_inside.values() {
            *steps.entry(step.as_str()).or_default() += 1;
        }
        steps
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "files": self.files, "published": self.published, "doubled": self.doubled, "lost": self.lost,
            "runs": self.runs, "not_ended": self.not_ended, "otherwise_than_well": self.failed,
            "kills_inside": self.kills_inside.len(), "kills_by_step": self.by_step(),
            "claims_taken": self.taken, "taken_from_the_living": self.slow, "most_losses_of_a_step": self.most_lost,
        })
    }
}

/// The ledgers of all runs.
fn runs(folder: &Path) -> anyhow::Result<Vec<Told>> {
    let mut runs = Vec::new();
    for run in std::fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
        let run = run?;
        let mut records = Vec::new();
        for record in std::fs::read_dir(run.path())? {
            let path = record?.path();
            if path.extension().is_some_and(|end| end == "json") {
                records.push(path);
            }
        }
        records.sort();
        let mut entries = Vec::new();
        for (place, path) in records.iter().enumerate() {
            if path.file_name() != Some(format!("{:020}.json", place + 1).as_ref()) {
                bail!("a record is missing before `{}`", path.display());
            }
            entries.extend(json_of(path)?["record"].as_array().cloned().unwrap_or_default());
        }
        let created = entries.first().with_context(|| format!("`{}` has no record", run.path().display()))?;
        let file = created["inputs"]["file"]["file"]["digest"].clone();
        runs.push(Told { id: run.file_name().to_string_lossy().into_owned(), file, entries });
    }
    Ok(runs)
}

fn json_of(path: &Path) -> anyhow::Result<Value> {
    let bytes = std::fs::read(path)?;
    serde_json::from_slice(&bytes).with_context(|| format!("`{}` is no JSON", path.display()))
}

fn lines(path: &Path) -> anyhow::Result<usize> {
    Ok(std::fs::read(path)?.iter().filter(|byte| **byte == b'\n').count())
}

/// The SHA-256 of each file, by a program that is not ours.
fn digests(files: &[PathBuf]) -> anyhow::Result<Vec<String>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let output = Command::new("sha256sum").args(files).output().context("cannot start `sha256sum`")?;
    let text = String::from_utf8(output.stdout)?;
    let digests: Vec<String> =
        text.lines().filter_map(|line| Some(line.split_once(' ')?.0.to_owned())).collect();
    if digests.len() != files.len() {
        bail!("`sha256sum` read {} files of {}", digests.len(), files.len());
    }
    Ok(digests)
}
