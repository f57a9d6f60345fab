//! A stream worked on by all cores in stages: what comes next is read while what came before is worked on, and what was
//! worked on is taken in the order in which it came.
//!
//! Each piece that is read gets a place in a queue before anybody works on it, and the taker waits for the places one
//! after the other. The queue is short: who reads waits when it is full, so memory does not grow with the stream.

use std::sync::mpsc::{Receiver, sync_channel};

use crate::error::Result;

/// Pieces that may be read and not taken yet, beyond one for each thread: enough that no thread waits while the reader
/// does something else for a moment.
const SPARE: usize = 8;
/// Threads that there are pieces for, so that memory does not grow with a machine.
const MOST_THREADS: usize = 32;

/// Pieces that may be read and not taken yet.
fn places() -> usize {
    rayon::current_num_threads().min(MOST_THREADS) + SPARE
}

/// Reads with `next` on a thread of its own until there is nothing more, works on the pieces side by side, and hands
/// them to `take` on the calling thread, in order.
///
/// The first error in this order ends it all, whichever stage it comes from. It must not be called from a thread of
/// Rayon's pool, which would wait for itself.
pub(crate) fn in_order<Piece: Send, Done: Send>(
    mut next: impl FnMut() -> Result<Option<Piece>> + Send,
    work: impl Fn(Piece) -> Result<Done> + Sync,
    mut take: impl FnMut(Done) -> Result<()>,
) -> Result<()> {
    let work = &work;
    let (places, queue) = sync_channel::<Receiver<Result<Done>>>(places());
    rayon::in_place_scope(|workers| {
        std::thread::scope(|threads| {
            threads.spawn(move || {
                loop {
                    let piece = next().transpose();
                    let Some(piece) = piece else { break };
                    let is_last = piece.is_err();
                    let (done, place) = sync_channel(1);
                    // Nobody takes any more after an error.
                    if places.send(place).is_err() {
                        break;
                    }
                    workers.spawn(move |_| drop(done.send(piece.and_then(work))));
                    if is_last {
                        break;
                    }
                }
            });
            // The queue goes with this loop, which frees a reader who waits for it.
            for place in queue {
                let done = place
                    .recv()
                    .map_err(|_| anyhow::anyhow!("a batch was lost: this is a fault of winback"))?;
                take(done?)?;
            }
            Ok(())
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn pieces_are_taken_in_order_and_not_read_far_ahead() {
        let (read, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let next = || {
            let number = read.fetch_add(1, Ordering::SeqCst);
            let ahead = number - taken.load(Ordering::SeqCst);
            assert!(ahead <= places() + 3, "{ahead} pieces ahead");
            Ok((number < 500).then_some(number))
        };
        let work = |number: usize| {
            std::thread::sleep(std::time::Duration::from_micros((number * 7919 % 300) as u64));
            Ok(number * 2)
        };
        let mut all = Vec::new();
        in_order(next, work, |done| {
            all.push(done);
            taken.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
        .unwrap();
        assert!(all.iter().copied().eq((0..500).map(|number| number * 2)));
    }

    #[test]
    fn the_first_error_in_order_ends_it() {
        for failing in ["next", "work", "take"] {
            let fail = |stage: &str, number: usize| {
                if stage == failing && number == 50 { anyhow::bail!("{stage} failed") } else { Ok(number) }
            };
            let mut numbers = 0..;
            let mut taken = 0;
            let outcome = in_order(
                || numbers.next().map(|number| fail("next", number)).transpose(),
                |number| fail("work", number),
                |number| {
                    fail("take", number)?;
                    taken += 1;
                    Ok(())
                },
            );
            assert_eq!(outcome.unwrap_err().to_string(), format!("{failing} failed"));
            assert_eq!(taken, 50);
        }
    }
}
