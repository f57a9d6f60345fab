//! Whole files into a store and out of it, and copies within one, whatever their size: never more than a few parts are
//! in memory at a time. What is read is pinned to the entry of a listing, so that nobody mixes two contents.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::{self, BoxStream, FuturesUnordered};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, GetOptions, GetResult, GetResultPayload, MultipartUpload, ObjectStore as _,
    ObjectStoreExt as _,
};
use sha2::{Digest as _, Sha256};

use super::cloud::Cloud;
use super::disk::Disk;
use super::{Entry, Place, Store, blocking, chaos, location};
use crate::error::Cause;
use crate::{Digest, Error, ErrorKind, Result};

/// Up to this size a file goes in one request, which can refuse to overwrite.
const WHOLE_BYTES: u64 = 16 << 20;

/// The size of a part. All but the last are alike, and above the 5 MiB that some stores demand.
const PART_BYTES: u64 = 8 << 20;

/// No store takes more parts of one object; a file that would need more gets larger ones.
const MOST_PARTS: u64 = 10_000;

/// Parts on their way at the same time.
const PARTS_AT_ONCE: usize = 4;

/// From a cloud an object is read in ranges of this size.
const RANGE_BYTES: u64 = 32 << 20;

/// A file of a disk is read in pieces of this size.
const PIECE_BYTES: u64 = 1 << 20;

impl Store {
    /// Stores a file of this machine as a new object; [`ErrorKind::AlreadyExists`] if the name is taken.
    ///
    /// Above 16 MiB a store that is no folder gets it in parts. Such an upload cannot refuse to overwrite: the name is
    /// looked up before it begins, and of two writers at the same time the later wins. So large files are for names
    /// that only one writer uses, or that bear the digest of the content. Until all parts are there nothing is seen;
    /// a writer that dies leaves parts behind, which a rule of the bucket should remove.
    pub async fn put_file(&self, path: &str, file: &FilePath) -> Result<()> {
        let _operation = chaos::operation();
        let location = location(path)?;
        let unreadable = |source| Error::File { action: "read", file: file.to_owned(), source };
        let name = file.to_owned();
        let opened = blocking(move || {
            let opened = File::open(name)?;
            let size = opened.metadata()?.len();
            Ok((opened, size))
        });
        let (opened, size) = opened.await.map_err(unreadable)?;
        if let Place::Disk(disk) = &self.place {
            return self.create_from(disk, path, &location, opened).await;
        }
        if size <= WHOLE_BYTES {
            let (_, bytes) = read_part(opened, size).await.map_err(unreadable)?;
            return self.put_new(path, bytes).await;
        }
        if self.exists(path).await? {
            return Err(self.already_exists(path, "it was there before the upload began".into()));
        }
        let failed = |source: object_store::Error| self.other("create", path, source.into());
        let mut upload = self.objects.put_multipart(&location).await.map_err(failed)?;
        let sent = match send_parts(&mut *upload, opened, size).await {
            Ok(()) => upload.complete().await.map(drop).map_err(failed),
            Err(Stopped::Reading(source)) => Err(unreadable(source)),
            Err(Stopped::Sending(source)) => Err(failed(source)),
        };
        if sent.is_err() {
            // Should this fail too, parts are left behind that nobody sees.
            upload.abort().await.ok();
        }
        sent
    }

    /// Copies the object that was listed into a file of this machine, replacing it, and gives the digest of the bytes;
    /// [`ErrorKind::Changed`] if the object is another by now. The file is not synced, and half a file is not left.
    pub async fn fetch(&self, entry: &Entry, to: &FilePath) -> Result<Digest> {
        let _operation = chaos::operation();
        self.read_pinned(entry, Some(to)).await
    }

    /// The digest of the object that was listed; [`ErrorKind::Changed`] if it is another by now.
    pub async fn digest(&self, entry: &Entry) -> Result<Digest> {
        let _operation = chaos::operation();
        self.read_pinned(entry, None).await
    }

    /// Copies an object under a new name, within the store; [`ErrorKind::AlreadyExists`] if the name is taken.
    pub async fn copy_new(&self, from: &str, to: &str) -> Result<()> {
        let _operation = chaos::operation();
        let (source, target) = (location(from)?, location(to)?);
        let Place::Disk(disk) = &self.place else {
            return self.copy_by_request(from, to).await;
        };
        // A look at the object tells a missing one, and a folder, from a file.
        self.head(from).await?;
        let source = disk.files().path_to_filesystem(&source);
        let source = source.map_err(|error| self.failed("copy", from, error))?;
        let opened = blocking(move || File::open(source)).await;
        let opened = opened.map_err(|error| self.other("copy", from, error.into()))?;
        self.create_from(disk, to, &target, opened).await
    }

    async fn copy_by_request(&self, from: &str, to: &str) -> Result<()> {
        let (source, target) = (location(from)?, location(to)?);
        let mut options = CopyOptions::new().with_mode(CopyMode::Create);
        match self.place {
            // S3 copies with an upload in parts, and nobody says whether a part may be empty.
            Place::Cloud(Cloud::Amazon) if self.head(from).await?.size == 0 => {
                return self.put_new(to, Bytes::new()).await;
            }
            // `object_store` 0.13.2 takes the two modes of Google's client for each other (its issue 712): what it calls
            // "overwrite" sends the condition. Where that is mended, the look before guards all but a race.
            Place::Cloud(Cloud::Google) => {
                if self.exists(to).await? {
                    return Err(self.already_exists(to, "it was there before the copy".into()));
                }
                options = CopyOptions::new().with_mode(CopyMode::Overwrite);
            }
            _ => {}
        }
        let mut attempts = self.attempts();
        loop {
            let copied = self.objects.copy_opts(&source, &target, options.clone()).await;
            if let Some(answer) = attempts.settle(copied).await {
                return answer.map_err(|error| self.not_copied(from, to, error));
            }
        }
    }

    /// As [`Self::copy_new`], but no error if an object with the same bytes has the name already.
    pub async fn copy_once(&self, from: &str, to: &str) -> Result<()> {
        match self.copy_new(from, to).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let (source, target) = (self.head(from).await?, self.head(to).await?);
                let is_same =
                    source.size == target.size && self.digest(&source).await? == self.digest(&target).await?;
                if is_same { Ok(()) } else { Err(error) }
            }
            outcome => outcome,
        }
    }

    fn not_copied(&self, from: &str, to: &str, source: object_store::Error) -> Error {
        match source {
            object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. } => {
                self.already_exists(to, source.into())
            }
            source => self.failed("copy", from, source),
        }
    }

    /// Creates an object on the disk from an open file.
    async fn create_from(
        &self,
        disk: &Arc<Disk>,
        path: &str,
        location: &Path,
        mut content: File,
    ) -> Result<()> {
        let target = disk.files().path_to_filesystem(location);
        let target = target.map_err(|source| self.failed("create", path, source))?;
        let disk = Arc::clone(disk);
        let created = blocking(move || disk.create(&target, &mut content)).await;
        created.map_err(|source| self.not_created(path, source))
    }

    async fn read_pinned(&self, entry: &Entry, to: Option<&FilePath>) -> Result<Digest> {
        let found = self.get_pinned(entry, 0).await?;
        // Only now, so that a file that is there already is not lost for an object that is not.
        let file = to.map(|to| File::create(to).map_err(|source| unwritable(to, source))).transpose()?;
        let sink = Sink { file, hasher: Sha256::new(), size: 0 };
        let poured = self.pour_all(entry, found, sink, to).await;
        if let (Err(_), Some(to)) = (&poured, to) {
            std::fs::remove_file(to).ok();
        }
        poured
    }

    /// Begins to read an object at the byte `begin`, if it is still the one that was listed.
    async fn get_pinned(&self, entry: &Entry, begin: u64) -> Result<GetResult> {
        let location = location(&entry.path)?;
        let mut options = GetOptions::new();
        if let Place::Cloud(_) = self.place {
            options = options.with_if_match(Some(format!("\"{}\"", entry.version)));
            // An empty object has no ranges.
            let end = entry.size.min(begin + RANGE_BYTES);
            options = options.with_range((begin < end).then_some(begin..end));
        }
        let found = match self.objects.get_opts(&location, options).await {
            Ok(found) => found,
            // Azure says that the condition fails also where nothing is; a look tells which it is.
            Err(object_store::Error::Precondition { .. }) => {
                return Err(self.head(&entry.path).await.err().unwrap_or_else(|| self.changed(entry)));
            }
            Err(source) => return Err(self.failed("read", &entry.path, source)),
        };
        let now = self.entry(found.meta.clone());
        // Not every store heeds the condition, but each says what it has sent.
        if (now.size, &now.version) == (entry.size, &entry.version) {
            Ok(found)
        } else {
            Err(self.changed(entry))
        }
    }

    /// Reads an object to its end, of which the beginning was found. Each range is a request of its own, so that no
    /// limit of time holds for a large object as a whole.
    async fn pour_all(
        &self,
        entry: &Entry,
        found: GetResult,
        mut sink: Sink,
        to: Option<&FilePath>,
    ) -> Result<Digest> {
        let mut found = Some(found);
        loop {
            let (begin, range) = match found.take() {
                Some(found) => (0, found),
                None => (sink.size, self.get_pinned(entry, sink.size).await?),
            };
            sink = self.pour(entry, range, sink, to).await?;
            if sink.size >= entry.size {
                return Ok(Digest::of_all(sink.hasher));
            }
            if sink.size == begin {
                let cut = format!("only {begin} bytes came of {}", entry.size);
                return Err(self.other("read", &entry.path, cut.into()));
            }
        }
    }

    /// Reads what was found to its end, perhaps into a file.
    async fn pour(
        &self,
        entry: &Entry,
        found: GetResult,
        mut sink: Sink,
        to: Option<&FilePath>,
    ) -> Result<Sink> {
        let path = &entry.path;
        let modified = SystemTime::from(found.meta.last_modified);
        let (mut pieces, on_disk) = match found.payload {
            GetResultPayload::File(content, _) => {
                let same = content.try_clone().map_err(|source| self.other("read", path, source.into()))?;
                (pieces_of(content), Some(same))
            }
            GetResultPayload::Stream(pieces) => (pieces.map_err(Cause::from).boxed(), None),
        };
        while let Some(piece) = pieces.try_next().await.map_err(|source| self.other("read", path, source))? {
            let taken = blocking(move || sink.take(&piece)).await;
            sink = taken.map_err(|source| unwritable(to.unwrap_or(FilePath::new("")), source))?;
        }
        // A file of a disk may be written while it is read; a store in a cloud sends one content.
        if let Some(content) = on_disk {
            let meta = content.metadata().and_then(|meta| Ok((meta.len(), meta.modified()?)));
            let after = meta.map_err(|source| self.other("read", path, source.into()))?;
            if after != (entry.size, modified) {
                return Err(self.changed(entry));
            }
        }
        Ok(sink)
    }

    fn changed(&self, entry: &Entry) -> Error {
        Error::Changed { path: entry.path.clone(), store: self.url.to_string() }
    }
}

fn unwritable(file: &FilePath, source: io::Error) -> Error {
    Error::File { action: "write", file: file.to_owned(), source }
}

/// Where the bytes of an object go: always into a digest, sometimes into a file as well.
struct Sink {
    file: Option<File>,
    hasher: Sha256,
    size: u64,
}

impl Sink {
    fn take(mut self, piece: &[u8]) -> io::Result<Self> {
        if let Some(file) = &mut self.file {
            file.write_all(piece)?;
        }
        self.hasher.update(piece);
        self.size += piece.len() as u64;
        Ok(self)
    }
}

fn pieces_of(file: File) -> BoxStream<'static, Result<Bytes, Cause>> {
    let next = |file| async {
        let (file, piece) = read_part(file, PIECE_BYTES).await?;
        Ok((!piece.is_empty()).then_some((piece, file)))
    };
    stream::try_unfold(file, next).boxed()
}

/// The next `bytes` bytes of a file, or fewer at its end.
async fn read_part(file: File, bytes: u64) -> io::Result<(File, Bytes)> {
    let read = move || {
        let mut part = Vec::with_capacity(usize::try_from(bytes).map_err(io::Error::other)?);
        (&file).take(bytes).read_to_end(&mut part)?;
        Ok((file, Bytes::from(part)))
    };
    blocking(read).await
}

/// What stopped an upload: the file here, or the store.
enum Stopped {
    Reading(io::Error),
    Sending(object_store::Error),
}

/// Sends `size` bytes of a file in parts, which become an object only when the upload is completed.
async fn send_parts(upload: &mut dyn MultipartUpload, mut file: File, size: u64) -> Result<(), Stopped> {
    let part_bytes = PART_BYTES.max(size.div_ceil(MOST_PARTS));
    let mut on_their_way = FuturesUnordered::new();
    for begin in (0..size).step_by(usize::try_from(part_bytes).unwrap_or(usize::MAX)) {
        let expected = part_bytes.min(size - begin);
        let (rest, part) = read_part(file, expected).await.map_err(Stopped::Reading)?;
        if part.len() as u64 != expected {
            let cut = io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read");
            return Err(Stopped::Reading(cut));
        }
        file = rest;
        if on_their_way.len() == PARTS_AT_ONCE {
            on_their_way.try_next().await.map_err(Stopped::Sending)?;
        }
        on_their_way.push(upload.put_part(part.into()));
    }
    while on_their_way.try_next().await.map_err(Stopped::Sending)?.is_some() {}
    Ok(())
}
