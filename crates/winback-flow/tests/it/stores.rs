//! The whole contract on each kind of bucket.
//!
//! Credentials come from the environment only, and that of a process cannot be changed safely. So the test of a server
//! starts this very program again, with an environment in which one test is to be run on a store that is named there.
//! A person may name one too, of a real cloud: `WINBACK_TEST_STORE=gs://bucket/prefix cargo test -p winback-flow --test
//! it named`, with the credentials at hand and a prefix that holds nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use winback_flow::{ErrorKind, Store};

use crate::contract;
use crate::gateway::{Face, Gateway};
use crate::servers::{ACCOUNT, BUCKET, KEY, Server, service_account};
use winback_peers as peers;

const NAMED: &str = "WINBACK_TEST_STORE";
const NAMES: &str = "WINBACK_TEST_NAMES";

/// What a server cannot do that a bucket must, so that it is left out: `races`, where it looks first and makes then;
/// `folders`, where it keeps objects as files and fails when asked of a folder.
const WITHOUT: &str = "WINBACK_TEST_WITHOUT";

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Opens a store with settings, the environment being as it is.
pub(crate) fn open(root: &str, options: &[(&str, &str)]) -> Store {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Store::open(root, Path::new(""), &options.collect::<BTreeMap<_, _>>()).unwrap()
}

#[test]
fn the_contract_holds_on_the_store_that_is_named() {
    let root = peers::variable(NAMED).unwrap_or_else(|| "memory:".to_owned());
    let names = peers::variable(NAMES).map_or(1_500, |count| count.parse().unwrap());
    let without = peers::variable(WITHOUT).unwrap_or_default();
    block_on(async {
        let store = open(&root, &[]);
        contract::a_name_is_created_once(&store).await;
        contract::what_is_not_there_is_not_found(&store).await;
        if !without.contains("folders") {
            contract::a_folder_is_no_object(&store).await;
        }
        if !without.contains("races") {
            contract::of_many_writers_of_one_name_one_wins(&store).await;
            contract::of_many_copies_to_one_name_one_wins(&store).await;
            contract::a_ledger_loses_nothing_to_a_race(&store).await;
        }
        contract::odd_names_come_back_as_they_were(&store).await;
        contract::paths_that_could_mislead_are_refused(&store).await;
        contract::an_artifact_is_stored_once_and_checked(&store).await;
        contract::entries_agree(&store).await;
        contract::files_go_in_and_come_out(&store).await;
        contract::a_broken_upload_shows_nothing(&store).await;
        contract::a_pinned_read_notices_a_change(&store).await;
        contract::a_copy_is_made_once(&store).await;
        contract::listings_are_whole_and_in_order(&store, names).await;

        // A neighbour whose prefix begins alike sees nothing of all that.
        let neighbour = open(&format!("{}2", root.trim_end_matches('/')).replace("memory:2", "memory:"), &[]);
        assert_eq!(neighbour.list("").await.unwrap(), []);
        assert!(!store.list("").await.unwrap().is_empty());
    });
}

/// Runs the test above in a process of its own, which knows of `root` and of these variables.
fn check(root: &str, names: usize, variables: &[(&str, &str)]) {
    let test = "stores::the_contract_holds_on_the_store_that_is_named";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).stdin(Stdio::null());
    command.env(NAMED, root).env(NAMES, names.to_string()).envs(variables.iter().copied());
    let output = command.output().unwrap();
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", told(&output.stdout), told(&output.stderr));
    assert!(told(&output.stdout).contains("1 passed"), "{}", told(&output.stdout));
}

#[test]
fn the_contract_holds_on_s3_by_moto() {
    let Some(server) = Server::moto("the_contract_holds_on_s3_by_moto") else { return };
    let endpoint = format!("http://{}", server.address);
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "anybody"),
        ("AWS_SECRET_ACCESS_KEY", "anything"),
        (WITHOUT, "races"),
    ];
    check(&format!("s3://{BUCKET}/under/a prefix"), 10_000, &variables);
}

#[test]
fn the_contract_holds_on_s3_by_s3s() {
    let Some(server) = Server::s3s("the_contract_holds_on_s3_by_s3s") else { return };
    let endpoint = format!("http://{}", server.address);
    let variables = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", KEY.0),
        ("AWS_SECRET_ACCESS_KEY", KEY.1),
        (WITHOUT, "folders, races"),
    ];
    check(&format!("s3://{BUCKET}/prefix"), 2_000, &variables);

    // Whoever signs nothing is refused, and the setting is heeded.
    let unsigned =
        [("aws_endpoint", endpoint.as_str()), ("allow_http", "true"), ("aws_skip_signature", "true")];
    let refused = block_on(open(&format!("s3://{BUCKET}"), &unsigned).list("")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Other, "{refused}");
}

#[test]
fn the_contract_holds_on_azure_by_azurite() {
    let Some(server) = Server::azurite("the_contract_holds_on_azure_by_azurite") else { return };
    let endpoint = format!("http://{}/{}", server.address, ACCOUNT.0);
    let variables = [
        ("AZURE_STORAGE_ENDPOINT", endpoint.as_str()),
        ("AZURE_ALLOW_HTTP", "true"),
        ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.0),
        ("AZURE_STORAGE_ACCOUNT_KEY", ACCOUNT.1),
    ];
    check(&format!("az://{BUCKET}/prefix"), 2_000, &variables);
}

#[test]
fn the_contract_holds_on_google_by_a_gateway_to_moto() {
    let Some(server) = Server::moto("the_contract_holds_on_google_by_a_gateway_to_moto") else { return };
    let gateway = Gateway::start(Face::Google, server.address);
    let endpoint = format!("http://{}", gateway.address);
    let folder = tempfile::tempdir().unwrap();
    let account = service_account(folder.path());
    let variables = [("GOOGLE_BASE_URL", endpoint.as_str()), ("GOOGLE_SERVICE_ACCOUNT", account.as_str())];
    check(&format!("gs://{BUCKET}/prefix"), 2_000, &variables);
}
