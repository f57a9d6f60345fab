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
    GetOptions, GetResult, GetResultPayload, MultipartUpload, ObjectStore as _, ObjectStoreExt as _,
};
use sha2::{Digest as _, Sha256};

use super::disk::Disk;
use super::{Entry, Store, blocking, location};
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
        let location = location(path)?;
        let unreadable = |source| Error::File { action: "read", file: file.to_owned(), source };
        let name = file.to_owned();
        let opened = blocking(move || {
            let opened = File::open(name)?;
            let size = opened.metadata()?.len();
            Ok((opened, size))
        });
        let (opened, size) = opened.await.map_err(unreadable)?;
        if let Some(disk) = &self.disk {
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
        self.read_pinned(entry, Some(to)).await
    }

    /// The digest of the object that was listed; [`ErrorKind::Changed`] if it is another by now.
    pub async fn digest(&self, entry: &Entry) -> Result<Digest> {
        self.read_pinned(entry, None).await
    }

    /// Copies an object under a new name, within the store; [`ErrorKind::AlreadyExists`] if the name is taken.
    pub async fn copy_new(&self, from: &str, to: &str) -> Result<()> {
        let (source, target) = (location(from)?, location(to)?);
        let failed = |error| self.failed("copy", from, error);
        let Some(disk) = &self.disk else {
            let copied = self.objects.copy_if_not_exists(&source, &target).await;
            return copied.map_err(|error| match error {
                object_store::Error::AlreadyExists { .. } => self.failed("create", to, error),
                _ => failed(error),
            });
        };
        // A look at the object tells a missing one, and a folder, from a file.
        self.objects.head(&source).await.map_err(failed)?;
        let source = disk.files().path_to_filesystem(&source).map_err(failed)?;
        let opened = blocking(move || File::open(source)).await;
        let opened = opened.map_err(|error| self.other("copy", from, error.into()))?;
        self.create_from(disk, to, &target, opened).await
    }

    /// As [`Self::copy_new`], but no error if an object of the same size has the name already: for names of which every
    /// writer writes the same bytes.
    pub async fn copy_once(&self, from: &str, to: &str) -> Result<()> {
        match self.copy_new(from, to).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let (source, target) = (self.head(from).await?, self.head(to).await?);
                if source.size == target.size { Ok(()) } else { Err(error) }
            }
            outcome => outcome,
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
        let location = location(&entry.path)?;
        let found = self.objects.get_opts(&location, GetOptions::default()).await;
        let found = found.map_err(|source| match source {
            object_store::Error::Precondition { .. } => self.changed(entry),
            source => self.failed("read", &entry.path, source),
        })?;
        let now = self.entry(found.meta.clone());
        // Not every store heeds the condition, but each says what it has sent.
        if (now.size, &now.version) != (entry.size, &entry.version) {
            return Err(self.changed(entry));
        }
        let Some(to) = to else { return self.pour(entry, found, None).await };
        let unwritable = |source| Error::File { action: "write", file: to.to_owned(), source };
        let file = File::create(to).map_err(unwritable)?;
        let poured = self.pour(entry, found, Some((file, to))).await;
        if poured.is_err() {
            std::fs::remove_file(to).ok();
        }
        poured
    }

    /// Reads what was found to its end, perhaps into a file.
    async fn pour(&self, entry: &Entry, found: GetResult, to: Option<(File, &FilePath)>) -> Result<Digest> {
        let path = &entry.path;
        let (file, place) = to.unzip();
        let modified = SystemTime::from(found.meta.last_modified);
        let (mut pieces, on_disk) = match found.payload {
            GetResultPayload::File(content, _) => {
                let same = content.try_clone().map_err(|source| self.other("read", path, source.into()))?;
                (pieces_of(content), Some(same))
            }
            GetResultPayload::Stream(pieces) => (pieces.map_err(Cause::from).boxed(), None),
        };
        let mut sink = Sink { file, hasher: Sha256::new(), size: 0 };
        while let Some(piece) = pieces.try_next().await.map_err(|source| self.other("read", path, source))? {
            sink = blocking(move || sink.take(&piece)).await.map_err(|source| {
                let file = place.unwrap_or(FilePath::new("")).to_owned();
                Error::File { action: "write", file, source }
            })?;
        }
        // A file of a disk may be written while it is read; a store in a cloud sends one content.
        if let Some(content) = on_disk {
            let meta = content.metadata().and_then(|meta| Ok((meta.len(), meta.modified()?)));
            let after = meta.map_err(|source| self.other("read", path, source.into()))?;
            if after != (entry.size, modified) {
                return Err(self.changed(entry));
            }
        }
        if sink.size != entry.size {
            let cut = format!("{} bytes came where there are {}", sink.size, entry.size);
            return Err(self.other("read", path, cut.into()));
        }
        Ok(Digest::of_all(sink.hasher))
    }

    fn changed(&self, entry: &Entry) -> Error {
        Error::Changed { path: entry.path.clone(), store: self.url.to_string() }
    }
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
