//! How long a weekly file takes from where it lands to the manifest of its results, with a model that is learnt already:
//! told by an event over HTTP, and by the service itself, which hears from the system that a file was closed or moved
//! in and looks into the folder besides.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::bank::{Bank, end};
use super::place::Place;
use super::stopwatch::Stopwatch;
use super::{Told, figures};

/// Customers of the bank, so that its week has rows enough.
const CUSTOMERS: u64 = 11_000;
const ROWS: usize = 10_000;
const PATIENCE: f64 = 120.0;
const LOOK: Duration = Duration::from_millis(2);

/// Measures so many files of each kind, on a folder.
pub(super) fn measure(program: &Path, folder: &Path, files: usize) -> anyhow::Result<Told> {
    let bank = Bank::make(program, folder, Place::Folder(folder.join("bank")), CUSTOMERS, "")?;
    let (service, port) = bank.serve("service.log", &[])?;
    let measured = all(&bank, port, files);
    end(service)?;
    let [by_event, by_looking] = measured?;
    let rows = [("by an event", by_event), ("by watching", by_looking)];
    let name = format!("latency: {ROWS} customers from landing to manifest");
    Ok(figures(&name, "s", &rows))
}

fn all(bank: &Bank, port: u16, files: usize) -> anyhow::Result<[Vec<f64>; 2]> {
    // The first brings the model.
    land(bank, 0, None)?;
    let mut numbers = 1..;
    let mut times = |port| numbers.by_ref().take(files).map(|number| land(bank, number, port)).collect();
    let by_event: anyhow::Result<Vec<f64>> = times(Some(port));
    Ok([by_event?, times(None)?])
}

/// Lets a file land, tells of it where a port is given, and waits for its manifest.
fn land(bank: &Bank, number: usize, port: Option<u16>) -> anyhow::Result<f64> {
    let name = format!("week-{number:04}.csv");
    let path = format!("weekly_folder/{name}");
    let bytes = bank.week(number, ROWS);
    let watch = Stopwatch::start();
    bank.place.put(&path, &bytes)?;
    if let Some(port) = port {
        tell(port, &path, number)?;
    }
    let results = bank.folder.join("bank/output_folder").join(&name);
    while watch.seconds() < PATIENCE {
        let digests = std::fs::read_dir(&results).into_iter().flatten().flatten();
        if digests.map(|digest| digest.path().join("manifest.json")).any(|manifest| manifest.is_file()) {
            return Ok(watch.seconds());
        }
        std::thread::sleep(LOOK);
    }
    bail!("`{name}` was not published within {PATIENCE} s")
}

/// An event as Eventarc sends it.
fn tell(port: u16, path: &str, number: usize) -> anyhow::Result<()> {
    let body = json!({ "bucket": "bank", "name": path, "generation": number.to_string() }).to_string();
    let head = format!(
        "POST /events HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nce-specversion: 1.0\r\nce-id: {number}\r\n\
         ce-source: //storage.googleapis.com/projects/_/buckets/bank\r\n\
         ce-type: google.cloud.storage.object.v1.finalized\r\nce-subject: objects/{path}\r\nce-bucket: bank\r\n\r\n",
        body.len()
    );
    let mut stream = connect(port)?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    // The system may have told of the file before the event did.
    let is_taken = ["started", "known"].iter().any(|outcome| answer.contains(outcome));
    if !answer.contains(" 200 ") || !is_taken {
        bail!("the event was answered with: {answer}");
    }
    Ok(())
}

fn connect(port: u16) -> anyhow::Result<TcpStream> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).with_context(|| format!("nobody listens on port {port}"))
}
