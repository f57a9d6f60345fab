//! The components: one file each, with what it takes and gives, and the code. Which pipelines use them is told by
//! `pipelines`; who runs them, by `work`.
//!
//! A component's version is raised whenever the same inputs and settings would give other outputs; a test holds the
//! digests of outputs to the versions.

mod check;
mod choose;
mod close;
mod drift;
mod fit;
mod gates;
mod history;
mod ingest;
mod promote;
mod publish;
mod record;
mod register;
mod score;
mod smoke;
mod verify;

use winback_flow::{Component, Components, Task, Values};

use crate::config::Settings;
use crate::desk::Desk;
use crate::error::Result;

/// Folders that the components write to.
pub(crate) const OURS: [&str; 4] = [publish::OUTPUT_FOLDER, close::QUARANTINE_FOLDER, "artifacts", "state"];

/// The code of a component.
pub(crate) type Code = fn(&Desk, &Task) -> Result<Values>;

/// Each component under the settings, with its code.
fn all(settings: &Settings) -> Vec<(Component, Code)> {
    vec![
        (history::component(), history::run),
        (ingest::component(settings), ingest::run),
        (check::component(settings), check::run),
        (fit::component(settings), fit::run),
        (register::component(settings), register::run),
        (verify::component(), verify::run),
        (smoke::component(), smoke::run),
        (gates::component(), gates::run),
        (promote::component(), promote::run),
        (choose::component(), choose::run),
        (score::component(settings), score::run),
        (drift::component(), drift::run),
        (publish::component(settings), publish::run),
        (close::component(), close::run),
        (record::component(), record::run),
    ]
}

/// What the components are.
pub(crate) fn components(settings: &Settings) -> Components {
    all(settings).into_iter().map(|(component, _)| (component.name, component)).collect()
}

/// The code of a component.
pub(crate) fn code(settings: &Settings, name: &str) -> Option<Code> {
    all(settings).into_iter().find(|(component, _)| component.name == name).map(|(_, code)| code)
}
