//! One change, as each sender tells of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A message to post.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

const JSON: &str = "application/json; charset=utf-8";
const TYPE: &str = "google.cloud.storage.object.v1.finalized";

fn object(name: &str, generation: u64) -> Value {
    json!({
        "kind": "storage#object", "bucket": "acme-churn", "name": name, "generation": generation.to_string(),
        "metageneration": "1", "contentType": "text/csv", "size": "48211", "storageClass": "STANDARD",
        "timeCreated": "2026-11-22T06:00:00.000Z", "updated": "2026-11-22T06:00:00.000Z",
    })
}

fn source() -> String {
    "//storage.googleapis.com/projects/_/buckets/acme-churn".to_owned()
}

/// As Eventarc sends it. The name must be plain, because it stands in a header.
pub(crate) fn binary(name: &str, generation: u64) -> Message {
    let headers = vec![
        ("content-type", JSON.to_owned()),
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", format!("{generation}1")),
        ("ce-source", source()),
        ("ce-type", TYPE.to_owned()),
        ("ce-subject", format!("objects/{name}")),
        ("ce-bucket", "acme-churn".to_owned()),
        ("ce-time", "2026-11-22T06:00:00.1Z".to_owned()),
    ];
    Message { headers, body: object(name, generation).to_string() }
}

pub(crate) fn structured(name: &str, generation: u64) -> Message {
    let event = json!({
        "specversion": "1.0", "id": format!("{generation}2"), "source": source(), "type": TYPE,
        "subject": format!("objects/{name}"), "bucket": "acme-churn", "time": "2026-11-22T06:00:00.1Z",
        "datacontenttype": "application/json", "data": object(name, generation),
    });
    let headers = vec![("content-type", "application/cloudevents+json; charset=utf-8".to_owned())];
    Message { headers, body: event.to_string() }
}

/// As Pub/Sub pushes a bucket's notification, with a payload or without.
pub(crate) fn push(name: &str, generation: u64, has_payload: bool) -> Message {
    let data =
        if has_payload { STANDARD.encode(object(name, generation).to_string()) } else { String::new() };
    let id = format!("{generation}3");
    let envelope = json!({
        "message": {
            "attributes": {
                "eventType": "OBJECT_FINALIZE", "bucketId": "acme-churn", "objectId": name,
                "objectGeneration": generation.to_string(), "eventTime": "2026-11-22T06:00:00.1Z",
                "payloadFormat": if has_payload { "JSON_API_V1" } else { "NONE" },
                "notificationConfig": "projects/_/buckets/acme-churn/notificationConfigs/1",
            },
            "data": data, "messageId": id, "message_id": id,
            "publishTime": "2026-11-22T06:00:00.2Z", "publish_time": "2026-11-22T06:00:00.2Z",
        },
        "subscription": "projects/acme/subscriptions/weekly-push",
    });
    Message { headers: vec![("content-type", "application/json".to_owned())], body: envelope.to_string() }
}

/// Posts a message to a server, on a connection of its own.
pub(crate) async fn post(url: &str, message: &Message) -> (u16, String) {
    post_by(&reqwest::Client::new(), url, message).await
}

/// Posts a message on one of the connections of a client, which takes long to make.
pub(crate) async fn post_by(client: &reqwest::Client, url: &str, message: &Message) -> (u16, String) {
    let mut request = client.post(url).body(message.body.clone());
    for (name, value) in &message.headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}
