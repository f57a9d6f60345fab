//! Fuzz target: see `table::parquet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| winback_fuzz::table::parquet(bytes));
