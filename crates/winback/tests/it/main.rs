//! Winback from outside: the real program in a folder of its own, judged by what a user sees.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]

mod bank;
mod buckets;
mod cli;
mod components;
mod csv;
mod demo;
mod explain;
mod fuzzed;
#[expect(dead_code, reason = "what the tests of the store need is more than is needed here")]
#[path = "../../../winback-flow/tests/it/gateway.rs"]
mod gateway;
mod history;
mod hostile;
mod init;
mod leaks;
mod metrics;
mod models;
mod onnx;
mod packages;
mod pages;
mod peers_python;
mod real_data;
mod real_models;
mod rejects;
mod run;
mod score;
mod serve;
#[path = "../../../winback-flow/tests/it/servers.rs"]
mod servers;
mod simulate;
mod train;
mod trees;
mod weekly;
