//! Python as a peer: events that `cloudevents` makes are read by us, and events that we post in our tests are read
//! alike by `functions-framework`, which Google's functions are built on.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use winback_server::{Auth, Limits};

use crate::fake::{Fake, running};
use crate::messages::{binary, post, push, structured};
use winback_peers as peers;

/// Posts each name in both modes; prints what was answered.
const SEND: &str = "
import json, sys, urllib.request
from cloudevents.http import CloudEvent, to_binary, to_structured
url, names = sys.argv[1], json.loads(sys.argv[2])
answers = []
for generation, name in enumerate(names, start=1):
    for mode in (to_binary, to_structured):
        attributes = {
            'type': 'google.cloud.storage.object.v1.finalized',
            'source': '//storage.googleapis.com/projects/_/buckets/acme-churn',
            'subject': 'objects/' + name,
            'bucket': 'acme-churn',
        }
        data = {'bucket': 'acme-churn', 'name': name, 'generation': str(generation), 'size': '5'}
        headers, body = mode(CloudEvent(attributes, data))
        headers.setdefault('content-type', 'application/json')
        request = urllib.request.Request(url, data=body, headers=headers, method='POST')
        with urllib.request.urlopen(request) as response:
            answers.append([response.status, json.load(response)])
json.dump(answers, sys.stdout)
";

/// A function that answers with what it understood, behind the framework's own server.
const FUNCTION: &str = "
import base64, json
import functions_framework

@functions_framework.cloud_event
def handle(event):
    data = event.data
    if event['type'] == 'google.cloud.pubsub.topic.v1.messagePublished':
        attributes = data['message']['attributes']
        found = [attributes['bucketId'], attributes['objectId'], attributes['objectGeneration']]
        packed = base64.b64decode(data['message'].get('data') or '')
        if packed:
            described = json.loads(packed)
            assert found == [described['bucket'], described['name'], described['generation']]
    else:
        found = [data['bucket'], data['name'], data['generation']]
        assert event['subject'] == 'objects/' + data['name']
    print(json.dumps(found), flush=True)
";
const FRAMEWORK: &str = "
import sys
from functions_framework import create_app
from werkzeug.serving import make_server
app = create_app('handle', sys.argv[1], 'cloudevent')
server = make_server('127.0.0.1', 0, app)
print(server.server_port, flush=True)
server.serve_forever()
";

/// Ends a program when the test does.
pub(crate) struct Program(pub(crate) Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_cloudevents_are_read() {
    if !peers::python("events_of_cloudevents_are_read", &["cloudevents"]) {
        return;
    }
    let sink = Arc::new(Fake::default());
    let server = running(&sink, Auth::Loopback, Limits::default()).await;
    let names = ["weekly/2026-W47.csv", "weekly/part 1+2%.csv", "weekly/é.csv", "weekly/a#b?c&d=\"e\".csv"];
    let url = server.url("/");
    let sent = tokio::task::spawn_blocking(move || {
        let list = json!(names).to_string();
        Command::new("python3").args(["-c", SEND, &url, &list]).output().unwrap()
    });
    let output = sent.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<(u16, Value)> = serde_json::from_slice(&output.stdout).unwrap();
    let mut expected = Vec::new();
    for (name_idx, name) in names.iter().enumerate() {
        for outcome in ["started", "known"] {
            let change = json!({
                "bucket": "acme-churn", "name": name, "generation": (name_idx + 1).to_string(),
                "outcome": outcome, "run": format!("run-{}", name_idx + 1),
            });
            expected.push((200, json!({"changes": [change]})));
        }
    }
    assert_eq!(answers, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_framework_reads_our_events_as_we_do() {
    if !peers::python("functions_framework_reads_our_events_as_we_do", &["functions_framework"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let function = folder.path().join("main.py");
    std::fs::write(&function, FUNCTION).unwrap();
    let mut program = Command::new("python3");
    program.args(["-c", FRAMEWORK]).arg(&function).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = Program(program.spawn().unwrap());
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let port = lines.next().unwrap().unwrap();
    let theirs = format!("http://127.0.0.1:{port}/");

    let sink = Arc::new(Fake::default());
    let server = running(&sink, Auth::Loopback, Limits::default()).await;
    let plain = "weekly/2026-W47.csv";
    let odd = "weekly/part 1+é%.csv";
    let messages = [
        binary(plain, 11),
        structured(plain, 12),
        structured(odd, 13),
        push(plain, 14, true),
        push(odd, 15, true),
        push(odd, 16, false),
    ];
    for message in &messages {
        let (status, body) = post(&theirs, message).await;
        assert_eq!(status, 200, "{body}");
        let understood: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let (status, body) = post(&server.url("/"), message).await;
        assert_eq!(status, 200);
        let ours: Value = serde_json::from_str(&body).unwrap();
        let ours = &ours["changes"][0];
        assert_eq!(understood, json!([ours["bucket"], ours["name"], ours["generation"]]));
    }
    // What they refuse we cannot read either.
    let mut nameless = binary(plain, 17);
    nameless.headers.retain(|(name, _)| *name != "ce-id");
    assert_eq!(post(&theirs, &nameless).await.0, 400);
    assert!(post(&server.url("/"), &nameless).await.1.contains("refused"));
}
