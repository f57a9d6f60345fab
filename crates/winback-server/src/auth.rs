//! Who may send events: whoever has a token of the right sender, whoever the platform in front lets through, or, if
//! nothing is configured, only programs on this machine.

mod keys;
mod token;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use winback_flow::Clock;

use self::keys::{Keys, KeysError};
use self::token::{Denied, Token};
use crate::error::{ApiError, SetupError};

/// How events are checked for who sent them.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all: the server may only listen on this machine, and browsers are turned away.
    Loopback,
    /// By the platform in front, such as Cloud Run with required authentication. It strips the signature, so a check
    /// here could only fail; there must be no way to the server around it.
    Platform,
    /// By the token of each request.
    Tokens(Verify),
}

/// What a token must say: an OpenID Connect token as Google puts on pushes.
#[derive(Debug, Clone)]
pub struct Verify {
    /// The audience, exactly: what the subscription names, else the address it pushes to.
    pub audience: String,
    /// Who may have issued it.
    pub issuers: Vec<String>,
    /// The e-mail address of the service account that sends, exactly; it must be verified.
    pub email: String,
    /// Where the issuer's public keys are.
    pub jwks_url: String,
    /// By how much clocks may differ.
    pub leeway: Duration,
}

impl Verify {
    /// Tokens of Google for this audience, from this service account.
    pub fn google(audience: impl Into<String>, email: impl Into<String>) -> Self {
        Self {
            audience: audience.into(),
            issuers: ["https://accounts.google.com", "accounts.google.com"].map(str::to_owned).to_vec(),
            email: email.into(),
            jwks_url: "https://www.googleapis.com/oauth2/v3/certs".to_owned(),
            leeway: Duration::from_secs(60),
        }
    }

    fn check(&self) -> Result<(), SetupError> {
        let wrong = |setting, problem| Err(SetupError::Setting { setting, problem });
        if self.audience.is_empty() {
            return wrong(
                "audience",
                "is empty; write the one that the subscription names, or its push address",
            );
        }
        if self.email.is_empty() {
            return wrong("email", "is empty; write the address of the service account that pushes");
        }
        if self.issuers.is_empty() {
            return wrong("issuers", "is empty; leave it out for Google's");
        }
        if Duration::from_secs(600) < self.leeway {
            return wrong("leeway", "is more than ten minutes; mend the clock of this machine instead");
        }
        Ok(())
    }
}

/// Whether the server may listen there: without a check of who sends events, only where no one else can reach it.
pub fn may_listen(address: SocketAddr, auth: &Auth) -> Result<(), SetupError> {
    match auth {
        Auth::Loopback if !address.ip().to_canonical().is_loopback() => Err(SetupError::Open { address }),
        Auth::Loopback | Auth::Platform | Auth::Tokens(_) => Ok(()),
    }
}

/// [`Auth`] at work.
#[derive(Debug)]
pub(crate) enum Guard {
    Loopback,
    Platform,
    Tokens { verify: Verify, keys: Box<Keys>, clock: Clock },
}

impl Guard {
    pub(crate) fn new(auth: Auth, clock: Clock) -> Result<Self, SetupError> {
        Ok(match auth {
            Auth::Loopback => Self::Loopback,
            Auth::Platform => Self::Platform,
            Auth::Tokens(verify) => {
                verify.check()?;
                let keys = Box::new(Keys::new(&verify.jwks_url)?);
                Self::Tokens { verify, keys, clock }
            }
        })
    }

    /// Lets a request through or says why not. Logs get the reason, the sender little of it.
    pub(crate) async fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        match self {
            // Pages of the web can make a browser post to this machine, but not hide that it is a browser; what they
            // make it get from a name of theirs that leads here, it asks for by that name.
            Self::Loopback if headers.contains_key(header::ORIGIN) || !names_this_machine(headers) => {
                Err(ApiError::new(
                    StatusCode::FORBIDDEN,
                    "only programs of this machine may ask, at `localhost` or `127.0.0.1`, and no browser",
                ))
            }
            Self::Loopback | Self::Platform => Ok(()),
            Self::Tokens { verify, keys, clock } => {
                let now = clock.now().into();
                verified(verify, keys, now, headers).await.map_err(|refusal| refusal.told())
            }
        }
    }
}

/// Whether a request was made to this machine by a name that only this machine has; also if it was by none.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(authority) = host.as_bytes().try_into() else { return false };
    let authority: Authority = authority;
    let host = authority.host().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Why a request is not let through.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl Refusal {
    fn told(&self) -> ApiError {
        match self {
            Self::Denied(denied) => {
                tracing::warn!(reason = %denied, "a request was not let in");
                let status = if matches!(denied, Denied::Sender) {
                    StatusCode::FORBIDDEN
                } else {
                    StatusCode::UNAUTHORIZED
                };
                ApiError::new(status, denied.told())
            }
            Self::Keys(error) => {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::warn!(reason = %error, cause, "the keys of tokens cannot be fetched");
                ApiError::later("the token cannot be verified now; try again", None)
            }
        }
    }
}

async fn verified(verify: &Verify, keys: &Keys, now: Timestamp, headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::AUTHORIZATION).ok_or(Denied::Missing)?;
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(Denied::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Denied::Missing.into());
    }
    let token = Token::parse(token.trim())?;
    let key = keys.find(&token.key_id).await?.ok_or(Denied::Key)?;
    token.verify(&key, verify, now)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(address: &str, auth: &Auth) -> bool {
        may_listen(address.parse().unwrap(), auth).is_ok()
    }

    #[test]
    fn without_verification_only_this_machine_is_listened_to() {
        for address in ["127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]:8080"] {
            assert!(may(address, &Auth::Loopback), "{address}");
        }
        for address in ["0.0.0.0:8080", "[::]:8080", "10.0.0.1:8080", "[::ffff:10.0.0.1]:80"] {
            assert!(!may(address, &Auth::Loopback), "{address}");
            assert!(may(address, &Auth::Platform), "{address}");
            assert!(may(address, &Auth::Tokens(Verify::google("a", "b"))), "{address}");
        }
        let error = may_listen("0.0.0.0:8080".parse().unwrap(), &Auth::Loopback).unwrap_err().to_string();
        assert!(error.contains("`0.0.0.0:8080`") && error.contains("listen on `127.0.0.1`"), "{error}");
    }

    #[test]
    fn settings_that_would_let_in_anyone_or_no_one_are_refused() {
        let good = Verify::google("https://churn.example", "push@acme.example");
        let with = |change: fn(&mut Verify)| {
            let mut verify = good.clone();
            change(&mut verify);
            Guard::new(Auth::Tokens(verify), Clock::system()).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(with(|_| ()), Ok(()));
        for (change, name) in [
            ((|it| it.audience.clear()) as fn(&mut Verify), "`audience`"),
            (|it| it.email.clear(), "`email`"),
            (|it| it.issuers.clear(), "`issuers`"),
            (|it| it.leeway = Duration::from_secs(601), "`leeway`"),
            (|it| it.jwks_url = "certs".to_owned(), "`jwks_url`"),
            (|it| it.jwks_url = "http://keys.example/certs".to_owned(), "`jwks_url`"),
        ] {
            let error = with(change).unwrap_err();
            assert!(error.starts_with(name), "{error}");
        }
    }
}
