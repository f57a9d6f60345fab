//! What happened to an object of a bucket, read from the message in which a cloud tells it.
//!
//! The forms are told apart by headers first and by the shape of the JSON then, because senders are not strict about
//! content types. Bodies are hostile: whatever the bytes, the answer is a list or an error. How large a body may be
//! is the server's business, and so is whether its sender may be trusted.

mod azure;
mod cloud_events;
mod fields;
mod pubsub;
mod s3;

use serde_json::Value;

use crate::Digest;

/// The names of an object that clouds allow have at most 1,024 bytes or characters.
const LONGEST_NAME: usize = 4096;

/// One thing that happened to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The bucket, or Azure's container.
    pub bucket: String,
    /// The object's full name, decoded.
    pub name: String,
    /// What tells this content from earlier ones under the same name: the generation on Google Cloud, the version on
    /// S3, else the ETag without its quotes. Where the message has none of these, the object must be looked at before
    /// a change counts as known.
    pub generation: Option<String>,
    /// The number of bytes, where the message tells it.
    pub size: Option<u64>,
    /// What happened.
    pub kind: ChangeKind,
    /// The message's own id, for logs. It says nothing about the object: two messages may tell of one change.
    pub id: Option<String>,
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It has new content: it was made or overwritten.
    Created,
    /// It is gone, or no longer the one that is read under its name.
    Removed,
    /// Something that leaves its content as it was.
    Other,
}

impl Change {
    /// The same for every message about this content of this object, whoever sends it and how often: 64 hexadecimal
    /// digits, fit for a path.
    #[must_use]
    pub fn key(&self) -> String {
        // As JSON, because no two triples are written alike, whatever stands in a name.
        let triple = serde_json::json!([self.bucket, self.name, self.generation]);
        Digest::of(triple.to_string().as_bytes()).to_string()
    }

    /// Whether it is no file, but what consoles make so that a folder can be shown.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// Why a message tells of no change. Nothing that a sender wrote is repeated, except the name of a type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The body, or a part of it that should be JSON, is not.
    #[error("{part} is not JSON; have the sender write JSON (`application/json`), not protobuf or text")]
    Json {
        /// What should have been JSON.
        part: &'static str,
        /// Where reading stopped.
        #[source]
        source: serde_json::Error,
    },
    /// Something that every message of this form has is missing or empty.
    #[error("{form} has no `{field}`; {remedy}")]
    Missing {
        /// The form that the message seems to have.
        form: &'static str,
        /// What is missing, as a path from the message's root.
        field: &'static str,
        /// What to change at the sender.
        remedy: &'static str,
    },
    /// A field has a value that it cannot have.
    #[error("`{field}` of {form} is not {expected}; send it as the cloud wrote it")]
    Value {
        /// The form that the message seems to have.
        form: &'static str,
        /// The field, as a path from the message's root.
        field: &'static str,
        /// What it should have been.
        expected: &'static str,
    },
    /// A CloudEvent about something else than objects.
    #[error(
        "events of type `{name}` do not tell of objects; use `google.cloud.storage.object.v1.finalized`, \
         `google.cloud.pubsub.topic.v1.messagePublished` or `Microsoft.Storage.BlobCreated`"
    )]
    Type {
        /// The type, escaped and shortened.
        name: String,
    },
    /// A message that sets up a subscription, which we do not answer.
    #[error("{form} asks to confirm a subscription, which is not done from here; {remedy}")]
    Confirmation {
        /// The form of the message.
        form: &'static str,
        /// How to confirm it.
        remedy: &'static str,
    },
    /// JSON of no known form.
    #[error(
        "the message has no form that is known here: a CloudEvent (`specversion`), a Pub/Sub push (`message`), S3 \
         records (`Records`, or in the `Message` of SNS) or an event of EventBridge (`detail`)"
    )]
    Unknown,
}

/// Reads a message. `header` finds the value of a header by its name in lower case.
///
/// A message without changes, such as the test that S3 sends, is an empty list. Several changes may come in one
/// message; if one of them cannot be read, none is taken, so that nothing is half done.
pub fn parse(header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> Result<Vec<Change>, Malformed> {
    let content_type = header("content-type").unwrap_or_default().to_ascii_lowercase();
    let is_structured = content_type.trim_start().starts_with("application/cloudevents");
    if !is_structured && (header("ce-specversion").is_some() || header("ce-type").is_some()) {
        return Ok(vec![cloud_events::binary(header, body)?]);
    }
    if header("x-goog-pubsub-message-id").is_some() {
        return Ok(vec![pubsub::unwrapped(header, body)?]);
    }
    let message = json("the body", body)?;
    let Value::Array(batch) = &message else { return one(&message) };
    let mut changes = Vec::new();
    for message in batch {
        changes.extend(one(message)?);
    }
    Ok(changes)
}

/// The changes of a message that is one JSON object.
fn one(message: &Value) -> Result<Vec<Change>, Malformed> {
    let has = |key: &str| message.get(key).is_some();
    if has("specversion") {
        Ok(vec![cloud_events::structured(message)?])
    } else if has("message") {
        Ok(vec![pubsub::push(message)?])
    } else if has("Records") || has("Event") {
        s3::records(message)
    } else if has("Type") {
        s3::notification(message)
    } else if has("detail") {
        Ok(vec![s3::event_bridge(message)?])
    } else if has("eventType") && has("subject") {
        Err(Malformed::Missing {
            form: "an Event Grid event",
            field: "specversion",
            remedy: "give the subscription the delivery schema `CloudEventSchemaV1_0`",
        })
    } else if has("bucket") && has("name") {
        Err(Malformed::Missing {
            form: "an object's description",
            field: "eventType",
            remedy: "an unwrapped push must write its metadata: set `write_metadata`",
        })
    } else {
        Err(Malformed::Unknown)
    }
}

fn json(part: &'static str, bytes: &[u8]) -> Result<Value, Malformed> {
    serde_json::from_slice(bytes).map_err(|source| Malformed::Json { part, source })
}

#[cfg(test)]
mod tests;
