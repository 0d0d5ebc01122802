//! Many commits made durable by one sync.
//!
//! Left to itself, SQLite syncs its journal in every commit, one after the other. Here it only writes
//! (`synchronous = NORMAL`), and an answer waits until a sync that began after its commit is over: one
//! for all that committed meanwhile, and under load for those of the next half millisecond. A crash of the
//! machine loses no more than before, since nothing that was not synced has been answered: neither the
//! commit itself, nor a read that saw it.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use tokio::sync::{Mutex, watch};

/// SQLite's write-ahead log, and how far it is on disk.
#[derive(Debug)]
pub(crate) struct Journal {
    /// How many commits there were. Held while the engine works, so that a read knows what it may have
    /// seen. Who waits for it leaves the thread to other requests.
    commits: Mutex<u64>,
    asked: mpsc::Sender<u64>,
    synced: watch::Receiver<u64>,
}

impl Journal {
    /// The log of the database at `path`, which is open.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let mut log = OsString::from(path);
        log.push("-wal");
        let log = File::open(PathBuf::from(log))?;
        // Its name, too: it may be new.
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        let (asked, asks) = mpsc::channel();
        let (done, synced) = watch::channel(0);
        thread::Builder::new()
            .name("journal".into())
            .spawn(move || sync(&log, &asks, &done))?;
        Ok(Self {
            commits: Mutex::default(),
            asked,
            synced,
        })
    }

    /// Does `work`, alone, which says whether it committed something; then waits until that, and all that
    /// it may have read, is on disk. `work` is told how many commits it sees.
    pub(crate) async fn durably<T>(&self, work: impl FnOnce(u64) -> (T, bool)) -> io::Result<T> {
        let (result, seen) = self.numbered(work).await;
        self.reached(seen).await?;
        Ok(result)
    }

    /// Waits until so many commits are on disk.
    pub(crate) async fn reached(&self, seen: u64) -> io::Result<()> {
        let mut synced = self.synced.clone();
        let reached = synced.wait_for(|synced| *synced >= seen).await;
        match reached {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other("the journal could not be synced")),
        }
    }

    async fn numbered<T>(&self, work: impl FnOnce(u64) -> (T, bool)) -> (T, u64) {
        let mut commits = self.commits.lock().await;
        let (result, committed) = work(*commits);
        if committed {
            *commits += 1;
            // Nobody listens after a failed sync; the wait says so.
            let _ = self.asked.send(*commits);
        }
        (result, *commits)
    }
}

/// A sync that found so many commits is one among many at work: the next one waits for more to come.
const MANY: u64 = 3;
/// So long: about a sync's own time. Each sync takes a processor, too, and wakes all who wait.
const GATHER: Duration = Duration::from_micros(500);

/// Syncs as long as somebody asks. After a failure nothing is known of what was written: it ends, and
/// with it everything that waits.
fn sync(log: &File, asks: &mpsc::Receiver<u64>, done: &watch::Sender<u64>) {
    let (mut before, mut crowd) = (0, false);
    while let Ok(first) = asks.recv() {
        if crowd {
            thread::sleep(GATHER);
        }
        let reached = asks.try_iter().last().unwrap_or(first);
        crowd = reached - before >= MANY;
        before = reached;
        if log.sync_data().is_err() {
            return;
        }
        done.send_replace(reached);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A journal whose syncs are done by the test.
    fn manual() -> (Journal, mpsc::Receiver<u64>, watch::Sender<u64>) {
        let (asked, asks) = mpsc::channel();
        let (done, synced) = watch::channel(0);
        let journal = Journal {
            commits: Mutex::default(),
            asked,
            synced,
        };
        (journal, asks, done)
    }

    #[tokio::test]
    async fn an_answer_waits_for_its_sync() {
        let (journal, asks, done) = manual();
        assert_eq!(journal.durably(|_| ("read", false)).await.unwrap(), "read");
        assert!(asks.try_recv().is_err(), "a read asks for no sync");

        let journal = Arc::new(journal);
        let start = |what, commits| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move { journal.durably(|_| (what, commits)).await })
        };
        let write = start("write", true);
        tokio::task::yield_now().await;
        // What the write left can be read, and is not answered yet.
        let read = start("read", false);
        tokio::task::yield_now().await;
        assert_eq!(asks.try_recv().unwrap(), 1);
        assert!(!write.is_finished() && !read.is_finished());
        done.send_replace(1);
        assert_eq!(write.await.unwrap().unwrap(), "write");
        assert_eq!(read.await.unwrap().unwrap(), "read");
    }

    #[tokio::test]
    async fn a_failed_sync_fails_what_waits_and_what_comes() {
        let (journal, asks, done) = manual();
        drop(asks);
        drop(done);
        assert!(journal.durably(|_| ((), true)).await.is_err());
        assert!(journal.durably(|_| ((), true)).await.is_err());
    }

    #[test]
    fn one_sync_is_for_all_that_asked() {
        let (asked, asks) = mpsc::channel();
        let (done, synced) = watch::channel(0);
        let log = tempfile::tempfile().unwrap();
        for commit in 1..=5 {
            asked.send(commit).unwrap();
        }
        drop(asked);
        sync(&log, &asks, &done);
        assert_eq!(*synced.borrow(), 5);
    }
}
