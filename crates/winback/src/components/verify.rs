//! `verify`: a registered package is whole: each file is the one that its manifest names, the manifest the one that the
//! ledger names, and the model can be loaded.

use winback_flow::{Component, Task, Type, Value, Values};

use crate::config::VersionName;
use crate::desk::Inputs as _;
use crate::desk::{Desk, outputs};
use crate::error::{Result, UserError, in_one_line};
use crate::steps::register::{adopt, named};

pub(crate) fn component() -> Component {
    Component::new("verify", 1, "hold each file of the package to its digest")
        .takes("model", Type::Text)
        .gives("digest", Type::Text)
}

pub(crate) fn run(desk: &Desk, task: &Task) -> Result<Values> {
    let version = match named(desk, task) {
        // One that nobody registered may have been copied there by hand.
        Err(error) if is_unknown(&error) => {
            let name: VersionName = task.inputs.parameter::<String>("model")?.parse()?;
            let model = name.model.unwrap_or_else(|| desk.settings.train.name.clone());
            adopt(&desk.bucket, &model, name.number).map_err(|error| match error.downcast_ref() {
                Some(winback_flow::Error::Store { .. }) => error,
                // Whoever copied it there has to copy it again.
                _ => UserError::new(format!(
                    "`{model}/{}` is no whole package: {}",
                    name.number,
                    in_one_line(error)
                ))
                .into(),
            })?
        }
        outcome => outcome?,
    };
    desk.bucket.package(&version)?;
    Ok(outputs([("digest", Value::of(version.digest.to_string()))]))
}

fn is_unknown(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(winback_flow::Error::UnknownVersion { .. }))
}
