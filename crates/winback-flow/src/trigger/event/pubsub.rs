//! Notifications of Google Cloud Storage that Pub/Sub pushes: in an envelope, or unwrapped with the attributes as
//! headers. The attributes alone are enough, because notifications may come without a payload.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fields::{Form, at, text};
use super::{Change, ChangeKind, Malformed};

const PUSH: Form = Form {
    name: "a Pub/Sub push",
    remedy: "push what a bucket's notification publishes (`gcloud storage buckets notifications create`)",
};
const UNWRAPPED: Form = Form {
    name: "an unwrapped Pub/Sub push",
    remedy: "set `write_metadata` on the subscription, and push what a bucket's notification publishes",
};

/// A push in its envelope.
pub(super) fn push(envelope: &Value) -> Result<Change, Malformed> {
    let message = at(envelope, &["message"]).filter(|message| message.is_object());
    let message = message.ok_or_else(|| PUSH.missing("message"))?;
    let attribute = |name: &str| text(message, &["attributes", name]);
    let payload = || {
        let packed = text(message, &["data"])?;
        serde_json::from_slice(&STANDARD.decode(packed).ok()?).ok()
    };
    let fields =
        ["message.attributes.bucketId", "message.attributes.objectId", "message.attributes.eventType"];
    let change = notification(PUSH, fields, &attribute, &payload)?;
    let id = text(message, &["messageId"]).or_else(|| text(message, &["message_id"]));
    Ok(Change { id, ..change })
}

/// A push whose body is the payload and whose headers are the attributes.
pub(super) fn unwrapped(header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> Result<Change, Malformed> {
    let attribute = |name: &str| header(&name.to_ascii_lowercase());
    let payload = || serde_json::from_slice(body).ok();
    let fields = ["bucketId", "objectId", "eventType"];
    let change = notification(UNWRAPPED, fields, &attribute, &payload)?;
    Ok(Change { id: header("x-goog-pubsub-message-id"), ..change })
}

/// What the attributes say; the payload only adds what they lack, so one that cannot be read spoils nothing.
fn notification(
    form: Form,
    [bucket, name, event]: [&'static str; 3],
    attribute: &dyn Fn(&str) -> Option<String>,
    payload: &dyn Fn() -> Option<Value>,
) -> Result<Change, Malformed> {
    let payload = match attribute("payloadFormat").as_deref() {
        Some("NONE") => None,
        _ => payload(),
    };
    let payload = payload.unwrap_or_default();
    let generation = attribute("objectGeneration").map(Value::String);
    Ok(Change {
        bucket: form.named(bucket, attribute("bucketId"))?,
        name: form.named(name, attribute("objectId"))?,
        generation: form
            .generation("objectGeneration", generation.as_ref().or_else(|| payload.get("generation")))?,
        size: form.size("data.size", payload.get("size"))?,
        kind: match attribute("eventType").ok_or_else(|| form.missing(event))?.as_str() {
            "OBJECT_FINALIZE" => ChangeKind::Created,
            "OBJECT_DELETE" | "OBJECT_ARCHIVE" => ChangeKind::Removed,
            _ => ChangeKind::Other,
        },
        id: None,
    })
}
