//! Stores in a cloud: from a bucket's name, settings and the environment to a client, and the creates that such a
//! client leaves half answered.
//!
//! Who we are is told by the environment alone, which `object_store` reads: keys and tokens in a settings file would
//! end up in version control. What lies in the bucket is not looked at here.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3CopyIfNotExists};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpError, HttpErrorKind};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};

use crate::error::Cause;

/// No request is repeated after so long; the requests for a large object are many.
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest wait before a request is repeated.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How often a create is tried whose answer is lost, or which a rival's disturbs.
const CREATE_ATTEMPTS: u32 = 5;

/// The wait after the first of these; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Settings of every cloud.
const CLIENT_SETTINGS: &[&str] = &[
    "allow_http",
    "allow_invalid_certificates",
    "connect_timeout",
    "pool_idle_timeout",
    "pool_max_idle_per_host",
    "proxy_ca_certificate",
    "proxy_excludes",
    "proxy_url",
    "timeout",
    "user_agent",
];

/// Settings whose values nobody may read in a file.
const SECRETS: &[&str] = &[
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_sse_customer_key_base64",
    "azure_fabric_session_token",
    "azure_storage_account_key",
    "azure_storage_client_secret",
    "azure_storage_sas_key",
    "azure_storage_token",
    "google_service_account_key",
];

/// Settings that the root makes.
const IN_THE_ROOT: &[&str] = &["aws_bucket", "azure_container_name", "google_bucket"];

/// Whose service a bucket is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cloud {
    Amazon,
    Azure,
    Google,
}

impl Cloud {
    /// The cloud of a root that begins with `scheme`.
    pub(super) fn of(scheme: &str) -> Option<Self> {
        match scheme {
            "s3" => Some(Self::Amazon),
            "az" => Some(Self::Azure),
            "gs" => Some(Self::Google),
            _ => None,
        }
    }

    /// Makes a client for what lies under `prefix` in `bucket`. Nothing is asked of the cloud yet.
    pub(super) fn client(
        self,
        bucket: &str,
        prefix: Path,
        options: &BTreeMap<String, String>,
    ) -> Result<Arc<dyn ObjectStore>, Failure> {
        let objects: Arc<dyn ObjectStore> = match self {
            Self::Amazon => {
                let mut builder = self.configured(
                    AmazonS3Builder::from_env(),
                    options,
                    AmazonS3Builder::get_config_value,
                    AmazonS3Builder::with_config,
                )?;
                // An upload of one part, copied within the bucket: its completion can refuse to overwrite.
                if builder.get_config_value(&AmazonS3ConfigKey::CopyIfNotExists).is_none() {
                    builder = builder.with_copy_if_not_exists(S3CopyIfNotExists::Multipart);
                }
                Arc::new(builder.with_bucket_name(bucket).with_retry(retries()).build()?)
            }
            Self::Azure => {
                let builder = self.configured(
                    MicrosoftAzureBuilder::from_env(),
                    options,
                    MicrosoftAzureBuilder::get_config_value,
                    MicrosoftAzureBuilder::with_config,
                )?;
                Arc::new(builder.with_container_name(bucket).with_retry(retries()).build()?)
            }
            Self::Google => {
                let builder = self.configured(
                    GoogleCloudStorageBuilder::from_env(),
                    options,
                    GoogleCloudStorageBuilder::get_config_value,
                    GoogleCloudStorageBuilder::with_config,
                )?;
                Arc::new(builder.with_bucket_name(bucket).with_retry(retries()).build()?)
            }
        };
        Ok(if prefix.as_ref().is_empty() { objects } else { Arc::new(PrefixStore::new(objects, prefix)) })
    }

    /// A builder that has read the environment, with the settings that the environment leaves open.
    fn configured<Builder: Default, Key: FromStr + AsRef<str>>(
        self,
        mut builder: Builder,
        options: &BTreeMap<String, String>,
        get: impl Fn(&Builder, &Key) -> Option<String>,
        set: impl Fn(Builder, Key, String) -> Builder,
    ) -> Result<Builder, Failure> {
        for (name, value) in options {
            let wrong = |problem| Failure::Setting { name: name.clone(), problem };
            let Ok(key) = name.parse::<Key>() else { return Err(wrong(self.unknown(name))) };
            if SECRETS.contains(&key.as_ref()) {
                let variable = key.as_ref().to_uppercase();
                return Err(wrong(format!(
                    "it is secret; put it into the environment variable `{variable}`"
                )));
            }
            if IN_THE_ROOT.contains(&key.as_ref()) {
                return Err(wrong("the root names it".to_owned()));
            }
            if get(&builder, &key) == get(&Builder::default(), &key) {
                builder = set(builder, key, value.clone());
            }
        }
        Ok(builder)
    }

    /// What to say of a setting that there is not.
    fn unknown(self, name: &str) -> String {
        let known = self.settings().iter().chain(CLIENT_SETTINGS);
        let scored = known.map(|known| (strsim::normalized_damerau_levenshtein(name, known), *known));
        match scored.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
            Some((score, nearest)) if score > 0.5 => {
                format!("there is none of that name; did you mean `{nearest}`?")
            }
            _ => format!("a store in `{}:` has none of that name", self.scheme()),
        }
    }

    /// How its roots begin.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::Amazon => "s3",
            Self::Azure => "az",
            Self::Google => "gs",
        }
    }

    /// The settings of its own, without those that nobody needs to set.
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Amazon => &[
                "aws_checksum_algorithm",
                "aws_copy_if_not_exists",
                "aws_endpoint",
                "aws_region",
                "aws_request_payer",
                "aws_role_arn",
                "aws_role_session_name",
                "aws_server_side_encryption",
                "aws_skip_signature",
                "aws_sse_bucket_key_enabled",
                "aws_sse_kms_key_id",
                "aws_unsigned_payload",
                "aws_virtual_hosted_style_request",
                "aws_web_identity_token_file",
            ],
            Self::Azure => &[
                "azure_federated_token_file",
                "azure_msi_resource_id",
                "azure_object_id",
                "azure_skip_signature",
                "azure_storage_account_name",
                "azure_storage_authority_host",
                "azure_storage_client_id",
                "azure_storage_endpoint",
                "azure_storage_tenant_id",
                "azure_storage_use_emulator",
                "azure_use_azure_cli",
            ],
            Self::Google => &[
                "google_application_credentials",
                "google_base_url",
                "google_service_account",
                "google_skip_signature",
            ],
        }
    }
}

/// The tries of one create, until it is answered.
///
/// A cloud may lose the answer, and S3 may say that another create was under way. Then the request is repeated; if the
/// first one had succeeded all the same, the second is told that there is such an object.
pub(super) struct Attempts {
    cloud: Option<Cloud>,
    left: u32,
    wait: Duration,
}

impl Attempts {
    /// In memory, which is no cloud, a create is answered at once.
    pub(super) fn of(cloud: Option<Cloud>) -> Self {
        Self { cloud, left: CREATE_ATTEMPTS - 1, wait: FIRST_WAIT }
    }

    /// The answer if it is to stand, or nothing, after a while, if the create is to be tried again.
    pub(super) async fn settle(
        &mut self,
        answer: object_store::Result<()>,
    ) -> Option<object_store::Result<()>> {
        let (Some(cloud), Err(error)) = (self.cloud, &answer) else { return Some(answer) };
        let conflict = cloud == Cloud::Amazon && is_conflict(error);
        if !conflict && !is_unanswered(error) {
            return Some(answer);
        }
        if self.left == 0 {
            // A conflict that does not end is told as such, and not as "exists".
            return Some(answer.map_err(|error| match error {
                error if conflict => object_store::Error::Generic { store: "S3", source: error.into() },
                error => error,
            }));
        }
        tokio::time::sleep(self.wait).await;
        (self.left, self.wait) = (self.left - 1, self.wait * 2);
        None
    }
}

/// The S3 client tells "exists" and "conflict" alike, and only the first has a cause of its own kind.
fn is_conflict(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::AlreadyExists { source, .. } if !source.is::<object_store::Error>())
}

fn is_unanswered(error: &object_store::Error) -> bool {
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let mut kinds = chain.filter_map(|cause| cause.downcast_ref::<HttpError>()).map(HttpError::kind);
    kinds.any(|kind| matches!(kind, HttpErrorKind::Timeout | HttpErrorKind::Interrupted))
}

/// Why there is no client.
pub(super) enum Failure {
    /// A setting is unknown, or has no place in a file.
    Setting { name: String, problem: String },
    /// The settings and the environment together do not do.
    Client(Cause),
}

impl From<object_store::Error> for Failure {
    fn from(error: object_store::Error) -> Self {
        Self::Client(error.into())
    }
}

fn retries() -> RetryConfig {
    let backoff = BackoffConfig { max_backoff: LONGEST_WAIT, ..BackoffConfig::default() };
    RetryConfig { backoff, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_that_are_offered_exist_and_are_no_secrets() {
        fn check<Key: FromStr + AsRef<str>>(cloud: Cloud) {
            for name in cloud.settings().iter().chain(CLIENT_SETTINGS) {
                let key = name.parse::<Key>();
                assert!(key.is_ok_and(|key| !SECRETS.contains(&key.as_ref())), "{name}");
            }
            assert_eq!(Cloud::of(cloud.scheme()), Some(cloud));
        }
        check::<AmazonS3ConfigKey>(Cloud::Amazon);
        check::<object_store::azure::AzureConfigKey>(Cloud::Azure);
        check::<object_store::gcp::GoogleConfigKey>(Cloud::Google);
    }

    #[test]
    fn what_the_environment_says_wins() {
        let told = AmazonS3Builder::new().with_region("from-there");
        let options = [("aws_region", "from-here"), ("aws_endpoint", "http://here"), ("timeout", "7s")];
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let (get, set) = (AmazonS3Builder::get_config_value, AmazonS3Builder::with_config);
        let Ok(builder) = Cloud::Amazon.configured(told, &options, get, set) else { panic!("no builder") };
        let value = |name: &str| builder.get_config_value(&name.parse().unwrap()).unwrap();
        assert_eq!(value("aws_region"), "from-there");
        assert_eq!((value("aws_endpoint").as_str(), value("timeout").as_str()), ("http://here", "7s"));
    }
}
