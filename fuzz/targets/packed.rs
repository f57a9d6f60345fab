//! Fuzz target: see `table::packed`.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: winback_fuzz::let_caught_panics_pass(),
    |bytes: &[u8]| winback_fuzz::table::packed(bytes)
);
