//! `winback step`: one component, once, outside of any run: what a task of a container does. What it is given and gives
//! are files of JSON, in which artifacts stand by digest; the bytes are in the bucket.

use std::path::PathBuf;

use clap::Args;
use winback_flow::{RunId, StepId, Stop, Task, Values};

use super::Context;
use crate::components;
use crate::config::Overrides;
use crate::desk::Desk;
use crate::error::{Result, ResultExt as _, UserError};
use crate::wire::Bucket;

/// What `winback step` is told.
#[derive(Debug, Args)]
#[command(after_help = "Example: winback step ingest --inputs in.json --outputs out.json")]
pub(crate) struct Arguments {
    /// The component
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is given: one JSON object, by input, in the form of a run's records
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// Where to write what it gives [default: stdout]
    #[arg(long, value_name = "FILE")]
    outputs: Option<PathBuf>,
    /// The run that it is a part of
    #[arg(long, value_name = "RUN", default_value = "by-hand")]
    run: RunId,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<()> {
    let settings = context.settings(Overrides::default())?;
    let known = components::components(&settings);
    let Some(component) = known.get(arguments.name.as_str()) else {
        let names: Vec<&str> = known.keys().copied().collect();
        let message = format!("there is no component `{}`", arguments.name);
        return Err(UserError::new(message)).hint(format!("there are {}", names.join(", ")));
    };
    let inputs: Values = match &arguments.inputs {
        None => Values::new(),
        Some(path) => {
            let shown = path.display();
            let text = std::fs::read_to_string(path).users(format!("cannot read `{shown}`"))?;
            serde_json::from_str(&text).users(format!("`{shown}` does not say what the step is given"))?
        }
    };
    component.check_inputs(&inputs).users(format!("`{}` cannot run", arguments.name))?;
    let code = components::code(&settings, &arguments.name).expect("its component is there");
    let desk = Desk::new(settings.clone(), Bucket::open(&settings)?, context.printer)?;
    let task = Task {
        run: arguments.run.clone(),
        step: StepId::whole(&arguments.name),
        component: arguments.name.clone(),
        attempt: 1,
        inputs,
        stop: Stop::default(),
    };
    let text = serde_json::to_string_pretty(&code(&desk, &task)?)?;
    match &arguments.outputs {
        None => context.printer.result(&text),
        Some(path) => std::fs::write(path, text + "\n").users(format!("cannot write `{}`", path.display())),
    }
}
