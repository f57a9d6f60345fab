//! Reusable code with typed ports, as the engine sees it: what it is called, what it takes and gives, and which of the
//! settings it depends on. The code itself is handed to a worker as [`Bodies`], so that the same graph runs in this
//! process, in a container, or in a simulation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value as Json;

use crate::run::{RunId, StepId};
use crate::value::{Type, Values};
use crate::{Error, Result};

/// What a component is, without its code.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name, which steps use.
    pub name: &'static str,
    /// Raised whenever the same inputs and settings would give other outputs.
    pub version: u32,
    /// What it does, in a few words.
    pub about: &'static str,
    /// What it takes.
    pub inputs: Vec<Port>,
    /// What it gives.
    pub outputs: Vec<Port>,
    /// The settings that its outputs depend on.
    pub settings: Json,
    /// Whether it takes so long that a worker first asks whether another one is at the same work in another run.
    pub long: bool,
}

/// A named input or output.
#[derive(Debug, Clone)]
pub struct Port {
    /// The name, unique on its side of the component.
    pub name: &'static str,
    /// What passes through it.
    pub of: Type,
    /// Whether it may stay empty.
    pub optional: bool,
}

impl Component {
    /// A component with nothing but a name, a version and words.
    #[must_use]
    pub fn new(name: &'static str, version: u32, about: &'static str) -> Self {
        let (inputs, outputs, settings) = (Vec::new(), Vec::new(), Json::Null);
        Self { name, version, about, inputs, outputs, settings, long: false }
    }

    /// With an input more, which must be given.
    #[must_use]
    pub fn takes(mut self, name: &'static str, of: Type) -> Self {
        self.inputs.push(Port { name, of, optional: false });
        self
    }

    /// With an input more, which may be left out.
    #[must_use]
    pub fn may_take(mut self, name: &'static str, of: Type) -> Self {
        self.inputs.push(Port { name, of, optional: true });
        self
    }

    /// With an output more.
    #[must_use]
    pub fn gives(mut self, name: &'static str, of: Type) -> Self {
        self.outputs.push(Port { name, of, optional: false });
        self
    }

    /// With an output more, which may stay empty.
    #[must_use]
    pub fn may_give(mut self, name: &'static str, of: Type) -> Self {
        self.outputs.push(Port { name, of, optional: true });
        self
    }

    /// Refuses what it cannot be given, naming the input.
    pub fn check_inputs(&self, given: &Values) -> Result<()> {
        let wrong = |problem: String| Err(Error::Inputs { component: self.name.to_owned(), problem });
        for port in &self.inputs {
            match given.get(port.name) {
                None if !port.optional => {
                    return wrong(format!("it needs the input `{}`, a {}", port.name, port.of));
                }
                Some(value) if !port.of.admits(value) => {
                    return wrong(format!("its input `{}` takes a {}", port.name, port.of));
                }
                _ => {}
            }
        }
        match given.keys().find(|name| !self.inputs.iter().any(|port| port.name == *name)) {
            Some(unknown) => wrong(format!("it has no input `{unknown}`")),
            None => Ok(()),
        }
    }

    /// As work that takes long.
    #[must_use]
    pub fn long(self) -> Self {
        Self { long: true, ..self }
    }

    /// With the settings that its outputs depend on.
    #[must_use]
    pub fn depends_on(mut self, settings: Json) -> Self {
        self.settings = settings;
        self
    }
}

/// The components that a program has, by name.
pub type Components = BTreeMap<&'static str, Component>;

/// One attempt at a step, as its code is given it.
#[derive(Debug, Clone)]
pub struct Task {
    /// The run.
    pub run: RunId,
    /// The step.
    pub step: StepId,
    /// The component's name.
    pub component: String,
    /// Counts from 1.
    pub attempt: u32,
    /// What its inputs are given; optional ones may be absent.
    pub inputs: Values,
    /// Raised when nobody wants the outcome any more.
    pub stop: Stop,
}

/// A flag that long work looks at now and then.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks the work to end.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the work should end.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Why an attempt gave nothing. The reason goes into the ledger and so holds no customer's key or value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// What it was given can never succeed: no attempt follows.
    Refused(String),
    /// It may succeed another time.
    Failed(String),
    /// A store, a disk or the network could not be used: it is tried again until it can, for about a week; a step that
    /// its run can do without, only as often as any other.
    Unavailable(String),
}

/// The code of the components.
pub trait Bodies {
    /// Makes one attempt; what it answers has been stored already.
    fn attempt(&self, task: Task) -> impl Future<Output = Result<Values, Failure>>;

    /// Whether something holds in the world that steps wait for; no for what is unknown.
    fn holds(&self, what: &str) -> impl Future<Output = bool>;
}
