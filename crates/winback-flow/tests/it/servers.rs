//! Programs that play a cloud on this machine: each is started by the test that needs it, on a free port of its own,
//! with one empty bucket, and is gone with the test.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use winback_peers as peers;

/// The bucket that is there.
pub(crate) const BUCKET: &str = "bank";

/// What `s3s-fs` knows its user by.
pub(crate) const KEY: (&str, &str) = ("winback", "no secret of anybody");

/// The account that Azurite has from its birth, with the key that its documentation prints.
pub(crate) const ACCOUNT: (&str, &str) = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
);

/// Leave to make containers of that account until 2099, signed with that key once and for all.
const MAY_MAKE_CONTAINERS: &str = "sp=cw&ss=b&srt=c&se=2099-01-01T00%3A00%3A00Z&sv=2019-12-12&\
                                   sig=pj7iPWsxrQ7%2BFx6eKvYkKuPpD9r2qXnhM6TuvwOWRi8%3D";

/// How long a server may take to start, in tenths of a second. Python's first start on a busy machine is slow.
const PATIENCE: u32 = 900;

/// A file of a service account for a server that asks nobody who he is.
pub(crate) fn service_account(folder: &Path) -> String {
    let file = folder.join("account.json");
    let account = r#"{"disable_oauth": true, "client_email": "", "private_key": "", "private_key_id": ""}"#;
    std::fs::write(&file, account).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A running server.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    /// Where it keeps what it keeps, and says what it says.
    folder: TempDir,
}

impl Server {
    /// S3 by moto: it does all that S3 does, and takes anybody for its owner.
    pub(crate) fn moto(test: &str) -> Option<Self> {
        let program = peers::program(test, "moto_server")?;
        let server = Self::start(&program, |command, address, _| {
            command.args(["-H", "127.0.0.1", "-p", &address.port().to_string()]);
        });
        let answer = server.ask(&format!("PUT /{BUCKET}"));
        assert!(answer.contains(" 200 "), "{answer}");
        Some(server)
    }

    /// S3 by s3s-fs: it does less, but checks signatures. A bucket is a folder.
    pub(crate) fn s3s(test: &str) -> Option<Self> {
        let program = peers::program(test, "s3s-fs")?;
        Some(Self::start(&program, |command, address, folder| {
            std::fs::create_dir_all(folder.join("root").join(BUCKET)).unwrap();
            let port = address.port().to_string();
            command.args(["--host", "127.0.0.1", "--port", &port, "--access-key", KEY.0]);
            command.args(["--secret-key", KEY.1]).arg(folder.join("root"));
        }))
    }

    /// Azure by Azurite.
    pub(crate) fn azurite(test: &str) -> Option<Self> {
        let program = peers::program(test, "azurite-blob")?;
        let server = Self::start(&program, |command, address, _| {
            let port = address.port().to_string();
            command.args([
                "--silent",
                "--disableTelemetry",
                "--inMemoryPersistence",
                "--skipApiVersionCheck",
            ]);
            command.args(["--blobHost", "127.0.0.1", "--blobPort", &port]);
        });
        let container = format!("/{}/{BUCKET}?restype=container&{MAY_MAKE_CONTAINERS}", ACCOUNT.0);
        let answer = server.ask(&format!("PUT {container}"));
        assert!(answer.contains(" 201 "), "{answer}");
        Some(server)
    }

    fn start(program: &Path, arguments: impl Fn(&mut Command, SocketAddr, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program);
        arguments(&mut command, address, folder.path());
        command.current_dir(folder.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut server = Self { process: command.spawn().unwrap(), address, folder };
        for _ in 0..PATIENCE {
            if TcpStream::connect(address).is_ok() {
                return server;
            }
            let ended = server.process.try_wait().unwrap();
            assert!(ended.is_none(), "`{}` ended: {}", program.display(), server.said());
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("`{}` does not answer: {}", program.display(), server.said());
    }

    /// Makes a request without a body, such as `PUT /bank`, and gives the answer.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let host = self.address;
        let head = format!("{request} HTTP/1.0\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
