//! Where bytes lie: a root URL and the objects under it, created once, read, listed and deleted, never overwritten.
//! A root is a folder, memory, or a bucket of a cloud.
//!
//! Every store can do that much, and alike: local disks have no conditional update, multipart uploads have no create
//! mode. The trait behind it is that of `object_store`; here are the root, the checking of paths, listings in order,
//! errors to branch on, and, on a disk, the syncing that `object_store` leaves out. Whole files in and out, and copies
//! within a store, are the business of `transfer`.

#[cfg_attr(not(feature = "chaos"), path = "store/chaos_off.rs")]
pub(crate) mod chaos;
mod cloud;
mod disk;
mod transfer;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use url::Url;

use self::cloud::{Attempts, Cloud, Failure};
use self::disk::{Disk, Walked};
use crate::error::Cause;
use crate::{Error, ErrorKind, Result};

/// Objects that are asked for at the same time, where a listing does not tell enough.
const LOOKS_AT_ONCE: usize = 16;

/// A root and the objects under it. A clone is a second handle on the same objects.
#[derive(Clone)]
pub struct Store {
    url: Arc<str>,
    objects: Arc<dyn ObjectStore>,
    place: Place,
}

/// What a store is made of, where that makes a difference.
#[derive(Clone)]
enum Place {
    Disk(Arc<Disk>),
    Memory,
    Cloud(Cloud),
}

/// One line of a listing. Entries are in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The object's path under the root.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, in the form of [`crate::Clock::now`]; some stores say it to the second only.
    pub modified: String,
    /// What changes when the content is replaced: the ETag, for the one thing that stores tell alike in listings and of
    /// single objects; on a disk made of inode, time of change and size. The same bytes written anew may change it.
    pub version: String,
}

impl Store {
    /// Opens `file:./bank` (relative to the folder `base`), `file:/var/bank`, `file:///var/bank`, `memory:`,
    /// `gs://bucket/prefix`, `s3://bucket/prefix` or `az://container/prefix`.
    ///
    /// A folder that does not exist is made. Each `memory:` is a new, empty store. A bucket must exist, and is not
    /// looked at yet. The `options` are settings of `object_store` by name, such as `aws_region`; the environment
    /// (`AWS_REGION`) says who we are, and wins over them. Where there is no bucket they mean nothing.
    pub fn open(root: &str, base: &FilePath, options: &BTreeMap<String, String>) -> Result<Self> {
        let wrong = |problem| Error::Root { root: shown(root), problem };
        let (scheme, rest) = root.split_once(':').ok_or_else(|| wrong("it has no scheme before a `:`"))?;
        let cloud = Cloud::of(scheme);
        match (scheme, cloud) {
            (_, Some(cloud)) => Self::open_bucket(root, cloud, rest, options),
            ("memory", _) if rest.trim_matches('/').is_empty() => {
                Ok(Self { url: "memory:".into(), objects: Arc::new(InMemory::new()), place: Place::Memory })
            }
            ("memory", _) => Err(wrong("nothing may follow `memory:`")),
            ("file", _) if rest.is_empty() => Err(wrong("`file:` needs a folder")),
            ("file", _) if rest.starts_with("//") => {
                let url = Url::parse(root).map_err(|_| wrong("it is not a URL"))?;
                let folder = url.to_file_path().map_err(|()| wrong("it names no folder of this machine"))?;
                Self::open_folder(&folder)
            }
            ("file", _) => Self::open_folder(&base.join(rest)),
            _ => Err(Error::Scheme { scheme: scheme.to_owned(), root: shown(root) }),
        }
    }

    fn open_bucket(root: &str, cloud: Cloud, rest: &str, options: &BTreeMap<String, String>) -> Result<Self> {
        let wrong = |problem| Error::Root { root: shown(root), problem };
        let rest =
            rest.strip_prefix("//").ok_or_else(|| wrong("two `/` and a bucket must follow the `:`"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        if bucket.is_empty() || !bucket.chars().all(plain) {
            return Err(wrong("its bucket is no name of letters, digits, `-`, `_` and `.`"));
        }
        if prefix.contains('?') {
            return Err(wrong("nothing may be asked with a `?`; settings have a table of their own"));
        }
        let prefix = prefix.trim_end_matches('/');
        let place = folder(prefix).map_err(|_| wrong("what follows the bucket is no path in a store"))?;
        let objects = cloud.client(bucket, place, options).map_err(|failure| match failure {
            Failure::Setting { name, problem } => Error::Setting { name, problem },
            Failure::Client(source) => Error::Bucket { root: shown(root), source },
        })?;
        let scheme = cloud.scheme();
        let slash = if prefix.is_empty() { "" } else { "/" };
        let url = format!("{scheme}://{bucket}{slash}{prefix}").into();
        Ok(Self { url, objects, place: Place::Cloud(cloud) })
    }

    fn open_folder(folder: &FilePath) -> Result<Self> {
        let failed = |source: Cause| Error::Folder { folder: folder.to_owned(), source };
        let absolute = std::path::absolute(folder).map_err(|error| failed(error.into()))?;
        let disk = Disk::open(&absolute).map_err(|error| failed(error.into()))?;
        let url = Url::from_file_path(disk.root()).map_err(|()| failed("the path has no URL".into()))?;
        Ok(Self {
            url: url.as_str().into(),
            objects: Arc::new(disk.files().clone()),
            place: Place::Disk(Arc::new(disk)),
        })
    }

    /// A store over objects of a test's making.
    #[cfg(test)]
    pub(crate) fn over(objects: Arc<dyn ObjectStore>) -> Self {
        Self { url: "test:".into(), objects, place: Place::Memory }
    }

    /// The root, for people to read.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether objects are files of this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.place, Place::Disk(_))
    }

    /// Where an object lies on the local disk, for readers of files; `None` where the store is no folder.
    pub fn local_path(&self, path: &str) -> Result<Option<PathBuf>> {
        let location = location(path)?;
        let Place::Disk(disk) = &self.place else { return Ok(None) };
        let file = disk.files().path_to_filesystem(&location);
        file.map(Some).map_err(|source| self.failed("locate", path, source))
    }

    /// The path under the root of what a bucket calls `name`; `None` where that is elsewhere. A folder of this machine
    /// has no bucket's name, so events about it may call it as they like.
    #[must_use]
    pub fn path_of(&self, bucket: &str, name: &str) -> Option<String> {
        let path = match self.url.split_once("://") {
            Some((_, rest)) if !self.is_local() => {
                let (ours, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                let under =
                    if prefix.is_empty() { Some(name) } else { name.strip_prefix(prefix)?.strip_prefix('/') };
                under.filter(|_| ours == bucket)?
            }
            _ => name,
        };
        location(path).is_ok().then(|| path.to_owned())
    }

    /// Creates an object; [`ErrorKind::AlreadyExists`] if the name is taken. Once this returns, the object stays.
    ///
    /// A cloud may say that the name is taken when it is our own object that took it: the answer to a first request was
    /// lost, the second found its work done. After any other error the object may be there, or not.
    pub async fn put_new(&self, path: &str, bytes: Bytes) -> Result<()> {
        let _operation = chaos::operation();
        let location = location(path)?;
        let Place::Disk(disk) = &self.place else {
            let mut attempts = self.attempts();
            loop {
                let create = PutOptions::from(PutMode::Create);
                let put = self.objects.put_opts(&location, bytes.clone().into(), create).await.map(drop);
                if let Some(answer) = attempts.settle(put).await {
                    return answer.map_err(|source| self.failed("create", path, source));
                }
            }
        };
        let disk = Arc::clone(disk);
        let target = disk
            .files()
            .path_to_filesystem(&location)
            .map_err(|source| self.failed("create", path, source))?;
        let created = blocking(move || disk.create(&target, &mut &bytes[..])).await;
        created.map_err(|source| self.not_created(path, source))
    }

    /// Creates an object, or finds the very same bytes there already; [`ErrorKind::AlreadyExists`] if others are there.
    pub async fn put_once(&self, path: &str, bytes: Bytes) -> Result<()> {
        match self.put_new(path, bytes.clone()).await {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let there = self.get(path).await?;
                if there == bytes { Ok(()) } else { Err(error) }
            }
            outcome => outcome,
        }
    }

    /// The bytes of an object; [`ErrorKind::NotFound`] if there is none.
    pub async fn get(&self, path: &str) -> Result<Bytes> {
        let _operation = chaos::operation();
        let location = location(path)?;
        let failed = |source| self.failed("read", path, source);
        let found = self.objects.get(&location).await.map_err(failed)?;
        found.bytes().await.map_err(failed)
    }

    /// Size, time and version of an object; [`ErrorKind::NotFound`] if there is none, or on a disk no file.
    pub async fn head(&self, path: &str) -> Result<Entry> {
        let _operation = chaos::operation();
        let location = location(path)?;
        if let Some(file) = self.local_path(path)? {
            let looked = blocking(move || Ok(std::fs::metadata(file)?.is_file())).await;
            let source: Option<Cause> = match looked {
                // A pipe or a device would be read for ever.
                Ok(false) => Some("it is no file".into()),
                // What the system cannot call so, nobody has put there.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidFilename => Some(error.into()),
                Ok(true) | Err(_) => None,
            };
            if let Some(source) = source {
                return Err(Error::NotFound { path: path.to_owned(), store: self.url.to_string(), source });
            }
        }
        let mut meta =
            self.objects.head(&location).await.map_err(|source| self.failed("read", path, source))?;
        // Under a prefix `object_store` tells the whole name here, and what follows the prefix in listings.
        meta.location = location;
        Ok(self.entry(meta))
    }

    /// Whether there is such an object.
    pub async fn exists(&self, path: &str) -> Result<bool> {
        match self.head(path).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// All objects under the folder `prefix`, however deep, in the order of their paths; the empty prefix is the root.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let _operation = chaos::operation();
        let location = folder(prefix)?;
        let listed = self.collect(prefix, self.objects.list(Some(&location))).await;
        match (&self.place, listed) {
            (Place::Disk(disk), Err(error)) if error.kind() == ErrorKind::Other => {
                self.list_named(disk, prefix).await
            }
            (_, listed) => listed,
        }
    }

    /// A listing of a folder of this machine in which a name is no path of a store, or a link leads back: `object_store`
    /// stops there, and what cannot be asked for must not hide the rest.
    async fn list_named(&self, disk: &Arc<Disk>, prefix: &str) -> Result<Vec<Entry>> {
        let whole = self.walk(disk, prefix).await?.paths.into_iter().filter(|path| location(path).is_ok());
        let mut heads =
            stream::iter(whole).map(|path| async move { self.head(&path).await }).buffered(LOOKS_AT_ONCE);
        let mut entries = Vec::new();
        while let Some(head) = heads.next().await {
            match head {
                Ok(entry) => entries.push(entry),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        entries.sort_unstable();
        Ok(entries)
    }

    /// What lies under a folder of this machine and is in no listing, as far as it can be shown: its name is no path of a
    /// store, it is a link that leads nowhere or back, or neither file nor folder. Object stores have no such.
    pub async fn unlisted(&self, prefix: &str) -> Result<Vec<String>> {
        let Place::Disk(disk) = &self.place else { return Ok(Vec::new()) };
        let Walked { paths, mut odd } = self.walk(disk, prefix).await?;
        odd.extend(paths.into_iter().filter(|path| location(path).is_err() && !is_staged(path)));
        odd.sort_unstable();
        Ok(odd)
    }

    async fn walk(&self, disk: &Disk, prefix: &str) -> Result<Walked> {
        let (root, below) = (disk.root().to_owned(), prefix.to_owned());
        let walked = blocking(move || Disk::walk(&root, &below)).await;
        walked.map_err(|source| self.other("list", prefix, source.into()))
    }

    /// As [`Self::list`], but only what comes after the path `after`, which need not exist.
    pub async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<Entry>> {
        let _operation = chaos::operation();
        let (location, offset) = (folder(prefix)?, location(after)?);
        self.collect(prefix, self.objects.list_with_offset(Some(&location), &offset)).await
    }

    /// The names of what lies in the folder itself after the path `after`, in no order; perhaps of what lies deeper, and of
    /// folders. A disk need not look at each file for that.
    pub(crate) async fn names_after(&self, prefix: &str, after: &str) -> Result<Vec<String>> {
        let Place::Disk(disk) = &self.place else {
            let entries = self.list_after(prefix, after).await?;
            return Ok(entries.into_iter().map(|entry| entry.path).collect());
        };
        let _operation = chaos::operation();
        let location = folder(prefix)?;
        let place = disk.files().path_to_filesystem(&location);
        let place = place.map_err(|source| self.failed("list", prefix, source))?;
        let names = blocking(move || Disk::names(&place)).await;
        let names = names.map_err(|source| self.other("list", prefix, source.into()))?;
        let paths = names.into_iter().map(|name| format!("{prefix}/{name}"));
        Ok(paths.filter(|path| after < path.as_str()).collect())
    }

    /// Deletes an object; one that is not there is no error. After a power cut it may be back.
    pub async fn delete(&self, path: &str) -> Result<()> {
        let _operation = chaos::operation();
        match self.objects.delete(&location(path)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(self.failed("delete", path, source)),
        }
    }

    /// Local listings come in no order, so all are sorted here.
    async fn collect(
        &self,
        prefix: &str,
        listing: BoxStream<'_, object_store::Result<ObjectMeta>>,
    ) -> Result<Vec<Entry>> {
        let failed = |source| self.failed("list", prefix, source);
        let found = listing.try_collect::<Vec<_>>().await.map_err(failed)?;
        let (marked, bare): (Vec<_>, Vec<_>) = found.into_iter().partition(|meta| meta.e_tag.is_some());
        let mut entries: Vec<Entry> = marked.into_iter().map(|meta| self.entry(meta)).collect();
        // Some servers that speak S3 list no ETags, and tell them of single objects only.
        let mut looks = stream::iter(bare).map(|meta| self.look(meta)).buffer_unordered(LOOKS_AT_ONCE);
        while let Some(entry) = looks.try_next().await? {
            entries.extend(entry);
        }
        // What consoles of clouds call a folder is an empty object whose name ends in `/`; the client drops that sign.
        entries.retain(|entry| entry.path != prefix);
        entries.sort_unstable();
        Ok(entries)
    }

    /// The entry of one object of a listing, if it is still there.
    async fn look(&self, meta: ObjectMeta) -> Result<Option<Entry>> {
        match self.head(meta.location.as_ref()).await {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn entry(&self, meta: ObjectMeta) -> Entry {
        let nanoseconds = meta.last_modified.timestamp_subsec_nanos();
        let modified =
            Timestamp::new(meta.last_modified.timestamp(), i32::try_from(nanoseconds).unwrap_or(0));
        let modified = modified.unwrap_or(Timestamp::UNIX_EPOCH);
        let mark = meta.e_tag.or(meta.version);
        let version = match mark {
            // The mark of `object_store` knows the time to the microsecond, the disk may know it better.
            Some(mark) if self.is_local() => format!("{mark}-{nanoseconds:x}"),
            // Azure puts the quotes into its answers and leaves them out of its listings.
            Some(mark) => mark.trim_matches('"').to_owned(),
            None => format!("{modified:.9}"),
        };
        Entry { path: meta.location.into(), size: meta.size, modified: format!("{modified:.3}"), version }
    }

    /// How often a create may be tried.
    fn attempts(&self) -> Attempts {
        Attempts::of(if let Place::Cloud(cloud) = self.place { Some(cloud) } else { None })
    }

    /// What became of creating a file.
    fn not_created(&self, path: &str, source: std::io::Error) -> Error {
        match source.kind() {
            std::io::ErrorKind::AlreadyExists => self.already_exists(path, source.into()),
            _ => self.other("create", path, source.into()),
        }
    }

    fn failed(&self, action: &'static str, path: &str, source: object_store::Error) -> Error {
        match source {
            object_store::Error::NotFound { .. } => {
                Error::NotFound { path: path.to_owned(), store: self.url.to_string(), source: source.into() }
            }
            object_store::Error::AlreadyExists { .. } => self.already_exists(path, source.into()),
            _ => self.other(action, path, source.into()),
        }
    }

    fn already_exists(&self, path: &str, source: Cause) -> Error {
        Error::AlreadyExists { path: path.to_owned(), store: self.url.to_string(), source }
    }

    fn other(&self, action: &'static str, path: &str, source: Cause) -> Error {
        Error::Store { action, path: path.to_owned(), store: self.url.to_string(), source }
    }
}

/// Credentials within a client are nobody's to read.
impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A root as messages may show it: without what a person may have put there of passwords and signatures.
fn shown(root: &str) -> String {
    let asked = root.split_once('?').map_or(root, |(before, _)| before);
    match (asked.split_once("//"), asked.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}//…@{place}"),
        _ => asked.to_owned(),
    }
}

/// Runs what waits for a disk where it holds up nobody.
async fn blocking<T: Send + 'static>(
    task: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(task).await.map_err(std::io::Error::from).flatten()
}

/// A path for an object: what one store takes, all must take, and none may read as leading out of the root.
fn location(path: &str) -> Result<Path> {
    let wrong = |problem| Error::Path { path: path.to_owned(), problem };
    if path.is_empty() {
        return Err(wrong("it is empty"));
    }
    if path.starts_with('/') {
        return Err(wrong("it starts with `/`, and paths are relative to the root"));
    }
    if path.split('/').any(str::is_empty) {
        return Err(wrong("a part between two `/` is empty"));
    }
    if path.split('/').any(|part| part == "." || part == "..") {
        return Err(wrong("`.` and `..` are not allowed as parts"));
    }
    if path.contains(|character: char| character.is_control() || character == '\\') {
        return Err(wrong("it has a control character or a `\\`"));
    }
    if is_staged(path) {
        return Err(wrong("a name in which only digits follow the `#` is kept for files being written"));
    }
    Path::parse(path).map_err(|_| wrong("the store takes no such path"))
}

/// A path for a listing: as [`location`], but the root itself is allowed.
fn folder(prefix: &str) -> Result<Path> {
    if prefix.is_empty() { Ok(Path::default()) } else { location(prefix) }
}

/// Whether it is the path of a file that is still being written.
fn is_staged(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split_once('#').is_some_and(|(_, end)| !end.is_empty() && is_digits(end))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
