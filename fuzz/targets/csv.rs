//! Fuzz target: see `table::csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| winback_fuzz::table::csv(bytes));
