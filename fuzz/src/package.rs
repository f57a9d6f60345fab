//! Any bytes as a model file or a package: they are refused with a message, or make a model that saves as it loaded.

use sha2::{Digest as _, Sha256};
use winback_learn::file;
use winback_learn::package::{MANIFEST, Package};

/// Bytes as a model file, and as the inside of one whose length and checksum are right.
pub fn model(bytes: &[u8]) {
    load(bytes);
    let mut sealed = b"WINBACKM\x01\0\0\0".to_vec();
    sealed.extend((bytes.len() as u64).to_le_bytes());
    sealed.extend(bytes);
    let checksum = Sha256::digest(&sealed);
    sealed.extend(checksum);
    load(&sealed);
}

fn load(bytes: &[u8]) {
    match file::load(bytes) {
        Ok(model) => {
            let saved = file::save(&model);
            let again = file::load(&saved).expect("what was saved loads");
            assert_eq!(file::save(&again), saved);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Bytes in place of one file of a whole package, or of its manifest; the first byte says which.
pub fn package(whole: &[(String, Vec<u8>)], bytes: &[u8]) {
    let Some((chosen, bytes)) = bytes.split_first() else { return };
    let mut files = whole.to_vec();
    let index = usize::from(*chosen) % files.len();
    files[index].1 = bytes.to_vec();
    let is_manifest = files[index].0 == MANIFEST;
    if !is_manifest {
        seal(&mut files);
    }
    match Package::from_files(&files) {
        Ok(package) => {
            let saved = package.files();
            let again = Package::from_files(&saved).expect("what was saved loads");
            assert_eq!(again.files(), saved);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Writes the manifest that the files need to be looked at.
fn seal(files: &mut Vec<(String, Vec<u8>)>) {
    files.retain(|(name, _)| name != MANIFEST);
    let digests = files.iter().map(|(name, bytes)| {
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("\"{name}\": \"{digest}\"")
    });
    let listed: Vec<String> = digests.collect();
    let manifest = format!("{{\"format\": 1, \"files\": {{{}}}}}", listed.join(", "));
    files.push((MANIFEST.to_owned(), manifest.into_bytes()));
}
