//! Events of Azure Blob Storage, which Event Grid sends as CloudEvents if the subscription is told to.

use serde_json::Value;

use super::cloud_events::CloudEvent;
use super::fields::{Form, text};
use super::{Change, ChangeKind, Malformed};

const EVENT: Form = Form {
    name: "a blob's event",
    remedy: "its subject must be `/blobServices/default/containers/CONTAINER/blobs/NAME`",
};
const CONTAINERS: &str = "/blobServices/default/containers/";

pub(super) fn blob(event: &CloudEvent<'_>) -> Result<Change, Malformed> {
    let nothing = Value::Null;
    let data = event.data.unwrap_or(&nothing);
    let subject = event.subject.as_deref().and_then(|subject| subject.strip_prefix(CONTAINERS));
    let (container, name) =
        subject.and_then(|rest| rest.split_once("/blobs/")).ok_or_else(|| EVENT.missing("subject"))?;
    let kind = match event.kind.as_str() {
        // Where folders are real, a file is first made empty, and closing it announces it again.
        "Microsoft.Storage.BlobCreated" if text(data, &["api"]).as_deref() == Some("CreateFile") => {
            ChangeKind::Other
        }
        "Microsoft.Storage.BlobCreated" => ChangeKind::Created,
        "Microsoft.Storage.BlobDeleted" => ChangeKind::Removed,
        _ => ChangeKind::Other,
    };
    Ok(Change {
        bucket: EVENT.named("subject", Some(container.to_owned()))?,
        name: EVENT.named("subject", Some(name.to_owned()))?,
        generation: EVENT.generation("data.eTag", data.get("eTag"))?,
        size: EVENT.size("data.contentLength", data.get("contentLength"))?,
        kind,
        id: Some(event.id.clone()),
    })
}
