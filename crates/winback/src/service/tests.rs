//! The week on a store in memory: nobody outside the process can put a file there, so the service runs in this one.

use std::path::Path;

use winback_flow::Outcome;
use winback_server::{Accepted, EventSink as _};
use winback_simulate::Bank;

use super::*;

const SETTINGS: &str = r#"
root = "memory:"
[data]
key = "customer_id"
label = { column = "left", positive = "yes" }
time = "as_of"
[train]
learner = "linear"
[pipelines]
look = "1 s"
"#;

/// What a cloud tells of a new object.
fn event(path: &str) -> Change {
    let (bucket, name) = (String::new(), path.to_owned());
    Change { bucket, name, generation: None, size: None, kind: ChangeKind::Created, id: None }
}

fn run(accepted: Accepted) -> String {
    match accepted {
        Accepted::Started { run } | Accepted::Known { run } => run,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_week_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let bank = Bank { customers: 600, weeks: 1, seed: 1 };
    let written = bank.write(folder.path(), &mut |_, _| {}).unwrap();
    let settings = Settings::parse(SETTINGS, Path::new("winback.toml")).unwrap();
    let printer = Printer::new(true, true, false).for_part();
    let shop = Arc::new(Shop::open(&settings, printer).unwrap());
    let service = Service::new(Arc::clone(&shop), settings, printer);
    let (bucket, runs) = (shop.bucket.clone(), shop.worker.runs());
    let put = async |path: &str, bytes: Vec<u8>| bucket.store.put_new(path, bytes.into()).await.unwrap();
    let ended = async |path: &str| loop {
        let lines = runs.list().await.unwrap();
        let of_file = |line: &&Line| line.object.as_ref().is_some_and(|object| object.path == path);
        if let Some((outcome, _)) = lines.iter().find(of_file).and_then(|line| line.ended.clone()) {
            break outcome;
        }
        service.clock.sleep_until(service.clock.now().plus(Duration::from_millis(20))).await;
    };
    let week = std::fs::read(&written.weeks[0].path).unwrap();
    let story = async {
        put("input_folder/history.csv", std::fs::read(&written.history.path).unwrap()).await;
        put("weekly_folder/w1.csv", week.clone()).await;
        assert_eq!(ended("weekly_folder/w1.csv").await, Outcome::Succeeded);
        // Without its last customer it is another file, told of twice.
        let end = week.trim_ascii_end().iter().rposition(|byte| *byte == b'\n').unwrap();
        put("weekly_folder/w2.csv", week[..=end].to_vec()).await;
        put("weekly_folder/bad.csv", b"a,b\n1,2\n".to_vec()).await;
        let told = service.accept(event("weekly_folder/w2.csv")).await.unwrap();
        let again = service.accept(event("weekly_folder/w2.csv")).await.unwrap();
        assert_eq!(run(told), run(again));
        assert_eq!(ended("weekly_folder/w2.csv").await, Outcome::Succeeded);
        assert_eq!(ended("weekly_folder/bad.csv").await, Outcome::Refused);
        let mut published = bucket.store.list("output_folder").await.unwrap();
        published.retain(|entry| entry.path.ends_with("/manifest.json"));
        assert_eq!(published.len(), 2);
        assert_eq!(bucket.registry.versions("churn").await.unwrap().len(), 1, "nothing is learnt twice");
        assert!(!bucket.store.list("quarantine/bad.csv").await.unwrap().is_empty());
    };
    let patience = service.clock.sleep_until(service.clock.now().plus(Duration::from_secs(120)));
    bucket.block_on(async {
        tokio::select! {
            () = service.work() => unreachable!("it works for ever"),
            () = patience => panic!("the week takes too long"),
            () = story => {}
        }
    });
}
