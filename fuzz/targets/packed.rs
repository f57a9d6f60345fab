//! Fuzz target: see `table::packed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| winback_fuzz::table::packed(bytes));
