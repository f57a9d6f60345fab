//! Blobs that are named by what is in them: `artifacts/<sha-256>`. Storing one twice stores it once, and reading one
//! proves that it is whole. What a blob means, and who made it, is for others to record.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::{Error, Result, Store};

/// The SHA-256 of some bytes; written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of what a hasher was given.
    pub(crate) fn of_all(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }

    /// The digest of all that a reader gives.
    ///
    /// # Errors
    /// When the reader fails.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut digester = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(Self(digester.finalize().into())),
                count => digester.update(&buffer[..count]),
            }
        }
    }

    /// The bytes of the digest.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first twelve digits: enough for a person, and for the name of a folder.
    #[must_use]
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }

    /// Refuses `bytes` of another digest; `path` is where they were found.
    pub(crate) fn check(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let found = Self::of(bytes);
        if found == *self {
            return Ok(());
        }
        Err(Error::Altered { path: path.to_owned(), expected: *self, found })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut digest = [0; 32];
        match hex::decode_to_slice(text, &mut digest) {
            Ok(()) => Ok(Self(digest)),
            Err(_) => Err(Error::Digest { text: text.to_owned() }),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl Store {
    /// Stores a blob, if it is not there yet, and says under which digest.
    pub async fn put_artifact(&self, bytes: Bytes) -> Result<Digest> {
        let digest = Digest::of(&bytes);
        match self.put_once(&artifact_path(&digest), bytes).await {
            // Other bytes under this digest can only be the remains of ours.
            Err(Error::AlreadyExists { .. }) => self.get_artifact(&digest).await.map(|_| digest),
            outcome => outcome.map(|()| digest),
        }
    }

    /// The blob of that digest, checked; [`crate::ErrorKind::NotFound`] if there is none.
    pub async fn get_artifact(&self, digest: &Digest) -> Result<Bytes> {
        let path = artifact_path(digest);
        let bytes = self.get(&path).await?;
        digest.check(&path, &bytes)?;
        Ok(bytes)
    }
}

pub(crate) fn artifact_path(digest: &Digest) -> String {
    format!("artifacts/{digest}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn the_digest_is_that_of_the_standard() {
        // The example `abc` of FIPS 180.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), expected);
        assert_eq!(Digest::of(b"abc").short(), "ba7816bf8f01");
        let long = vec![7; 200_000];
        assert_eq!(Digest::of_reader(long.as_slice()).unwrap(), Digest::of(&long));
    }

    #[test]
    fn what_is_no_digest_is_named() {
        for text in ["", "ba78", "zz", &"g".repeat(64), &"0".repeat(65)] {
            let error = text.parse::<Digest>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{text}`")), "{error}");
        }
    }

    proptest! {
        #[test]
        fn a_digest_survives_text_and_json(bytes in any::<Vec<u8>>()) {
            let digest = Digest::of(&bytes);
            prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
            let json = serde_json::to_string(&digest).unwrap();
            prop_assert_eq!(&json, &format!("\"{digest}\""));
            prop_assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
            prop_assert!(digest.to_string().starts_with(&digest.short()));
        }
    }
}
