//! Events of S3: records as S3 writes them, the same in the envelope of SNS, and the other form that EventBridge has.

use serde_json::Value;

use super::fields::{Form, at, text};
use super::{Change, ChangeKind, Malformed, json};

const RECORD: Form =
    Form { name: "an S3 record", remedy: "send the notification as S3 wrote it, with all its `Records`" };
const SNS: Form =
    Form { name: "an SNS message", remedy: "subscribe to a topic to which S3 sends its events" };
const BRIDGE: Form = Form {
    name: "an event of EventBridge",
    remedy: "have the rule send the whole event, without an input transformer",
};

/// The test that S3 sends when notifications are set up.
const TEST: &str = "s3:TestEvent";
/// Versions are compatible while the first number stays the same.
const MAJOR: &str = "2";

/// The records of a notification; none, if it is the test.
pub(super) fn records(message: &Value) -> Result<Vec<Change>, Malformed> {
    match message.get("Records") {
        Some(Value::Array(records)) => records.iter().map(record).collect(),
        None if text(message, &["Event"]).as_deref() == Some(TEST) => Ok(Vec::new()),
        _ => Err(RECORD.missing("Records")),
    }
}

fn record(record: &Value) -> Result<Change, Malformed> {
    let version = text(record, &["eventVersion"]).ok_or_else(|| RECORD.missing("eventVersion"))?;
    if version.split('.').next() != Some(MAJOR) {
        return Err(RECORD.wrong("eventVersion", "of version 2"));
    }
    let event = text(record, &["eventName"]).ok_or_else(|| RECORD.missing("eventName"))?;
    let object = at(record, &["s3", "object"]).ok_or_else(|| RECORD.missing("s3.object"))?;
    let key = RECORD.named("s3.object.key", text(object, &["key"]))?;
    let tells = Tells { version: "versionId", etag: "eTag", sequencer: "sequencer" };
    Ok(Change {
        bucket: RECORD.named("s3.bucket.name", text(record, &["s3", "bucket", "name"]))?,
        name: RECORD.named("s3.object.key", Some(form_decoded(&key)?))?,
        generation: generation(RECORD, object, &tells)?,
        size: RECORD.size("s3.object.size", object.get("size"))?,
        kind: match event.strip_prefix("s3:").unwrap_or(&event).split(':').next() {
            Some("ObjectCreated") => ChangeKind::Created,
            Some("ObjectRemoved" | "LifecycleExpiration") => ChangeKind::Removed,
            _ => ChangeKind::Other,
        },
        id: text(record, &["responseElements", "x-amz-request-id"]),
    })
}

/// What SNS sends: the notification of S3 is a text in it.
pub(super) fn notification(message: &Value) -> Result<Vec<Change>, Malformed> {
    match text(message, &["Type"]).as_deref() {
        Some("Notification") => {}
        // Its address could be anyone's, so it is not fetched from here.
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => {
            return Err(Malformed::Confirmation {
                form: SNS.name,
                remedy: "confirm it where the topic is kept, with `aws sns confirm-subscription`",
            });
        }
        _ => return Err(SNS.wrong("Type", "`Notification`")),
    }
    let inner = text(message, &["Message"]).ok_or_else(|| SNS.missing("Message"))?;
    let changes = records(&json("`Message` of an SNS message", inner.as_bytes())?)?;
    let id = text(message, &["MessageId"]);
    Ok(changes.into_iter().map(|change| Change { id: id.clone().or(change.id), ..change }).collect())
}

/// One event of EventBridge; its key is not encoded.
pub(super) fn event_bridge(message: &Value) -> Result<Change, Malformed> {
    let event = text(message, &["detail-type"]).ok_or_else(|| BRIDGE.missing("detail-type"))?;
    let object = at(message, &["detail", "object"]).ok_or_else(|| BRIDGE.missing("detail.object"))?;
    let tells = Tells { version: "version-id", etag: "etag", sequencer: "sequencer" };
    Ok(Change {
        bucket: BRIDGE.named("detail.bucket.name", text(message, &["detail", "bucket", "name"]))?,
        name: BRIDGE.named("detail.object.key", text(object, &["key"]))?,
        generation: generation(BRIDGE, object, &tells)?,
        size: BRIDGE.size("detail.object.size", object.get("size"))?,
        kind: match event.as_str() {
            "Object Created" => ChangeKind::Created,
            "Object Deleted" => ChangeKind::Removed,
            _ => ChangeKind::Other,
        },
        id: text(message, &["id"]),
    })
}

/// How a form names what tells contents apart.
struct Tells {
    version: &'static str,
    etag: &'static str,
    sequencer: &'static str,
}

/// The version where the bucket keeps versions, else the ETag, by which a listing knows the object too. An event about
/// a removal may have neither; there the order of events must do.
fn generation(form: Form, object: &Value, tells: &Tells) -> Result<Option<String>, Malformed> {
    for field in [tells.version, tells.etag, tells.sequencer] {
        if let Some(found) = form.generation(field, object.get(field))? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Keys are written as forms write values: a plus is a space.
fn form_decoded(key: &str) -> Result<String, Malformed> {
    RECORD.decoded("s3.object.key", &key.replace('+', " "))
}
