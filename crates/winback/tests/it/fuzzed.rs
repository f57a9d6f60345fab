//! The functions of the fuzz targets for model files and packages, on whole ones, damaged ones and any bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../../../../fuzz/src/package.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets use the same file as a library")]
mod package;

const TESTDATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata");

fn whole() -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(format!("{TESTDATA}/hostile/package")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<(String, Vec<u8>)> =
        paths.map(|path| (name(&path), std::fs::read(&path).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn the_package_of_the_corpus_loads() {
    let whole = whole();
    assert!(whole.iter().all(|(name, _)| name != "model.onnx"), "it is older than that file");
    winback_learn::package::Package::from_files(&whole).unwrap();
    for (index, (_, bytes)) in whole.iter().enumerate() {
        package::package(&whole, &[&[index as u8], bytes.as_slice()].concat());
    }
}

fn damaged(bytes: &[u8], damage: &[(Index, u8)], length: Option<Index>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (position, byte) in damage {
        let position = position.index(bytes.len());
        bytes[position] = *byte;
    }
    bytes.truncate(length.map_or(bytes.len(), |length| length.index(bytes.len())));
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn damaged_models_are_refused_or_load(
        damage in vec((any::<Index>(), any::<u8>()), 0..6),
        length in proptest::option::weighted(0.2, any::<Index>()),
    ) {
        let trees = std::fs::read(format!("{TESTDATA}/model/trees-1.bin")).unwrap();
        let linear = std::fs::read(format!("{TESTDATA}/hostile/package/model.bin")).unwrap();
        for file in [trees, linear] {
            // Without its header and checksum, which are made anew around the damage.
            package::model(&damaged(&file[20..file.len() - 32], &damage, length));
        }
    }

    #[test]
    fn damaged_packages_are_refused_or_load(
        chosen in any::<Index>(),
        damage in vec((any::<Index>(), any::<u8>()), 0..6),
        length in proptest::option::weighted(0.2, any::<Index>()),
    ) {
        let whole = whole();
        let index = chosen.index(whole.len());
        package::package(&whole, &[vec![index as u8], damaged(&whole[index].1, &damage, length)].concat());
    }

    #[test]
    fn any_bytes_are_no_model(bytes in vec(any::<u8>(), 0..300)) {
        package::model(&bytes);
        package::package(&whole(), &bytes);
    }
}
