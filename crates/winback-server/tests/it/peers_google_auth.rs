//! Tokens of pushes: made in Python, judged by Google's own library and by us, with the same verdicts.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde::Deserialize;
use winback_server::{Auth, Limits, Verify};

use crate::fake::{Fake, running};
use crate::messages::post;
use crate::peers_python::Program;
use crate::tokens::{AUDIENCE, EMAIL, with_token};
use winback_peers as peers;

/// An issuer on this machine. It prints its address and its tokens with the verdict of `google-auth`, and then, for
/// each line it is sent, how often we fetched its keys.
const ISSUER: &str = "
import base64, http.server, json, sys, threading, time
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.transport.requests import Request
from google.oauth2 import id_token

audience, email = sys.argv[1:]
keys = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048) for name in ('ours', 'other')}
published = jwt.algorithms.RSAAlgorithm.to_jwk(keys['ours'].public_key(), as_dict=True)
certificates = json.dumps({'keys': [{**published, 'kid': 'ours', 'use': 'sig', 'alg': 'RS256'}]}).encode()
fetched = []

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        fetched.append(self.path)
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Cache-Control', 'public, max-age=3600')
        self.send_header('Content-Length', str(len(certificates)))
        self.end_headers()
        self.wfile.write(certificates)
    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f'http://127.0.0.1:{server.server_port}'

now = int(time.time())
def token(key='ours', kid='ours', algorithm='RS256', **changes):
    claims = {'iss': 'https://accounts.google.com', 'aud': audience, 'email': email, 'email_verified': True,
              'sub': '113', 'azp': '113', 'iat': now, 'exp': now + 3600} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {'kid': kid} if kid else {}
    return jwt.encode(claims, keys.get(key, key), algorithm=algorithm, headers=headers)

def packed(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b'=').decode()

good = token()
header, claims, signature = good.split('.')
changed = json.loads(base64.urlsafe_b64decode(claims + '=='))
public = keys['ours'].public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
import hashlib, hmac
confused = packed({'alg': 'HS256', 'typ': 'JWT', 'kid': 'ours'}) + '.' + claims
confused_by = hmac.new(public, confused.encode(), hashlib.sha256).digest()
tokens = {
    'good': good,
    'other spelling of the issuer': token(iss='accounts.google.com'),
    'wrong audience': token(aud='https://elsewhere.example'),
    'audience with a slash more': token(aud=audience + '/'),
    'expired': token(iat=now - 7200, exp=now - 3600),
    'not yet issued': token(iat=now + 3600, exp=now + 7200),
    'without an end': token(exp=None),
    'tampered claims': '.'.join([header, packed(changed | {'sub': '114'}), signature]),
    'tampered signature': good[:-8] + ('A' * 8 if good[-8:] != 'A' * 8 else 'B' * 8),
    'without a signature': header + '.' + claims + '.',
    'algorithm none': packed({'alg': 'none', 'kid': 'ours'}) + '.' + claims + '.',
    'algorithm none with our key id and signature': packed({'alg': 'none', 'kid': 'ours'}) + '.' + claims + '.' + signature,
    'public key as a shared secret': confused + '.' + base64.urlsafe_b64encode(confused_by).rstrip(b'=').decode(),
    'another algorithm': token(algorithm='RS512'),
    'unknown key id': token(key='other', kid='other'),
    'known key id of another key': token(key='other', kid='ours'),
    'wrong e-mail': token(email='someone@elsewhere.example'),
    'e-mail in capitals': token(email=email.upper()),
    'e-mail not verified': token(email_verified=False),
    'without an e-mail': token(email=None),
    'wrong issuer': token(iss='https://elsewhere.example'),
    'no token at all': 'nonsense',
}

def verdict(token):
    try:
        claims = id_token.verify_token(token, Request(), audience=audience, certs_url=address + '/theirs')
    except Exception as problem:
        return type(problem).__name__
    # What Google tells receivers of pushes to check besides.
    if claims['iss'] not in ('accounts.google.com', 'https://accounts.google.com'):
        return 'issuer'
    if claims.get('email') != email or claims.get('email_verified') is not True:
        return 'email'
    return 'good'

judged = [[name, token, verdict(token)] for name, token in tokens.items()]
print(json.dumps({'address': address, 'judged': judged}), flush=True)
for line in sys.stdin:
    print(fetched.count('/ours'), flush=True)
";

/// What `google-auth` lets in and we do not: Google's tokens always have an end.
const STRICTER: &[&str] = &["without an end"];

#[derive(Deserialize)]
struct Issuer {
    address: String,
    /// Name, token, and what `google-auth` says of it.
    judged: Vec<(String, String, String)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_judged_as_google_auth_judges_them() {
    let packages = ["google.oauth2.id_token", "jwt", "cryptography", "requests"];
    if !peers::python("tokens_are_judged_as_google_auth_judges_them", &packages) {
        return;
    }
    let mut program = Command::new("python3");
    program.args(["-c", ISSUER, AUDIENCE, EMAIL]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut program = Program(program.spawn().unwrap());
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let issuer: Issuer = serde_json::from_str(&lines.next().expect("the issuer starts").unwrap()).unwrap();

    let sink = Arc::new(Fake::default());
    let verify = Verify { jwks_url: format!("{}/ours", issuer.address), ..Verify::google(AUDIENCE, EMAIL) };
    let server = running(&sink, Auth::Tokens(verify), Limits::default()).await;
    let mut n_good = 0;
    for (name, token, verdict) in &issuer.judged {
        let (status, body) = post(&server.url("/"), &with_token(token, n_good + 1)).await;
        assert!(
            verdict == "good" || !STRICTER.contains(&name.as_str()),
            "{name} needs no exception any more"
        );
        let is_good = verdict == "good" && !STRICTER.contains(&name.as_str());
        n_good += u64::from(is_good);
        let expected: &[u16] = if is_good { &[200] } else { &[401, 403] };
        assert!(expected.contains(&status), "{name}: google-auth says {verdict}, we say {status} {body}");
        assert_eq!(status == 403, name.contains("e-mail"), "{name}: {status}");
        assert!(
            !body.contains(token.as_str()) && !body.contains(EMAIL) && !body.contains(AUDIENCE),
            "{body}"
        );
    }
    assert_eq!((n_good, sink.started().len()), (2, 2));
    assert!(sink.refused.lock().unwrap().is_empty(), "strangers leave no records");

    // All these tokens, one with a key id that is not published, made us fetch the keys once.
    std::io::Write::write_all(&mut program.0.stdin.take().unwrap(), b"count\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "1");
}
