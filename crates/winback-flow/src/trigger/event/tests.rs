//! Each form that clouds send, what is refused and in which words, and bytes that no cloud would send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const OBJECT: &str = r#"{"kind":"storage#object","id":"acme-churn/weekly/2026-W47.csv/1795327486212764",
    "bucket":"acme-churn","name":"weekly/2026-W47.csv","generation":"1795327486212764","metageneration":"1",
    "contentType":"text/csv","size":"48211","crc32c":"mnG7TA=="}"#;

/// What moto sent: its test of a new configuration, a put and a delete of `weekly/part 1+é.csv`.
const MOTO: [&str; 3] = [
    r#"{"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-27T13:36:20.523Z", "Bucket": "acme-churn"}"#,
    r#"{"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventTime": "2026-11-27T13:36:20.598Z", "eventName": "ObjectCreated:Put", "s3": {"s3SchemaVersion": "1.0", "configurationId": "weekly", "bucket": {"name": "acme-churn", "arn": "arn:aws:s3:::acme-churn"}, "object": {"key": "weekly%2Fpart+1%2B%C3%A9.csv", "size": 10, "eTag": "336311a016184326ddbdd61edd4eeb52"}}}]}"#,
    r#"{"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventTime": "2026-11-27T13:36:20.601Z", "eventName": "ObjectRemoved:Delete", "s3": {"s3SchemaVersion": "1.0", "configurationId": "weekly", "bucket": {"name": "acme-churn", "arn": "arn:aws:s3:::acme-churn"}, "object": {"key": "weekly%2Fpart+1%2B%C3%A9.csv", "size": 10, "eTag": "336311a016184326ddbdd61edd4eeb52"}}}]}"#,
];

const EVENTARC: &[(&str, &str)] = &[
    ("content-type", "application/json; charset=utf-8"),
    ("ce-specversion", "1.0"),
    ("ce-id", "1234567890"),
    ("ce-source", "//storage.googleapis.com/projects/_/buckets/acme-churn"),
    ("ce-type", "google.cloud.storage.object.v1.finalized"),
    ("ce-subject", "objects/weekly/2026-W47.csv"),
    ("ce-bucket", "acme-churn"),
];

fn read(headers: &[(&str, &str)], body: &str) -> Result<Vec<Change>, Malformed> {
    let header = |name: &str| {
        assert_eq!(name, name.to_ascii_lowercase(), "headers are asked for in lower case");
        headers.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    parse(&header, body.as_bytes())
}

/// The one change of a message.
fn only(headers: &[(&str, &str)], body: &str) -> Change {
    let mut changes = read(headers, body).unwrap();
    assert_eq!(changes.len(), 1, "{changes:?}");
    changes.remove(0)
}

fn with<'a>(headers: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let kept = headers.iter().filter(|(key, _)| *key != name).copied();
    kept.chain([(name, value)]).collect()
}

fn refused(headers: &[(&str, &str)], body: &str) -> String {
    read(headers, body).unwrap_err().to_string()
}

fn weekly(generation: &str) -> Change {
    Change {
        bucket: "acme-churn".to_owned(),
        name: "weekly/2026-W47.csv".to_owned(),
        generation: Some(generation.to_owned()),
        size: Some(48_211),
        kind: ChangeKind::Created,
        id: Some("1234567890".to_owned()),
    }
}

fn push(attributes: &Value, data: &str) -> String {
    json!({
        "message": {
            "attributes": attributes, "data": data, "messageId": "1234567890", "message_id": "1234567890",
            "publishTime": "2026-11-22T06:00:00.2Z", "orderingKey": "",
        },
        "subscription": "projects/acme/subscriptions/weekly-push",
    })
    .to_string()
}

fn attributes(event: &str, payload: &str) -> Value {
    json!({
        "eventType": event, "bucketId": "acme-churn", "objectId": "weekly/2026-W47.csv", "payloadFormat": payload,
        "objectGeneration": "1795327486212764", "eventTime": "2026-11-22T06:00:00.1Z",
    })
}

#[test]
fn an_event_of_eventarc_in_binary_mode() {
    assert_eq!(only(EVENTARC, OBJECT), weekly("1795327486212764"));
}

#[test]
fn numbers_may_be_numbers() {
    let body =
        r#"{"bucket":"acme-churn","name":"weekly/2026-W47.csv","generation":1795327486212764,"size":48211}"#;
    assert_eq!(only(EVENTARC, body), weekly("1795327486212764"));
    let body = r#"{"bucket":"acme-churn","name":"weekly/2026-W47.csv","generation":1.5}"#;
    assert!(
        refused(EVENTARC, body).contains("`data.generation` of a CloudEvent is not a text or a whole number")
    );
    let body = r#"{"bucket":"acme-churn","name":"weekly/2026-W47.csv","generation":"1","size":"-1"}"#;
    assert!(refused(EVENTARC, body).contains("`data.size`"), "{}", refused(EVENTARC, body));
}

#[test]
fn attributes_stand_in_for_what_the_body_lacks() {
    let headers = with(EVENTARC, "ce-subject", "objects/weekly/part%201%25%C3%A9.csv");
    let found = only(&headers, "{\"generation\":\"7\"}");
    assert_eq!((found.name.as_str(), found.bucket.as_str()), ("weekly/part 1%é.csv", "acme-churn"));
    let without: Vec<_> = headers.iter().filter(|(name, _)| *name != "ce-bucket").copied().collect();
    assert_eq!(only(&without, "{}").bucket, "acme-churn");
    assert_eq!(only(&without, "").generation, None);
}

#[test]
fn the_body_is_believed_before_the_subject() {
    let headers = with(EVENTARC, "ce-subject", "objects/weekly%2F2026-W47.csv");
    assert_eq!(only(&headers, OBJECT).name, "weekly/2026-W47.csv");
    let headers = with(EVENTARC, "ce-subject", "objects/%FF");
    assert!(refused(&headers, OBJECT).contains("`subject` of a CloudEvent is not percent-encoded UTF-8"));
}

#[test]
fn other_types_of_storage_start_nothing() {
    for (kind, expected) in [
        ("deleted", ChangeKind::Removed),
        ("archived", ChangeKind::Removed),
        ("metadataUpdated", ChangeKind::Other),
        ("yetUnknown", ChangeKind::Other),
    ] {
        let name = format!("google.cloud.storage.object.v1.{kind}");
        assert_eq!(only(&with(EVENTARC, "ce-type", &name), OBJECT).kind, expected, "{kind}");
    }
}

#[test]
fn an_event_in_structured_mode_and_batches_of_them() {
    let data: Value = serde_json::from_str(OBJECT).unwrap();
    let mut event = json!({
        "specversion": "1.0", "id": "1234567890", "type": "google.cloud.storage.object.v1.finalized",
        "source": "//storage.googleapis.com/projects/_/buckets/acme-churn", "bucket": "acme-churn",
        "subject": "objects/weekly/2026-W47.csv", "datacontenttype": "application/json", "data": data,
    });
    let structured = [("content-type", "application/cloudevents+json; charset=UTF-8")];
    let expected = weekly("1795327486212764");
    assert_eq!(only(&structured, &event.to_string()), expected);
    assert_eq!(only(&[("content-type", "application/json")], &event.to_string()), expected);
    let batch = [("content-type", "application/cloudevents-batch+json")];
    let two = json!([event, event]).to_string();
    assert_eq!(read(&batch, &two).unwrap(), [expected.clone(), expected.clone()]);
    assert_eq!(read(&batch, "[]").unwrap(), []);

    event["data"] = Value::Null;
    event["data_base64"] = STANDARD.encode(OBJECT).into();
    assert_eq!(only(&structured, &event.to_string()), expected);
    event["data_base64"] = "!".into();
    assert!(refused(&structured, &event.to_string()).contains("`data_base64` of a CloudEvent is not base64"));
}

#[test]
fn a_notification_that_pubsub_pushes() {
    let expected = weekly("1795327486212764");
    let body = push(&attributes("OBJECT_FINALIZE", "JSON_API_V1"), &STANDARD.encode(OBJECT));
    assert_eq!(only(&[], &body), expected);
    // The attributes are enough, without a payload and with one that is damaged.
    let sizeless = Change { size: None, ..expected };
    assert_eq!(only(&[], &push(&attributes("OBJECT_FINALIZE", "NONE"), "")), sizeless);
    assert_eq!(only(&[], &push(&attributes("OBJECT_FINALIZE", "JSON_API_V1"), "e30")), sizeless);
    let old = body.replace("messageId", "unknown");
    assert_eq!(only(&[], &old).id.as_deref(), Some("1234567890"));
}

#[test]
fn pubsub_tells_what_happened() {
    for (event, expected) in [
        ("OBJECT_DELETE", ChangeKind::Removed),
        ("OBJECT_ARCHIVE", ChangeKind::Removed),
        ("OBJECT_METADATA_UPDATE", ChangeKind::Other),
    ] {
        assert_eq!(only(&[], &push(&attributes(event, "NONE"), "")).kind, expected, "{event}");
    }
}

#[test]
fn eventarc_may_wrap_what_pubsub_pushes() {
    let headers = with(EVENTARC, "ce-type", "google.cloud.pubsub.topic.v1.messagePublished");
    let headers = with(&headers, "ce-source", "//pubsub.googleapis.com/projects/acme/topics/weekly");
    let body = push(&attributes("OBJECT_FINALIZE", "JSON_API_V1"), &STANDARD.encode(OBJECT));
    assert_eq!(only(&headers, &body), weekly("1795327486212764"));
    assert!(refused(&headers, "").contains("a CloudEvent has no `data`"));
    let other = push(&json!({"origin": "elsewhere"}), "");
    assert!(
        refused(&headers, &other)
            .contains("`message.attributes.bucketId`; push what a bucket's notification")
    );
}

#[test]
fn an_unwrapped_push_has_its_attributes_in_headers() {
    let headers = [
        ("x-goog-pubsub-message-id", "1234567890"),
        ("eventtype", "OBJECT_FINALIZE"),
        ("bucketid", "acme-churn"),
        ("objectid", "weekly/2026-W47.csv"),
        ("objectgeneration", "1795327486212764"),
        ("payloadformat", "JSON_API_V1"),
    ];
    assert_eq!(only(&headers, OBJECT), weekly("1795327486212764"));
    assert!(refused(&[], OBJECT).contains("set `write_metadata`"));
    assert!(refused(&headers[..1], OBJECT).contains("has no `bucketId`; set `write_metadata`"));
}

#[test]
fn records_of_s3_as_moto_writes_them() {
    assert_eq!(read(&[], MOTO[0]).unwrap(), []);
    let created = Change {
        bucket: "acme-churn".to_owned(),
        name: "weekly/part 1+é.csv".to_owned(),
        generation: Some("336311a016184326ddbdd61edd4eeb52".to_owned()),
        size: Some(10),
        kind: ChangeKind::Created,
        id: None,
    };
    assert_eq!(only(&[], MOTO[1]), created);
    assert_eq!(only(&[], MOTO[2]), Change { kind: ChangeKind::Removed, ..created });
}

#[test]
fn several_records_come_in_one_message_and_through_sns() {
    let record = |key: &str, version: &str| {
        json!({"eventVersion": "2.6", "eventSource": "aws:s3", "eventName": "ObjectCreated:Copy", "s3": {
            "bucket": {"name": "acme-churn"},
            "object": {"key": key, "size": 1, "eTag": "e5eb", "versionId": version, "sequencer": "0055"}}})
    };
    let records =
        json!({"Records": [record("weekly/a.csv", "v1"), record("weekly/b%2Bc.csv", "null")]}).to_string();
    let found = read(&[], &records).unwrap();
    let told: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.generation.as_deref().unwrap())).collect();
    assert_eq!(told, [("weekly/a.csv", "v1"), ("weekly/b+c.csv", "e5eb")]);

    let envelope = json!({"Type": "Notification", "MessageId": "m-1", "Message": records}).to_string();
    let through = read(&[("content-type", "text/plain; charset=UTF-8")], &envelope).unwrap();
    assert_eq!(
        through.iter().map(Change::key).collect::<Vec<_>>(),
        found.iter().map(Change::key).collect::<Vec<_>>()
    );
    assert_eq!(through[1].id.as_deref(), Some("m-1"));
    let test = json!({"Type": "Notification", "Message": MOTO[0]}).to_string();
    assert_eq!(read(&[], &test).unwrap(), []);
}

#[test]
fn sns_is_not_confirmed_from_here() {
    let body =
        r#"{"Type":"SubscriptionConfirmation","Token":"secret","SubscribeURL":"https://elsewhere.example"}"#;
    let message = refused(&[], body);
    assert!(message.contains("`aws sns confirm-subscription`"), "{message}");
    assert!(!message.contains("secret") && !message.contains("elsewhere"), "{message}");
}

#[test]
fn an_event_of_eventbridge_has_a_plain_key() {
    let body = json!({
        "version": "0", "id": "17793124", "detail-type": "Object Created", "source": "aws.s3",
        "detail": {"bucket": {"name": "acme-churn"}, "object": {
            "key": "weekly/part+1%2B.csv", "size": 5, "etag": "b1946a", "sequencer": "00617F"}},
    });
    let found = only(&[], &body.to_string());
    assert_eq!((found.name.as_str(), found.generation.as_deref()), ("weekly/part+1%2B.csv", Some("b1946a")));
    let gone = body.to_string().replace("Object Created", "Object Deleted");
    assert_eq!(only(&[], &gone).kind, ChangeKind::Removed);
}

#[test]
fn an_event_of_azure() {
    let event = |kind: &str, api: &str| {
        json!([{
            "specversion": "1.0", "id": "9aeb0fdf", "type": format!("Microsoft.Storage.{kind}"),
            "source": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/acme",
            "subject": "/blobServices/default/containers/churn/blobs/weekly/a b.csv",
            "data": {"api": api, "eTag": "\"0x8D4BCC2E4835CD0\"", "contentLength": 524_288,
                "url": "https://acme.blob.core.windows.net/churn/weekly/a%20b.csv"},
        }])
        .to_string()
    };
    let structured = [("content-type", "application/cloudevents-batch+json; charset=utf-8")];
    let expected = Change {
        bucket: "churn".to_owned(),
        name: "weekly/a b.csv".to_owned(),
        generation: Some("0x8D4BCC2E4835CD0".to_owned()),
        size: Some(524_288),
        kind: ChangeKind::Created,
        id: Some("9aeb0fdf".to_owned()),
    };
    assert_eq!(only(&structured, &event("BlobCreated", "PutBlob")), expected);
    assert_eq!(only(&structured, &event("BlobCreated", "CreateFile")).kind, ChangeKind::Other);
    assert_eq!(only(&structured, &event("BlobDeleted", "DeleteBlob")).kind, ChangeKind::Removed);
    let old = r#"[{"id":"1","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","subject":"","data":{}}]"#;
    assert!(refused(&[], old).contains("`CloudEventSchemaV1_0`"));
}

#[test]
fn what_is_missing_is_named_with_the_way_out() {
    for (headers, body, expected) in [
        (vec![], "{", "the body is not JSON"),
        (vec![], "{}", "no form that is known here"),
        (vec![], "[[]]", "no form that is known here"),
        (vec![], r#"{"message":"x"}"#, "a Pub/Sub push has no `message`"),
        (
            vec![],
            r#"{"message":{"attributes":{"bucketId":"b","objectId":"o"}}}"#,
            "`message.attributes.eventType`",
        ),
        (
            vec![],
            r#"{"message":{"attributes":{"bucketId":"b","objectId":""}}}"#,
            "`message.attributes.objectId`",
        ),
        (vec![], r#"{"Records":{}}"#, "an S3 record has no `Records`"),
        (
            vec![],
            r#"{"Records":[{"eventVersion":"3.0"}]}"#,
            "`eventVersion` of an S3 record is not of version 2",
        ),
        (vec![], r#"{"Event":"other"}"#, "an S3 record has no `Records`"),
        (vec![], r#"{"Type":"Notification"}"#, "an SNS message has no `Message`"),
        (vec![], r#"{"Type":"Notification","Message":"x"}"#, "`Message` of an SNS message is not JSON"),
        (vec![], r#"{"detail-type":"Object Created","detail":{}}"#, "`detail.object`"),
        (vec![("ce-type", "google.cloud.storage.object.v1.finalized")], OBJECT, "no `specversion`"),
        (with(EVENTARC, "ce-specversion", "2.0"), OBJECT, "`specversion` of a CloudEvent is not `1.0`"),
        (with(EVENTARC, "ce-id", ""), OBJECT, "a CloudEvent has no `id`"),
        (with(EVENTARC, "ce-type", "com.example.\u{1b}[2J"), OBJECT, "type `com.example.\\u{1b}[2J`"),
    ] {
        let message = refused(&headers, body);
        assert!(message.contains(expected), "{message}");
        assert!(message.contains(';') || message.contains(':'), "{message} tells no way out");
    }
}

#[test]
fn names_longer_than_any_cloud_allows_are_refused() {
    let body =
        push(&json!({"eventType": "OBJECT_FINALIZE", "bucketId": "b", "objectId": "x".repeat(4097)}), "");
    assert!(refused(&[], &body).contains("at most 4,096 bytes"));
}

#[test]
fn keys_are_equal_for_one_content_and_else_different() {
    let change = weekly("1");
    let other_message = Change { id: None, size: None, kind: ChangeKind::Other, ..change.clone() };
    assert_eq!(change.key(), other_message.key());
    let told_apart = [
        change.clone(),
        weekly("2"),
        Change { generation: None, ..change.clone() },
        Change { generation: Some("null".to_owned()), ..change.clone() },
        Change { bucket: "acme".to_owned(), name: "-churn/weekly/2026-W47.csv".to_owned(), ..change.clone() },
        Change { name: "weekly/2026-W47.csv\",\"1".to_owned(), ..change },
    ];
    let keys: std::collections::BTreeSet<String> = told_apart.iter().map(Change::key).collect();
    assert_eq!(keys.len(), told_apart.len());
    assert!(keys.iter().all(|key| key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit())));
}

#[test]
fn folders_that_consoles_make_are_placeholders() {
    assert!(Change { name: "weekly/".to_owned(), ..weekly("1") }.is_placeholder());
    assert!(!weekly("1").is_placeholder());
}

/// JSON made of the words that the forms use, put together in any way.
fn scrambled() -> impl Strategy<Value = Value> {
    let words = [
        "specversion",
        "1.0",
        "id",
        "type",
        "source",
        "subject",
        "data",
        "data_base64",
        "message",
        "attributes",
        "messageId",
        "bucketId",
        "objectId",
        "eventType",
        "Records",
        "Event",
        "s3:TestEvent",
        "s3",
        "bucket",
        "name",
        "object",
        "key",
        "%",
        "%C3",
        "+",
        "Type",
        "Notification",
        "Message",
        "detail",
        "detail-type",
        "eventVersion",
        "2.1",
        "generation",
        "size",
        "google.cloud.storage.object.v1.finalized",
        "Microsoft.Storage.BlobCreated",
        "google.cloud.pubsub.topic.v1.messagePublished",
        "/blobServices/default/containers/a/blobs/",
        "{}",
        "",
    ];
    let leaf = prop_oneof![
        proptest::sample::select(words.to_vec()).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        let entry = (proptest::sample::select(words.to_vec()), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::Array),
            proptest::collection::vec(entry, 0..8)
                .prop_map(|all| all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(body: Vec<u8>, headers in proptest::collection::vec(any::<String>(), 12)) {
        let names = ["content-type", "ce-specversion", "ce-type", "ce-id", "ce-source", "ce-subject", "ce-bucket",
            "x-goog-pubsub-message-id", "bucketid", "objectid", "eventtype", "payloadformat"];
        let header = |name: &str| Some(headers[names.iter().position(|known| *known == name)?].clone());
        let _ = parse(&header, &body);
        let _ = parse(&|_| None, &body);
    }

    #[test]
    fn json_of_any_shape_gives_an_answer(message in scrambled()) {
        let body = message.to_string();
        if let Ok(changes) = read(&[], &body) {
            for change in changes {
                prop_assert!(!change.bucket.is_empty() && !change.name.is_empty());
            }
        }
        let headers = with(EVENTARC, "ce-type", "google.cloud.pubsub.topic.v1.messagePublished");
        let _ = read(&headers, &body);
        let _ = read(EVENTARC, &body);
    }

    #[test]
    fn a_damaged_message_gives_an_answer(place: prop::sample::Index, byte: u8, which in 0_usize..5) {
        let pushed = push(&attributes("OBJECT_FINALIZE", "JSON_API_V1"), &STANDARD.encode(OBJECT));
        let mut body = [MOTO[0], MOTO[1], MOTO[2], OBJECT, &pushed][which].as_bytes().to_vec();
        let place = place.index(body.len());
        body[place] = byte;
        let _ = parse(&|_| None, &body);
    }

    #[test]
    fn form_encoded_keys_come_back(name in "[a-z +%&=é€/]{1,40}") {
        let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let body = json!({"Records": [{"eventVersion": "2.1", "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "b"}, "object": {"key": encoded, "eTag": "e"}}}]});
        prop_assert_eq!(only(&[], &body.to_string()).name, name);
    }
}
