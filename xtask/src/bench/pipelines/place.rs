//! Where a made bank lies, as the bench sees it: a folder, or a bucket of a server that plays S3. Nothing here is code of
//! the product, so that what it wrote is judged by what lies there.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use self::gateway::{Face, Gateway};
use crate::bench::peers;
use crate::config::Config;

// The server for S3 lets several racing creates of one name win; this keeps them apart, as it does for tests.
#[path = "../../../../crates/winback-flow/tests/it/gateway.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "it belongs to tests, which also let it fail and play Google"
)]
mod gateway;

const BUCKET: &str = "bank";
const PREFIX: &str = "chaos";
/// The server asks for a signature, and takes any.
const ANY_SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request, \
                             SignedHeaders=host, Signature=00";
/// How long the server may take to start, in tenths of a second.
const PATIENCE: u32 = 600;

/// A folder or a bucket.
pub(super) enum Place {
    Folder(PathBuf),
    Bucket(Box<Bucket>),
}

/// A bucket of a server that is ours alone, and ends with this value.
pub(super) struct Bucket {
    server: Child,
    address: SocketAddr,
    gateway: Gateway,
}

impl Place {
    /// A new bucket; what the server says goes to a file in `folder`.
    pub(super) fn bucket(config: &Config, folder: &Path) -> anyhow::Result<Self> {
        let program = peers::servers(config)?.join("moto_server");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let said = std::fs::File::create(folder.join("moto.log"))?;
        let mut command = Command::new(&program);
        command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]).stdin(Stdio::null());
        command.stdout(said.try_clone()?).stderr(said);
        let server = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let bucket = Bucket { server, address, gateway: Gateway::start(Face::Amazon, address) };
        for _ in 0..PATIENCE {
            if TcpStream::connect(address).is_ok() {
                bucket.ask("PUT", &format!("/{BUCKET}"), b"")?;
                return Ok(Self::Bucket(Box::new(bucket)));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("`{}` does not answer", program.display())
    }

    /// The root of the settings, and what the environment must say beside.
    pub(super) fn root(&self) -> (String, Vec<(&'static str, String)>) {
        match self {
            Self::Folder(folder) => (format!("file://{}", folder.display()), Vec::new()),
            Self::Bucket(bucket) => {
                let variables = vec![
                    ("AWS_ENDPOINT", format!("http://{}", bucket.gateway.address)),
                    ("AWS_ALLOW_HTTP", "true".to_owned()),
                    ("AWS_SKIP_SIGNATURE", "true".to_owned()),
                ];
                (format!("s3://{BUCKET}/{PREFIX}"), variables)
            }
        }
    }

    /// Puts a file there, whole: under another name first where names are seen before their files are whole.
    pub(super) fn put(&self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Folder(folder) => {
                let (half, whole) = (folder.join(format!("{path}.part")), folder.join(path));
                std::fs::create_dir_all(whole.parent().unwrap_or(folder))?;
                std::fs::write(&half, bytes)?;
                Ok(std::fs::rename(half, whole)?)
            }
            Self::Bucket(bucket) => bucket.ask("PUT", &format!("/{BUCKET}/{PREFIX}/{path}"), bytes).map(drop),
        }
    }

    /// How many files lie below a folder whose path ends so.
    pub(super) fn count(&self, folder: &str, end: &str) -> anyhow::Result<usize> {
        let names = match self {
            Self::Folder(root) => {
                let folder = root.join(folder);
                let files = if folder.is_dir() { files_under(&folder)? } else { Vec::new() };
                files.iter().map(|file| file.to_string_lossy().into_owned()).collect()
            }
            Self::Bucket(bucket) => bucket.list(&format!("{PREFIX}/{folder}/"))?,
        };
        Ok(names.iter().filter(|name| name.ends_with(end)).count())
    }

    /// A folder that holds what lies under these folders of the place; of a bucket it is a copy in `copy`.
    pub(super) fn on_disk(&self, folders: &[&str], copy: &Path) -> anyhow::Result<PathBuf> {
        let bucket = match self {
            Self::Folder(folder) => return Ok(folder.clone()),
            Self::Bucket(bucket) => bucket,
        };
        for folder in folders {
            for key in bucket.list(&format!("{PREFIX}/{folder}/"))? {
                let bytes = bucket.ask("GET", &format!("/{BUCKET}/{key}"), b"")?;
                let file = copy.join(key.trim_start_matches(PREFIX).trim_start_matches('/'));
                std::fs::create_dir_all(file.parent().unwrap_or(copy))?;
                std::fs::write(file, bytes)?;
            }
        }
        Ok(copy.to_owned())
    }
}

impl Bucket {
    /// All names that begin so.
    fn list(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut from = String::new();
        loop {
            let target = format!("/{BUCKET}?list-type=2&prefix={prefix}{from}");
            let page = String::from_utf8(self.ask("GET", &target, b"")?)?;
            keys.extend(between(&page, "<Key>", "</Key>"));
            let Some(next) = between(&page, "<NextContinuationToken>", "</NextContinuationToken>").pop()
            else {
                return Ok(keys);
            };
            from = format!("&continuation-token={}", next.replace('+', "%2B").replace('=', "%3D"));
        }
    }

    /// One request to the server itself, which must succeed; its answer.
    fn ask(&self, method: &str, target: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        // In this version of HTTP an answer ends with its connection.
        let head = format!(
            "{method} {target} HTTP/1.0\r\nHost: {}\r\nContent-Length: {}\r\nAuthorization: {ANY_SIGNATURE}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").context("an answer was cut")?;
        let status = String::from_utf8_lossy(&answer[..end]).lines().next().unwrap_or_default().to_owned();
        if !status.contains(" 200 ") {
            bail!("`{method} {target}` was answered with `{status}`");
        }
        Ok(answer.split_off(end + 4))
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// A port that nobody listens on.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// All files below a folder, in order.
pub(super) fn files_under(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = BTreeSet::from([folder.to_owned()]);
    while let Some(folder) = folders.pop_first() {
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                folders.insert(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What stands between two marks, each time they come.
fn between(text: &str, begin: &str, end: &str) -> Vec<String> {
    let parts = text.split(begin).skip(1);
    parts.filter_map(|part| Some(part.split_once(end)?.0.to_owned())).collect()
}
