//! One token: a JSON Web Token in its compact form, signed with RS256 and nothing else.
//!
//! Read by hand and verified by `ring`, which TLS brings anyway: the usual crate would bring `rsa`, whose open advisory
//! (RUSTSEC-2023-0071) everybody who audits the build would have to look into.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Verify;

/// Longer than any token of Google; what is longer is not decoded.
const LONGEST: usize = 16 << 10;

/// A public key of RSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) modulus: Vec<u8>,
    pub(super) exponent: Vec<u8>,
}

/// Why a token lets no one in. Nothing that stood in it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denied {
    #[error("there is no bearer token")]
    Missing,
    #[error("the token is not a signed JSON Web Token with a key id")]
    Malformed,
    #[error("the token is not signed with RS256")]
    Algorithm,
    #[error("the token is signed by a key that its issuer does not publish")]
    Key,
    #[error("the signature of the token is wrong")]
    Signature,
    #[error("the token lacks a claim, or a claim has a wrong form")]
    Claims,
    #[error("the token is of an issuer that is not configured")]
    Issuer,
    #[error("the token is for another audience than the one that is configured")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is from the future; compare the clocks")]
    Future,
    #[error("the token is of another sender than the one that is configured, or its e-mail is not verified")]
    Sender,
}

impl Denied {
    /// What a stranger is told.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Missing => "a bearer token is needed; set an OIDC service account on the subscription",
            Self::Sender => "this sender may not send events here",
            Self::Expired => "the token has expired",
            _ => "the token is not one that is accepted here; compare audience and issuer with the settings",
        }
    }
}

/// A token that was taken apart and not verified yet.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) key_id: String,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood. We understand none.
    crit: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, Denied> {
        if LONGEST < text.len() {
            return Err(Denied::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Denied::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Denied::Malformed)?;
        let header: Header = decoded(header).ok_or(Denied::Malformed)?;
        if header.alg != "RS256" {
            return Err(Denied::Algorithm);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Denied::Malformed)?;
        match header {
            Header { kid: Some(key_id), crit: None, .. } if !claims.contains('.') => {
                Ok(Self { key_id, signed, claims, signature })
            }
            _ => Err(Denied::Malformed),
        }
    }

    /// Checks the signature first, and believes the claims only then.
    pub(super) fn verify(&self, key: &Key, verify: &Verify, now: Timestamp) -> Result<(), Denied> {
        let key = RsaPublicKeyComponents { n: &key.modulus, e: &key.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, self.signed.as_bytes(), &self.signature)
            .map_err(|_| Denied::Signature)?;
        let claims: Claims = decoded(self.claims).ok_or(Denied::Claims)?;
        let now = now.as_second();
        let leeway = i64::try_from(verify.leeway.as_secs()).unwrap_or(i64::MAX);
        let (latest, earliest) = (now.saturating_add(leeway), now.saturating_sub(leeway));
        if !verify.issuers.contains(&claims.iss) {
            Err(Denied::Issuer)
        } else if claims.aud != verify.audience {
            Err(Denied::Audience)
        } else if claims.exp <= earliest {
            Err(Denied::Expired)
        } else if latest < claims.iat || claims.nbf.is_some_and(|from| latest < from) {
            Err(Denied::Future)
        } else if !claims.email_verified || claims.email.as_ref() != Some(&verify.email) {
            Err(Denied::Sender)
        } else {
            Ok(())
        }
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests;
