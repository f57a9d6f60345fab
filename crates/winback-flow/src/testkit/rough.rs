//! A store in memory that is as rough as a seed wants it: every operation is a point where another worker may come in, and
//! where it may fail, be slow, lose its answer, find no room, or be the last thing that its process does.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
};

/// Draws from a seed: SplitMix64.
#[derive(Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, count: u64) -> u64 {
        self.next() % count
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// What the store does to one operation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Well,
    /// Nothing is done, and an error answered.
    Fails,
    /// It is done, and an error answered.
    AnswerLost,
    /// It is done, and the repeated request told that it was done before.
    Repeated,
    /// The process ends before it is done.
    KilledBefore,
    /// The process ends after it is done, before it hears of it.
    KilledAfter,
}

/// What is shared by all who take part.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) draw: Draw,
    /// Writes that fail for want of room.
    full: u64,
    /// Whether faults still come.
    pub(crate) is_rough: bool,
    pub(crate) operations: u64,
    /// Whose turn it is, and whether it is to end.
    pub(crate) is_killed: bool,
    pub(crate) kills: u64,
    pub(crate) faults: u64,
}

impl World {
    /// A rough world that is a function of the seed.
    pub(crate) fn new(seed: u64) -> Self {
        let draw = Draw(seed);
        Self { draw, full: 0, is_rough: true, operations: 0, is_killed: false, kills: 0, faults: 0 }
    }

    fn fate(&mut self, is_write: bool) -> Fate {
        self.operations += 1;
        if !self.is_rough {
            return Fate::Well;
        }
        if is_write && self.full > 0 {
            self.full -= 1;
            return Fate::Fails;
        }
        let fate = match self.draw.below(160) {
            0 | 1 => Fate::Fails,
            2 | 3 if is_write => Fate::AnswerLost,
            4 | 5 if is_write => Fate::Repeated,
            6 => Fate::KilledBefore,
            7 => Fate::KilledAfter,
            8 if is_write && self.draw.one_in(8) => {
                self.full = 1 + self.draw.below(12);
                Fate::Fails
            }
            _ => Fate::Well,
        };
        if fate != Fate::Well {
            self.faults += 1;
        }
        fate
    }
}

/// A store in memory in which every operation is a point where another worker may come in, and something may go wrong.
#[derive(Debug, Clone)]
pub(crate) struct Rough {
    inner: Arc<InMemory>,
    world: Arc<Mutex<World>>,
}

impl fmt::Display for Rough {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Rough")
    }
}

/// Lets others go first, once.
async fn give_way() {
    let mut waited = false;
    futures::future::poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn failed(why: &'static str) -> StoreError {
    StoreError::Generic { store: "rough", source: why.into() }
}

impl Rough {
    pub(crate) fn new(inner: Arc<InMemory>, world: Arc<Mutex<World>>) -> Self {
        Self { inner, world }
    }

    async fn operate<T>(
        &self,
        is_write: bool,
        path: &Path,
        work: impl Future<Output = object_store::Result<T>>,
    ) -> object_store::Result<T> {
        give_way().await;
        let (fate, slow) = {
            let mut world = self.world.lock().unwrap();
            let slow = if world.is_rough && world.draw.one_in(20) { world.draw.below(6) } else { 0 };
            (world.fate(is_write), slow)
        };
        for _ in 0..slow {
            give_way().await;
        }
        match fate {
            Fate::Well => work.await,
            Fate::Fails => Err(failed("it failed")),
            Fate::AnswerLost => work.await.and_then(|_| Err(failed("the answer was lost"))),
            Fate::Repeated => work.await.and_then(|_| {
                Err(StoreError::AlreadyExists { path: path.to_string(), source: "a repeated request".into() })
            }),
            Fate::KilledBefore => self.die().await,
            Fate::KilledAfter => {
                drop(work.await);
                self.die().await
            }
        }
    }

    /// The process ends here: nothing more of it is polled.
    async fn die<T>(&self) -> T {
        self.world.lock().unwrap().is_killed = true;
        futures::future::pending().await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for Rough {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.operate(true, path, self.inner.put_opts(path, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.operate(false, path, self.inner.get_opts(path, options)).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> object_store::Result<Vec<Bytes>> {
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        let (rough, prefix) = (self.clone(), prefix.cloned());
        let listing = async move {
            let path = prefix.clone().unwrap_or_default();
            let all = async { Ok(rough.inner.list(prefix.as_ref()).collect::<Vec<_>>().await) };
            stream::iter(rough.operate(false, &path, all).await.unwrap_or_else(|error| vec![Err(error)]))
        };
        listing.flatten_stream().boxed()
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        let offset = offset.clone();
        self.list(prefix)
            .filter(move |meta| {
                let later = meta.as_ref().map_or(true, |meta| offset < meta.location);
                futures::future::ready(later)
            })
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> object_store::Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}
