//! Stores on servers: the contract of a store is run on every kind of bucket that a server of this machine can play,
//! and on one that fails on purpose. What a server is missing for is skipped and told.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]

#[path = "../../src/testkit/contract.rs"]
mod contract;
mod faults;
mod gateway;
mod servers;
mod stores;
