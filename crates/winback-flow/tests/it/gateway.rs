//! A gateway before moto. It gives moto the face of Google's store, as far as the XML interface is used: moto knows S3
//! only, and between the two lie some headers, and generations, which are kept here. With the face of S3 it only keeps
//! conditional creates apart, of which moto lets several win at once. And it can fail on purpose, as networks and clouds
//! do. It shows how our client behaves, not how the clouds do.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// moto asks for a signature, and takes any.
const ANY_SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request, \
                             SignedHeaders=host, Signature=00";

/// Whose interface is offered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Google,
    Amazon,
}

/// What is to go wrong with one request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is answered with this status, and not done.
    Status(u16),
    /// The connection ends, and nothing is done.
    Cut,
    /// It is done, and its answer lost.
    LostAnswer,
    /// It is done, and half of the answer comes.
    HalfAnswer,
    /// It is done at once, and answered so late.
    Late(Duration),
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    face: Face,
    moto: SocketAddr,
    /// What goes wrong with the next requests of a method.
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
    /// The generation of each object that is there; the lock is held while one is made.
    generations: Mutex<BTreeMap<String, usize>>,
    drawn: AtomicUsize,
    closed: AtomicBool,
}

struct Request {
    method: String,
    /// Bucket and name, as they are.
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

struct Answer {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Gateway {
    pub(crate) fn start(face: Face, moto: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            face,
            moto,
            faults: Mutex::default(),
            generations: Mutex::default(),
            drawn: AtomicUsize::new(1_700_000_000_000_000),
            closed: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if own.closed.load(Ordering::SeqCst) {
                    return;
                }
                let (own, stream) = (Arc::clone(&own), stream.unwrap());
                // A client that goes away is none of our business.
                std::thread::spawn(move || own.serve(stream).ok());
            }
        });
        Self { address, shared }
    }

    /// Lets the next request of that method fail, and the one after it, and so on.
    pub(crate) fn fail(&self, method: &'static str, faults: &[Fault]) {
        self.shared.faults.lock().unwrap().extend(faults.iter().map(|fault| (method, *fault)));
    }

    /// How many faults nobody has met yet.
    pub(crate) fn faults_left(&self) -> usize {
        self.shared.faults.lock().unwrap().len()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // The thread that waits for connections wakes, and ends.
        TcpStream::connect(self.address).ok();
    }
}

impl Shared {
    /// Answers the requests of one connection.
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        // Head and body go in two writes; the second would wait for the other side's leisure.
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut writer = stream;
        while let Some(request) = read_request(&mut reader)? {
            let fault = self.next_fault(&request.method);
            match fault {
                Some(Fault::Cut) => return Ok(()),
                Some(Fault::Status(status)) => {
                    let body = b"<Error><Code>OnPurpose</Code></Error>".to_vec();
                    let answer = Answer { status: format!("{status} On Purpose"), headers: Vec::new(), body };
                    answer.write(&request, &mut writer)?;
                    continue;
                }
                _ => {}
            }
            let mut answer = self.answer(&request)?;
            match fault {
                Some(Fault::LostAnswer) => return Ok(()),
                Some(Fault::Late(time)) => std::thread::sleep(time),
                Some(Fault::HalfAnswer) => {
                    answer.headers.push(("Content-Length".to_owned(), answer.body.len().to_string()));
                    answer.body.truncate(answer.body.len() / 2);
                    return answer.write(&request, &mut writer);
                }
                _ => {}
            }
            answer.write(&request, &mut writer)?;
        }
        Ok(())
    }

    fn next_fault(&self, method: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let next = faults.iter().position(|(of, _)| *of == method)?;
        faults.remove(next).map(|(_, fault)| fault)
    }

    fn answer(&self, request: &Request) -> std::io::Result<Answer> {
        if self.face == Face::Amazon {
            // moto looks first and makes then; here nobody comes between.
            let conditional = request.header("if-none-match").is_some();
            let _alone = conditional.then(|| self.generations.lock().unwrap());
            return self.forward(request);
        }
        let makes = match request.method.as_str() {
            "PUT" => !request.query.contains("uploadId="),
            "POST" => request.query.contains("uploadId="),
            _ => false,
        };
        if !makes {
            let mut answer = self.forward(request)?;
            let mut generations = self.generations.lock().unwrap();
            if request.method == "DELETE" && request.query.is_empty() {
                generations.remove(&request.path);
            }
            tell_generation(&mut answer, generations.get(&request.path));
            return Ok(answer);
        }
        let mut generations = self.generations.lock().unwrap();
        let wanted = request.header("x-goog-if-generation-match");
        let there = generations.get(&request.path).copied().unwrap_or(0);
        if wanted.is_some_and(|wanted| wanted != there.to_string()) {
            let body = b"<Error><Code>PreconditionFailed</Code></Error>".to_vec();
            let status = "412 Precondition Failed".to_owned();
            return Ok(Answer { status, headers: Vec::new(), body });
        }
        let mut answer = self.forward(request)?;
        if answer.status.starts_with('2') {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            generations.insert(request.path.clone(), drawn);
        }
        tell_generation(&mut answer, generations.get(&request.path));
        Ok(answer)
    }

    /// Has moto do it.
    fn forward(&self, request: &Request) -> std::io::Result<Answer> {
        let mut moto = TcpStream::connect(self.moto)?;
        moto.set_nodelay(true)?;
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let length = request.body.len();
        // In this version of HTTP an answer ends with its connection.
        let mut head = format!("{} {}{query} HTTP/1.0\r\n", request.method, encoded(&request.path));
        head += &format!("Host: {}\r\nContent-Length: {length}\r\n", self.moto);
        head += &format!("Authorization: {ANY_SIGNATURE}\r\n");
        for (name, value) in &request.headers {
            match name.as_str() {
                "host" | "content-length" | "authorization" | "connection" | "transfer-encoding" => {}
                "x-goog-copy-source" => head += &format!("x-amz-copy-source: {value}\r\n"),
                name if name.starts_with("x-goog-") => {}
                name => head += &format!("{name}: {value}\r\n"),
            }
        }
        head += "\r\n";
        moto.write_all(head.as_bytes())?;
        moto.write_all(&request.body)?;
        let mut reader = BufReader::new(moto);
        let mut status = String::new();
        reader.read_line(&mut status)?;
        let headers = read_headers(&mut reader)?;
        let mut body = Vec::new();
        reader.read_to_end(&mut body)?;
        let status = status.split_once(' ').map_or(String::new(), |(_, status)| status.trim().to_owned());
        Ok(Answer { status, headers, body })
    }
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Answer {
    fn write(&self, request: &Request, writer: &mut TcpStream) -> std::io::Result<()> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        // What a HEAD is told of the length is that of what it does not get.
        let told = self.headers.iter().rfind(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let told = told.filter(|(name, _)| request.method == "HEAD" || name == "Content-Length");
        let length = told.map_or_else(|| self.body.len().to_string(), |(_, length)| length.clone());
        for (name, value) in &self.headers {
            if !["content-length", "connection", "date", "server"].contains(&name.to_lowercase().as_str()) {
                head += &format!("{name}: {value}\r\n");
            }
        }
        head += &format!("Content-Length: {length}\r\n\r\n");
        writer.write_all(head.as_bytes())?;
        if request.method != "HEAD" {
            writer.write_all(&self.body)?;
        }
        writer.flush()
    }
}

fn tell_generation(answer: &mut Answer, generation: Option<&usize>) {
    if let Some(generation) = generation {
        answer.headers.push(("x-goog-generation".to_owned(), generation.to_string()));
    }
}

/// The next request of a connection, or nothing where the client ends it.
fn read_request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers = read_headers(reader)?;
    let mut request =
        Request { method, path: decoded(path), query: query.to_owned(), headers, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    Ok(Some(request))
}

/// Headers to the empty line, their names in small letters.
fn read_headers(reader: &mut impl std::io::BufRead) -> std::io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { return Ok(headers) };
        headers.push((name.trim().to_lowercase(), value.trim().to_owned()));
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap()
}

fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let letter = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(letter).collect()
}
