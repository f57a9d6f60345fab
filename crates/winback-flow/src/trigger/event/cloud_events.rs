//! CloudEvents 1.0: in binary mode attributes are headers and the body is the data, in structured mode both are one
//! JSON object. Eventarc sends the first, Workflows and Event Grid the second.
//!
//! What the data mean depends on the type; other files read what is not Google's own storage event.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fields::{Form, text};
use super::{Change, ChangeKind, Malformed, azure, json, pubsub};

const STORAGE: &str = "google.cloud.storage.object.v1.";
const PUBSUB: &str = "google.cloud.pubsub.topic.v1.messagePublished";
const AZURE: &str = "Microsoft.Storage.";

const EVENT: Form = Form {
    name: "a CloudEvent",
    remedy: "send CloudEvents 1.0 with `id`, `source`, `type` and, about objects, `subject`",
};

/// The attributes of an event, and its data if it has any.
#[derive(Debug)]
pub(super) struct CloudEvent<'a> {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) subject: Option<String>,
    source: String,
    bucket: Option<String>,
    pub(super) data: Option<&'a Value>,
}

/// An event whose attributes are headers.
pub(super) fn binary(header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> Result<Change, Malformed> {
    let data = if body.is_empty() { None } else { Some(json("the body of a CloudEvent", body)?) };
    let attribute = |name: &'static str| {
        let encoded = header(&format!("ce-{name}"));
        // Quotes around a header's value are left over from an earlier draft that some senders follow.
        encoded.map(|text| EVENT.decoded(name, text.trim_matches('"'))).transpose()
    };
    event(&attribute, data.as_ref())
}

/// An event that is one JSON object.
pub(super) fn structured(message: &Value) -> Result<Change, Malformed> {
    let attribute = |name: &'static str| Ok(text(message, &[name]));
    let unpacked = match message.get("data_base64") {
        None | Some(Value::Null) => None,
        Some(packed) => {
            let bytes = packed.as_str().and_then(|text| STANDARD.decode(text).ok());
            let bytes = bytes.ok_or_else(|| EVENT.wrong("data_base64", "base64"))?;
            Some(json("`data_base64` of a CloudEvent", &bytes)?)
        }
    };
    let data = unpacked.as_ref().or_else(|| message.get("data"));
    event(&attribute, data.filter(|data| !data.is_null()))
}

fn event(
    attribute: &dyn Fn(&'static str) -> Result<Option<String>, Malformed>,
    data: Option<&Value>,
) -> Result<Change, Malformed> {
    let needed = |name: &'static str| {
        let value = attribute(name)?.filter(|value| !value.is_empty());
        value.ok_or_else(|| EVENT.missing(name))
    };
    if !needed("specversion")?.starts_with("1.") {
        return Err(EVENT.wrong("specversion", "`1.0`"));
    }
    let event = CloudEvent {
        id: needed("id")?,
        kind: needed("type")?,
        source: needed("source")?,
        subject: attribute("subject")?,
        bucket: attribute("bucket")?,
        data,
    };
    if let Some(what) = event.kind.strip_prefix(STORAGE) {
        storage(what, &event)
    } else if event.kind == PUBSUB {
        let message = data.ok_or_else(|| EVENT.missing("data"))?;
        let change = pubsub::push(message)?;
        Ok(Change { id: change.id.or(Some(event.id)), ..change })
    } else if event.kind.starts_with(AZURE) {
        azure::blob(&event)
    } else {
        let short: String = event.kind.chars().take(100).collect();
        Err(Malformed::Type { name: short.escape_debug().to_string() })
    }
}

/// An event of Google Cloud Storage. The data are an object's description; where they lack something, the attributes
/// have it: the bucket at the end of the source, the name after `objects/` in the subject.
fn storage(what: &str, event: &CloudEvent<'_>) -> Result<Change, Malformed> {
    let nothing = Value::Null;
    let data = event.data.unwrap_or(&nothing);
    let of_source = || event.source.rsplit_once("/buckets/").map(|(_, bucket)| bucket.to_owned());
    let of_subject = || event.subject.as_deref()?.strip_prefix("objects/").map(str::to_owned);
    let bucket = text(data, &["bucket"]).or_else(|| event.bucket.clone()).or_else(of_source);
    Ok(Change {
        bucket: EVENT.named("bucket", bucket)?,
        name: EVENT.named("subject", text(data, &["name"]).or_else(of_subject))?,
        generation: EVENT.generation("data.generation", data.get("generation"))?,
        size: EVENT.size("data.size", data.get("size"))?,
        kind: match what {
            "finalized" => ChangeKind::Created,
            "deleted" | "archived" => ChangeKind::Removed,
            _ => ChangeKind::Other,
        },
        id: Some(event.id.clone()),
    })
}
