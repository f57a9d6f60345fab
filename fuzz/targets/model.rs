//! Fuzz target: see `package::model`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| winback_fuzz::package::model(bytes));
