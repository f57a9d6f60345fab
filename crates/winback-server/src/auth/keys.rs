//! The public keys of the issuer of tokens: fetched when needed, kept as long as the issuer says, and not fetched more
//! often because someone sends tokens with made-up key ids.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::{Host, Url};

use super::token::Key;
use crate::error::SetupError;

/// A fetch must end well before a request does.
const FETCH_LIMIT: Duration = Duration::from_secs(3);
/// Google's keys have some KiB.
const LARGEST: usize = 1 << 20;
/// After keys came, made-up key ids bring no other fetch for so long.
const PAUSE: Duration = Duration::from_secs(60);
/// After a fetch failed, the next waits for so long.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// For how long keys are good if the issuer does not say. If it does, they are good at least for the pause, else they
/// would be needed while they may not be fetched, and at most for a day.
const USUAL_AGE: Duration = Duration::from_secs(300);
const GREATEST_AGE: Duration = Duration::from_secs(86_400);

/// Why the keys are not known at the moment.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeysError {
    #[error("cannot fetch the keys of tokens; check `jwks_url` and the way to it")]
    Fetch(#[source] reqwest::Error),
    #[error("what `jwks_url` gave is not a set of keys (JWKS) of less than 1 MiB; check the address")]
    Content,
    #[error("the keys of tokens could not be fetched a moment ago, and it is too early to try again")]
    Pause,
}

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct Keys {
    url: Url,
    client: reqwest::Client,
    known: RwLock<Known>,
    /// When the next fetch may begin; held while one is under way, so that there is one at a time.
    next: Mutex<Instant>,
}

#[derive(Debug)]
struct Known {
    keys: BTreeMap<String, Key>,
    until: Instant,
}

impl Keys {
    pub(super) fn new(url: &str) -> Result<Self, SetupError> {
        let wrong = |problem| SetupError::Setting { setting: "jwks_url", problem };
        let url = Url::parse(url).map_err(|_| wrong("is not an address; leave it out for Google's"))?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_this_machine(&url)) {
            return Err(wrong("is not an `https` address; what comes without TLS could be anyone's keys"));
        }
        let client = reqwest::Client::builder()
            .timeout(FETCH_LIMIT)
            // An address that was checked must not lead to one that was not.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(SetupError::Client)?;
        let now = Instant::now();
        let known = RwLock::new(Known { keys: BTreeMap::new(), until: now });
        Ok(Self { url, client, known, next: Mutex::new(now) })
    }

    /// The key of this id, if the issuer publishes it.
    pub(super) async fn find(&self, id: &str) -> Result<Option<Key>, KeysError> {
        if let (Some(key), _) = self.look_up(id) {
            return Ok(Some(key));
        }
        let mut next = self.next.lock().await;
        // Another request may have fetched them while this one waited.
        let (key, is_fresh) = self.look_up(id);
        if key.is_some() {
            return Ok(key);
        }
        if Instant::now() < *next {
            return if is_fresh { Ok(None) } else { Err(KeysError::Pause) };
        }
        *next = Instant::now() + PAUSE_AFTER_FAILURE;
        let known = self.fetch().await?;
        *next = Instant::now() + PAUSE;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(self.look_up(id).0)
    }

    /// A key that is still good, and whether the keys as a whole are.
    fn look_up(&self, id: &str) -> (Option<Key>, bool) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = Instant::now() < known.until;
        (known.keys.get(id).filter(|_| is_fresh).cloned(), is_fresh)
    }

    async fn fetch(&self) -> Result<Known, KeysError> {
        let response = self.client.get(self.url.clone()).send().await.map_err(KeysError::Fetch)?;
        let mut response = response.error_for_status().map_err(KeysError::Fetch)?;
        let age = age(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(KeysError::Fetch)? {
            body.extend_from_slice(&chunk);
            if LARGEST < body.len() {
                return Err(KeysError::Content);
            }
        }
        let keys = keys(&body).ok_or(KeysError::Content)?;
        Ok(Known { keys, until: Instant::now() + age })
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// How long an answer is good: what `Cache-Control` grants, less what the answer spent in caches on its way.
fn age(headers: &HeaderMap) -> Duration {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let directives = text(header::CACHE_CONTROL);
    let granted = directives.split(',').find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        name.trim().eq_ignore_ascii_case("max-age").then(|| value.trim().trim_matches('"').parse().ok())?
    });
    let spent = text(header::AGE).trim().parse().unwrap_or(0);
    let granted =
        granted.map_or(USUAL_AGE, |seconds: u64| Duration::from_secs(seconds.saturating_sub(spent)));
    granted.clamp(PAUSE, GREATEST_AGE)
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<PublishedKey>,
}

#[derive(Deserialize)]
struct PublishedKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// Those keys of a set that can verify RS256; others may stand beside them.
fn keys(body: &[u8]) -> Option<BTreeMap<String, Key>> {
    let published: Published = serde_json::from_slice(body).ok()?;
    let usable = |key: PublishedKey| {
        let fits = key.kty == "RSA"
            && key.alg.is_none_or(|algorithm| algorithm == "RS256")
            && key.purpose.is_none_or(|purpose| purpose == "sig");
        let modulus = URL_SAFE_NO_PAD.decode(key.n?).ok()?;
        let exponent = URL_SAFE_NO_PAD.decode(key.e?).ok()?;
        fits.then_some((key.kid?, Key { modulus, exponent }))
    };
    Some(published.keys.into_iter().filter_map(usable).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::StatusCode;

    use super::*;

    fn granted(cache_control: Option<&str>, spent: Option<&str>) -> u64 {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::CACHE_CONTROL, cache_control), (header::AGE, spent)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        age(&headers).as_secs()
    }

    #[test]
    fn keys_are_kept_as_long_as_the_issuer_says() {
        assert_eq!(granted(Some("public, max-age=19845, must-revalidate, no-transform"), None), 19_845);
        assert_eq!(granted(Some("Max-Age=600"), Some("100")), 500);
        assert_eq!(granted(Some("max-age=600"), Some("700")), 60);
        assert_eq!(granted(Some("max-age=0"), None), 60);
        assert_eq!(granted(Some("max-age=99999999"), None), 86_400);
        assert_eq!(granted(Some("max-age=x"), Some("y")), 300);
        assert_eq!(granted(None, None), 300);
    }

    #[test]
    fn only_keys_of_rsa_for_signatures_are_taken() {
        let set = r#"{"keys":[
            {"kty":"RSA","kid":"good","alg":"RS256","use":"sig","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"plain","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"pss","alg":"PS256","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"secret","use":"enc","n":"AQAB","e":"AQAB"},
            {"kty":"RSA","kid":"damaged","n":"!","e":"AQAB"},
            {"kty":"RSA","n":"AQAB","e":"AQAB"},
            {"kty":"EC","kid":"curve","crv":"P-256","x":"AQAB","y":"AQAB"},
            {"kty":"oct","kid":"shared","k":"AQAB"}]}"#;
        let found = keys(set.as_bytes()).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["good", "plain"]);
        assert_eq!(keys(b"<html>"), None);
        assert_eq!(keys(b"{}"), None);
    }

    /// An issuer on this machine, whose answer the test can change and whose requests are counted.
    struct Issuer {
        answer: Arc<std::sync::Mutex<(StatusCode, String)>>,
        n_requests: Arc<AtomicUsize>,
        keys: Keys,
    }

    impl Issuer {
        async fn start() -> Self {
            let answer = Arc::new(std::sync::Mutex::new((StatusCode::OK, String::new())));
            let n_requests = Arc::new(AtomicUsize::new(0));
            let (given, counted) = (answer.clone(), n_requests.clone());
            let page = async move || {
                counted.fetch_add(1, Ordering::SeqCst);
                let (status, body) = given.lock().unwrap().clone();
                (status, [(header::CACHE_CONTROL, "max-age=600")], body)
            };
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/certs", listener.local_addr().unwrap());
            let app = axum::Router::new().route("/certs", axum::routing::get(page));
            tokio::spawn(async move { axum::serve(listener, app).await });
            Self { answer, n_requests, keys: Keys::new(&url).unwrap() }
        }

        fn publish(&self, ids: &[&str]) {
            let key = |id: &&str| format!(r#"{{"kty":"RSA","kid":"{id}","n":"AQAB","e":"AQAB"}}"#);
            let all: Vec<String> = ids.iter().map(key).collect();
            *self.answer.lock().unwrap() = (StatusCode::OK, format!(r#"{{"keys":[{}]}}"#, all.join(",")));
        }

        fn n_requests(&self) -> usize {
            self.n_requests.load(Ordering::SeqCst)
        }
    }

    async fn wait(seconds: u64) {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    }

    #[tokio::test]
    async fn made_up_key_ids_bring_one_fetch_a_minute() {
        let issuer = Issuer::start().await;
        issuer.publish(&["a"]);
        assert!(issuer.keys.find("a").await.unwrap().is_some());
        for id in 0..100 {
            assert_eq!(issuer.keys.find(&id.to_string()).await.unwrap(), None);
        }
        assert_eq!(issuer.n_requests(), 1);
        // A new key is found as soon as a fetch is due.
        issuer.publish(&["a", "b"]);
        wait(61).await;
        assert!(issuer.keys.find("b").await.unwrap().is_some());
        assert!(issuer.keys.find("a").await.unwrap().is_some());
        assert_eq!(issuer.n_requests(), 2);
    }

    #[tokio::test]
    async fn keys_that_are_no_longer_published_are_forgotten_in_time() {
        let issuer = Issuer::start().await;
        issuer.publish(&["a"]);
        assert!(issuer.keys.find("a").await.unwrap().is_some());
        issuer.publish(&["b"]);
        wait(580).await;
        assert!(issuer.keys.find("a").await.unwrap().is_some());
        wait(20).await;
        assert_eq!(issuer.keys.find("a").await.unwrap(), None);
        assert_eq!(issuer.n_requests(), 2);
    }

    #[tokio::test]
    async fn a_failed_fetch_is_told_and_tried_again_after_a_pause() {
        let issuer = Issuer::start().await;
        *issuer.answer.lock().unwrap() = (StatusCode::BAD_GATEWAY, String::new());
        assert!(matches!(issuer.keys.find("a").await, Err(KeysError::Fetch(_))));
        assert!(matches!(issuer.keys.find("a").await, Err(KeysError::Pause)));
        for body in ["<html>".to_owned(), " ".repeat(LARGEST + 1)] {
            wait(6).await;
            *issuer.answer.lock().unwrap() = (StatusCode::OK, body);
            assert!(matches!(issuer.keys.find("a").await, Err(KeysError::Content)));
        }
        assert_eq!(issuer.n_requests(), 3);
        wait(6).await;
        issuer.publish(&["a"]);
        assert!(issuer.keys.find("a").await.unwrap().is_some());
        // Keys that are known outlive an issuer that is down, as long as they are good.
        *issuer.answer.lock().unwrap() = (StatusCode::BAD_GATEWAY, String::new());
        wait(61).await;
        assert!(matches!(issuer.keys.find("b").await, Err(KeysError::Fetch(_))));
        assert!(issuer.keys.find("a").await.unwrap().is_some());
    }
}
