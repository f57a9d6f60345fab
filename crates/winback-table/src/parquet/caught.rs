//! Panics of the Parquet library, caught without a word on the error stream.
//!
//! On some damaged files the library panics. To a user that is a bad file like others, and the message of a panic, with
//! a file and a line of ours, would only frighten. Panics of other threads, and of what is not called from here, are
//! told as ever.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether this thread is within [`caught`].
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Calls what may panic; nothing if it did. What it left half done must not be used again.
pub(super) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_CAUGHT.get() {
                others(panic);
            }
        }));
    });
    let before = IS_CAUGHT.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    IS_CAUGHT.set(before);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_called_here_is_silent() {
        assert_eq!(caught(|| IS_CAUGHT.get()), Some(true));
        let inner = caught(|| {
            let none = caught(|| -> u32 { panic!("no one should read this") });
            (none, IS_CAUGHT.get())
        });
        assert_eq!(inner, Some((None, true)));
        assert!(!IS_CAUGHT.get());
        assert!(std::thread::spawn(|| !IS_CAUGHT.get()).join().unwrap());
    }
}
