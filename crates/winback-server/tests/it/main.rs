//! The server from outside: what is answered, what reaches the sink, and what programs of others think of it.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test that called it")]

mod answers;
mod fake;
mod messages;
mod metrics;
mod peers_google_auth;
mod peers_python;
mod repeats;
mod tokens;
