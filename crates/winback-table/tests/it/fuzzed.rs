//! The functions of the fuzz targets, on the corpus, on damaged files of it, and on any bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../../../../fuzz/src/table.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets use the same file as a library")]
mod table;

fn corpus() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/hostile");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn the_corpus_is_refused_or_accounted_for() {
    for bytes in corpus() {
        table::csv(&bytes);
        table::packed(&bytes);
        table::parquet(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_are_refused_or_accounted_for(
        chosen in any::<Index>(),
        damage in vec((any::<Index>(), any::<u8>()), 0..6),
        length in any::<Index>(),
        is_cut in any::<bool>(),
    ) {
        let corpus = corpus();
        let mut bytes = corpus[chosen.index(corpus.len())].clone();
        if !bytes.is_empty() {
            for (position, byte) in damage {
                let position = position.index(bytes.len());
                bytes[position] = byte;
            }
            bytes.truncate(if is_cut { length.index(bytes.len()) } else { bytes.len() });
        }
        table::csv(&bytes);
    }

    #[test]
    fn any_bytes_are_refused_or_accounted_for(bytes in vec(any::<u8>(), 0..300)) {
        table::csv(&bytes);
        table::packed(&bytes);
        table::parquet(&bytes);
    }
}
