//! A pipeline: a graph of steps, as data. It is written once, checked, stored with every run of it, drawn, and exported;
//! what the steps do is told by the components they name.

mod check;
mod draw;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::component::Components;
use crate::value::{Type, Values};
use crate::{Error, Result};

/// A graph of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// What it does, in a few words.
    pub about: String,
    /// What a run of it is given, by name.
    pub inputs: BTreeMap<String, Input>,
    /// The steps; who reads them from the top meets no step before those it needs.
    pub steps: Vec<Step>,
}

/// What a run is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its type.
    #[serde(rename = "type")]
    pub of: Type,
    /// Whether a run may go without.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
}

/// One use of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, unique in the pipeline; a part of another pipeline has that one's name and a `/` before it.
    pub name: String,
    /// The component that does it.
    pub component: String,
    /// What each input of the component is given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Source>,
    /// Steps that must have ended before, whatever became of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// It runs only if all of these hold; else it is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// Something in the world that it waits for, by a name that workers know: `champion`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// The input that is given one item of a list at a time; outputs are then lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// How often it is tried.
    #[serde(default, skip_serializing_if = "Retry::is_default")]
    pub retry: Retry,
    /// How many seconds one attempt may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Whether outputs of an earlier run with the same key may stand for its own. Not where a step looks at the world
    /// or changes it.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub cache: bool,
    /// It runs when all others have ended, whatever became of them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub exit: bool,
    /// The run succeeds even where this step fails.
    #[serde(default, skip_serializing_if = "is_false")]
    pub may_fail: bool,
}

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Always this.
    Constant(Json),
    /// An input of the run.
    Input(String),
    /// How the run stands when the step begins: `{"outcome": "refused", "failures": {"score": "…"}}`.
    Status,
    /// An output of a step.
    Output {
        /// The step.
        step: String,
        /// Its output.
        output: String,
        /// Whether to go without if the step did not give it. Otherwise the step that needs it is left out then.
        #[serde(default, skip_serializing_if = "is_false")]
        if_given: bool,
    },
}

/// Something that must hold for a step to run: the source is this very JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// A parameter.
    pub source: Source,
    /// What it has to be.
    pub equals: Json,
}

/// How often a step is tried that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Attempts in all.
    pub attempts: u32,
    /// Milliseconds before the second attempt; each further one waits twice as long.
    pub first_wait: u64,
    /// Milliseconds that no wait exceeds.
    pub longest_wait: u64,
}

impl Default for Retry {
    fn default() -> Self {
        // A minute in all. What cannot be used for longer is another matter.
        Self { attempts: 7, first_wait: 1_000, longest_wait: 60_000 }
    }
}

impl Retry {
    /// Where a store, a disk or the network cannot be used: whoever mends it may be away for some days, and need not tell us.
    pub(crate) const OUTAGE: Self = Self { attempts: 2_000, first_wait: 1_000, longest_wait: 300_000 };

    /// How long to wait after so many attempts.
    pub(crate) fn wait(&self, attempts: u32) -> Duration {
        let doubled = self.first_wait.saturating_mul(1 << attempts.saturating_sub(1).min(32));
        Duration::from_millis(doubled.min(self.longest_wait))
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Source {
    /// An input of the run.
    #[must_use]
    pub fn input(name: &str) -> Self {
        Self::Input(name.to_owned())
    }

    /// An output, without which the step is left out.
    #[must_use]
    pub fn output(step: &str, output: &str) -> Self {
        Self::Output { step: step.to_owned(), output: output.to_owned(), if_given: false }
    }

    /// An output, without which the step goes on. A condition on it then sees `null`.
    #[must_use]
    pub fn if_given(step: &str, output: &str) -> Self {
        Self::Output { step: step.to_owned(), output: output.to_owned(), if_given: true }
    }

    /// A parameter that the pipeline fixes.
    #[must_use]
    pub fn constant(json: impl Into<Json>) -> Self {
        Self::Constant(json.into())
    }

    /// The step it comes from.
    pub(crate) fn step(&self) -> Option<&str> {
        if let Self::Output { step, .. } = self { Some(step) } else { None }
    }
}

impl Step {
    /// A use of a component, with nothing given yet.
    #[must_use]
    pub fn new(name: &str, component: &str) -> Self {
        Self {
            name: name.to_owned(),
            component: component.to_owned(),
            inputs: BTreeMap::new(),
            after: Vec::new(),
            when: Vec::new(),
            waits_for: None,
            each: None,
            retry: Retry::default(),
            timeout: None,
            cache: true,
            exit: false,
            may_fail: false,
        }
    }

    /// Gives an input.
    #[must_use]
    pub fn with(mut self, input: &str, source: Source) -> Self {
        self.inputs.insert(input.to_owned(), source);
        self
    }

    /// Comes after a step, whatever becomes of that.
    #[must_use]
    pub fn after(mut self, step: &str) -> Self {
        self.after.push(step.to_owned());
        self
    }

    /// Runs only if a parameter is this.
    #[must_use]
    pub fn when(mut self, source: Source, equals: impl Into<Json>) -> Self {
        self.when.push(Condition { source, equals: equals.into() });
        self
    }

    /// Waits for something in the world.
    #[must_use]
    pub fn waits_for(mut self, what: &str) -> Self {
        self.waits_for = Some(what.to_owned());
        self
    }

    /// Runs once for each item of the list that `input` is given.
    #[must_use]
    pub fn each(mut self, input: &str) -> Self {
        self.each = Some(input.to_owned());
        self
    }

    /// Is tried so often.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// May take so many seconds.
    #[must_use]
    pub fn timeout(mut self, seconds: u64) -> Self {
        self.timeout = Some(seconds);
        self
    }

    /// Always runs: it looks at the world, or changes it.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.cache = false;
        self
    }

    /// Runs at the end, whatever became of the others.
    #[must_use]
    pub fn exit(mut self) -> Self {
        self.exit = true;
        self
    }

    /// May fail without failing the run.
    #[must_use]
    pub fn may_fail(mut self) -> Self {
        self.may_fail = true;
        self
    }

    /// Everything that this step takes from elsewhere.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.inputs.values().chain(self.when.iter().map(|condition| &condition.source))
    }

    /// The steps that must have ended before this one.
    pub(crate) fn needs(&self) -> BTreeSet<&str> {
        self.sources().filter_map(Source::step).chain(self.after.iter().map(String::as_str)).collect()
    }
}

impl Pipeline {
    /// A pipeline without inputs and steps.
    #[must_use]
    pub fn new(name: &str, about: &str) -> Self {
        let (name, about) = (name.to_owned(), about.to_owned());
        Self { name, about, inputs: BTreeMap::new(), steps: Vec::new() }
    }

    /// With an input more.
    #[must_use]
    pub fn takes(mut self, name: &str, of: Type) -> Self {
        self.inputs.insert(name.to_owned(), Input { of, optional: false });
        self
    }

    /// With an input more, which a run may go without.
    #[must_use]
    pub fn may_take(mut self, name: &str, of: Type) -> Self {
        self.inputs.insert(name.to_owned(), Input { of, optional: true });
        self
    }

    /// With a step more.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// With all steps of another pipeline, under its name: the step `fit` of `train` becomes `train/fit`. `given` says
    /// what its inputs are, and `with` may change each step.
    #[must_use]
    pub fn include(mut self, part: &Self, given: &[(&str, Source)], with: impl Fn(Step) -> Step) -> Self {
        let inner = |name: &str| format!("{}/{name}", part.name);
        let names: BTreeSet<&str> = part.steps.iter().map(|step| step.name.as_str()).collect();
        let outer = |source: Source| match source {
            Source::Input(name) => {
                let found = given.iter().find(|(input, _)| *input == name).map(|(_, source)| source.clone());
                // What is not given stays a reference that the check does not know, and names.
                found.unwrap_or_else(|| Source::Input(inner(&name)))
            }
            Source::Output { step, output, if_given } if names.contains(step.as_str()) => {
                Source::Output { step: inner(&step), output, if_given }
            }
            source => source,
        };
        for step in part.steps.clone() {
            let mut step = step;
            step.name = inner(&step.name);
            step.after = step.after.iter().map(|name| inner(name)).collect();
            let unnecessary = |source: &Source| matches!(source, Source::Input(name) if part.inputs.get(name).is_some_and(|input| input.optional) && !given.iter().any(|(given, _)| given == name));
            step.inputs.retain(|_, source| !unnecessary(source));
            step.inputs = step.inputs.into_iter().map(|(name, source)| (name, outer(source))).collect();
            for condition in &mut step.when {
                condition.source = outer(condition.source.clone());
            }
            self.steps.push(with(step));
        }
        self
    }

    /// The step of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// Refuses a graph that cannot run, naming the step and what is wrong with it.
    pub fn check(&self, components: &Components) -> Result<()> {
        match check::problems(self, components).into_iter().next() {
            Some(problem) => Err(Error::Graph { pipeline: self.name.clone(), problem }),
            None => Ok(()),
        }
    }

    /// Refuses what a run cannot be given.
    pub(crate) fn check_inputs(&self, given: &Values) -> Result<()> {
        let wrong = |problem: String| Err(Error::Graph { pipeline: self.name.clone(), problem });
        for (name, input) in &self.inputs {
            match given.get(name) {
                None if !input.optional => return wrong(format!("a run of it needs the input `{name}`")),
                Some(value) if !input.of.admits(value) => {
                    return wrong(format!("its input `{name}` takes a {}", input.of));
                }
                _ => {}
            }
        }
        match given.keys().find(|name| !self.inputs.contains_key(*name)) {
            Some(unknown) => wrong(format!("it has no input `{unknown}`")),
            None => Ok(()),
        }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_true(flag: &bool) -> bool {
    *flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests;
