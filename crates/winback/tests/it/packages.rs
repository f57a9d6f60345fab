//! Model packages that were cut, altered or lost parts: refused with a clear word, and nothing is scored.

use std::path::Path;

use crate::bank::{PACKAGE, WEEK, trained};
use crate::run::Bench;

const FILES: [&str; 9] = [
    "card.md",
    "importance.json",
    "manifest.json",
    "metrics.json",
    "model.bin",
    "model.onnx",
    "profile.json",
    "report.html",
    "schema.json",
];

/// Asks for scores where a file of the package was harmed; answers what was said.
fn refusal(bench: &Bench, model: &[&str]) -> String {
    let seen = bench.run(&[&["score", WEEK, "-o", "scored.csv"], model].concat());
    assert!(matches!(seen.code, Some(1 | 2)), "{:?}: {}", seen.code, seen.stderr);
    assert!(seen.stdout.is_empty() && seen.stderr.starts_with("error: "), "{}", seen.stderr);
    assert!(!seen.stderr.contains("panicked") && !seen.stderr.contains("RUST_BACKTRACE"), "{}", seen.stderr);
    assert!(!bench.path().join("scored.csv").exists());
    seen.stderr
}

fn harm(path: &Path, how: impl Fn(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    how(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_harmed_folder_is_refused() {
    let bench = trained();
    let model = ["--model", PACKAGE];
    for name in FILES {
        let path = bench.path().join(PACKAGE).join(name);
        let whole = std::fs::read(&path).unwrap();
        // The last byte of a text is its line end, which means nothing.
        for length in [0, 1, whole.len() / 2, whole.len() - 2] {
            harm(&path, |bytes| bytes.truncate(length));
            let said = refusal(&bench, &model);
            assert!(said.contains(PACKAGE) && said.contains(name), "{name} cut to {length}: {said}");
            std::fs::write(&path, &whole).unwrap();
        }
        std::fs::remove_file(&path).unwrap();
        let said = refusal(&bench, &model);
        assert!(said.contains(&format!("`{name}` is missing")), "{said}");
        std::fs::write(&path, &whole).unwrap();
    }
    assert_eq!(bench.run(&["score", WEEK, "--model", PACKAGE]).code, Some(0), "put back, it scores again");
}

#[test]
fn an_altered_byte_is_noticed_wherever_it_is() {
    let bench = trained();
    let path = bench.path().join(PACKAGE).join("model.bin");
    let whole = std::fs::read(&path).unwrap();
    for part in 0..8 {
        let at = (whole.len() - 1) * part / 7;
        harm(&path, |bytes| bytes[at] ^= 0x10);
        let said = refusal(&bench, &["--model", PACKAGE]);
        assert!(said.contains("`model.bin` is not the file that the manifest names"), "{at}: {said}");
        std::fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn a_manifest_made_to_fit_does_not_make_a_broken_model_whole() {
    use sha2::Digest as _;
    let bench = trained();
    let folder = bench.path().join(PACKAGE);
    let whole = std::fs::read(folder.join("model.bin")).unwrap();
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let digest = |bytes: &[u8]| hex::encode(sha2::Sha256::digest(bytes));
    let mut broken = vec![Vec::new(), b"not a model".to_vec(), whole[..whole.len() - 3].to_vec()];
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    broken.push(altered);
    for bytes in broken {
        std::fs::write(folder.join("model.bin"), &bytes).unwrap();
        std::fs::write(folder.join("manifest.json"), manifest.replace(&digest(&whole), &digest(&bytes)))
            .unwrap();
        let said = refusal(&bench, &["--model", PACKAGE]);
        assert!(said.contains("the model file cannot be used"), "{said}");
    }
}

#[test]
fn a_harmed_champion_is_refused_by_every_command_that_opens_it() {
    let bench = trained();
    harm(&bench.path().join(PACKAGE).join("model.bin"), |bytes| bytes[40] ^= 1);
    let said = refusal(&bench, &[]);
    assert!(said.contains("models/churn/1/model.bin` is cut or altered"), "{said}");
    let promote = ["models", "promote", "1", "--by", "a tester", "--reason", "because"];
    for arguments in [&["explain"][..], &["models", "show"], &promote] {
        let seen = bench.run(arguments);
        assert!(
            matches!(seen.code, Some(1 | 2)) && seen.stderr.contains("cut or altered"),
            "{}",
            seen.stderr
        );
    }
    let lost = trained();
    std::fs::remove_file(lost.path().join(PACKAGE).join("schema.json")).unwrap();
    let said = refusal(&lost, &[]);
    assert!(said.contains("models/churn/1/schema.json"), "{said}");
}
