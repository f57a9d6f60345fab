//! The contract of the registry: a package is one version, a race makes two, and an alias means the last promotion.

use bytes::Bytes;
use futures::future::join;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use serde_json::json;

use super::MANIFEST;
use crate::testkit::{NOW, block_on, clock, memory, on_every_store};
use crate::{Alias, Details, Digest, Error, ErrorKind, Gate, Package, Registry, Store};

fn registry(store: &Store) -> Registry {
    Registry::new(store.clone(), clock()).unwrap()
}

/// A package of two files and their manifest; another text makes another package.
fn package(text: &str) -> Package {
    let files = [("model.bin", text.to_owned()), ("card.md", "# A card".to_owned())];
    let digests: serde_json::Map<_, _> =
        files.iter().map(|(name, text)| ((*name).to_owned(), json!(Digest::of(text.as_bytes())))).collect();
    let manifest = json!({"files": digests, "label": "churn"}).to_string();
    let mut package: Package =
        files.into_iter().map(|(name, text)| (name.to_owned(), Bytes::from(text))).collect();
    package.push((MANIFEST.to_owned(), Bytes::from(manifest)));
    package
}

fn details() -> Details {
    Details {
        by: "ada".to_owned(),
        schema: "s1".to_owned(),
        label: "left = yes".to_owned(),
        metrics: json!({"auc": 0.1 + 0.2, "log_loss": 1e-9}),
        out_of_fold: Some(Digest::of(b"scores")),
        history: "h1".to_owned(),
        findings: json!([{"severity": "warn"}]),
        evidence: None,
    }
}

fn sorted(mut package: Package) -> Package {
    package.sort();
    package
}

#[test]
fn a_package_is_published_once_and_fetched_whole() {
    on_every_store(async |store| {
        let first = registry(&store).publish("churn", package("one"), details()).await.unwrap();
        assert_eq!((first.version, first.package.as_str()), (1, "models/churn/1"));
        assert_eq!((&first.details, first.registered_at.as_str()), (&details(), NOW));
        let objects = store.list("").await.unwrap();
        let again = registry(&store).publish("churn", package("one"), details()).await.unwrap();
        assert_eq!(again, first);
        assert_eq!(store.list("").await.unwrap(), objects, "publishing the same again creates nothing");

        let second = registry(&store).publish("churn", package("two"), details()).await.unwrap();
        assert_eq!(second.version, 2);
        let other = registry(&store).publish("upsell", package("one"), details()).await.unwrap();
        assert_eq!(other.version, 1, "each model counts for itself");
        let fetched = registry(&store).fetch("churn", 1).await.unwrap();
        assert_eq!(sorted(fetched), sorted(package("one")));
        assert_eq!(registry(&store).versions("churn").await.unwrap(), [first, second]);
    });
}

#[test]
fn two_registries_that_race_get_two_versions() {
    on_every_store(async |store| {
        let (one, other) = (registry(&store), registry(&store));
        let (one, other) = join(
            one.publish("churn", package("one"), details()),
            other.publish("churn", package("two"), details()),
        )
        .await;
        let mut versions = [one.unwrap().version, other.unwrap().version];
        versions.sort_unstable();
        assert_eq!(versions, [1, 2]);
        for version in versions {
            registry(&store).fetch("churn", version).await.unwrap();
        }
    });
}

#[test]
fn two_registries_that_race_with_one_package_get_one_version() {
    on_every_store(async |store| {
        let (one, other) = (registry(&store), registry(&store));
        let (one, other) = join(
            one.publish("churn", package("one"), details()),
            other.publish("churn", package("one"), details()),
        )
        .await;
        assert_eq!(one.unwrap(), other.unwrap());
        assert_eq!(registry(&store).versions("churn").await.unwrap().len(), 1);
    });
}

#[test]
fn a_training_that_was_broken_off_leaves_a_number_out() {
    on_every_store(async |store| {
        // Somebody's file lies where the first version would go, so its publisher stops half-way.
        store.put_new("models/churn/1/model.bin", Bytes::from("stranger")).await.unwrap();
        let error = registry(&store).publish("churn", package("one"), details()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert_eq!(registry(&store).versions("churn").await.unwrap(), []);
        let published = registry(&store).publish("churn", package("one"), details()).await.unwrap();
        assert_eq!(published.version, 2);
    });
}

#[test]
fn an_alias_moves_and_every_move_is_kept() {
    on_every_store(async |store| {
        let registry = registry(&store);
        assert_eq!(registry.champion("churn").await.unwrap(), None);
        for text in ["one", "two"] {
            registry.publish("churn", package(text), details()).await.unwrap();
        }
        let first =
            registry.promote("churn", 1, Alias::Champion, "winback", "first model", &[]).await.unwrap();
        assert_eq!(first.aliases, [Alias::Champion]);
        let gates = vec![Gate { gate: "calibration".to_owned(), reason: "the slope is 0.6".to_owned() }];
        for _ in 0..2 {
            let refused = registry.refuse("churn", 2, Alias::Champion, gates.clone()).await.unwrap();
            assert_eq!(refused.refusals.len(), 1, "the same refusal is recorded once");
            assert_eq!(refused.refusals[0].gates, gates);
        }
        assert_eq!(registry.champion("churn").await.unwrap().unwrap().version, 1);

        let overridden = ["calibration".to_owned()];
        let error =
            registry.promote("churn", 2, Alias::Champion, "grace", " ", &overridden).await.unwrap_err();
        assert!(error.to_string().contains("overrides `calibration`: say who does it, and why"), "{error}");
        for _ in 0..2 {
            let second =
                registry.promote("churn", 2, Alias::Champion, "grace", "seen", &overridden).await.unwrap();
            assert_eq!(second.promotions.len(), 1, "the champion need not be promoted");
            assert_eq!((second.promotions[0].by.as_str(), second.promotions[0].at.as_str()), ("grace", NOW));
        }
        registry.promote("churn", 1, Alias::Challenger, "grace", "compare", &[]).await.unwrap();
        assert_eq!(registry.champion("churn").await.unwrap().unwrap().version, 2);
        let versions = registry.versions("churn").await.unwrap();
        assert_eq!((&versions[0].aliases[..], versions[0].promotions.len()), (&[Alias::Challenger][..], 2));
        assert_eq!(registry.alias("upsell", Alias::Champion).await.unwrap(), None);
    });
}

#[test]
fn a_version_that_does_not_exist_is_answered_with_those_that_do() {
    block_on(async {
        let registry = registry(&memory());
        let error = registry.fetch("churn", 1).await.unwrap_err();
        assert!(error.to_string().ends_with("it has none yet; train it first"), "{error}");
        for text in ["one", "two"] {
            registry.publish("churn", package(text), details()).await.unwrap();
        }
        let promoted = registry.promote("churn", 7, Alias::Champion, "ada", "", &[]).await;
        let refused = registry.refuse("churn", 7, Alias::Champion, Vec::new()).await;
        for error in [promoted.unwrap_err(), refused.unwrap_err()] {
            let expected = "model `churn` has no registered version 7; it has `1`, `2`";
            assert_eq!((error.to_string().as_str(), error.kind()), (expected, ErrorKind::NotFound));
        }
    });
}

#[test]
fn a_package_that_was_touched_is_not_handed_out() {
    on_every_store(async |store| {
        let registry = registry(&store);
        registry.publish("churn", package("one"), details()).await.unwrap();
        for file in ["model.bin", MANIFEST] {
            let path = format!("models/churn/1/{file}");
            let whole = store.get(&path).await.unwrap();
            store.delete(&path).await.unwrap();
            let error = registry.fetch("churn", 1).await.unwrap_err();
            assert!(matches!(&error, Error::Incomplete { path: named, .. } if *named == path), "{error}");

            store.put_new(&path, whole.slice(1..)).await.unwrap();
            let error = registry.fetch("churn", 1).await.unwrap_err();
            assert!(matches!(&error, Error::Altered { path: named, .. } if *named == path), "{error}");
            store.delete(&path).await.unwrap();
            store.put_new(&path, whole).await.unwrap();
            registry.fetch("churn", 1).await.unwrap();
        }
    });
}

#[test]
fn a_model_has_a_plain_name_and_a_manifest() {
    block_on(async {
        let registry = registry(&memory());
        for name in ["", "../churn", "churn/2", "churn model"] {
            let error = registry.publish(name, package("one"), details()).await.unwrap_err();
            assert!(error.to_string().contains("cannot name a model"), "{error}");
        }
        let mut bare = package("one");
        bare.pop();
        let error = registry.publish("churn", bare, details()).await.unwrap_err();
        assert!(error.to_string().contains("has no `manifest.json`"), "{error}");
        assert_eq!(registry.versions("churn").await.unwrap(), []);
    });
}

#[test]
fn the_work_may_move_between_threads() {
    fn check(_: impl Send) {}
    let registry = registry(&memory());
    check(registry.publish("churn", package("one"), details()));
    check(registry.promote("churn", 1, Alias::Champion, "ada", "", &[]));
    check(registry.fetch("churn", 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn an_alias_means_its_last_promotion(moves in prop::collection::vec((1_u64..=3, any::<bool>()), 0..12)) {
        block_on(async {
            let store = memory();
            let registry = registry(&store);
            for text in ["one", "two", "three"] {
                registry.publish("churn", package(text), details()).await.unwrap();
            }
            let mut expected = [None, None];
            for (version, champion) in moves {
                let alias = if champion { Alias::Champion } else { Alias::Challenger };
                registry.promote("churn", version, alias, "ada", "", &[]).await.unwrap();
                expected[usize::from(champion)] = Some(version);
                for (slot, alias) in [Alias::Challenger, Alias::Champion].into_iter().enumerate() {
                    // A second reader knows only what is stored.
                    let found = Registry::new(store.clone(), clock()).unwrap().alias("churn", alias).await.unwrap();
                    assert_eq!(found.map(|found| found.version), expected[slot]);
                }
            }
        });
    }
}
