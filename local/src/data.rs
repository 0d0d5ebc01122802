//! The data directory: the table's file, the master secret and the management credentials.
//!
//! Secrets lie here in clear, readable by their owner only: on AWS they are in Secrets Manager and in
//! the operator's hands.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
};

use data_encoding::HEXLOWER;
use domain::{ClientId, Entropy, TenantId, ports};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why the data directory can't be used.
#[derive(Debug, Error)]
pub enum DataError {
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The table is there but its master secret is not.
    #[error(
        "{0} is missing though the table exists: restore it, or delete the directory to start anew"
    )]
    NoMaster(PathBuf),
    /// Another server has it.
    #[error(
        "another server uses the data directory {directory}{who}: stop that one, or choose another directory with --data"
    )]
    InUse {
        /// Which directory.
        directory: PathBuf,
        /// Its process and address in parentheses, as far as they are known.
        who: String,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> DataError {
    let path = path.to_owned();
    move |source| DataError::Io { path, source }
}

/// The management client's credentials, as they are kept.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The client.
    pub client_id: ClientId,
    /// Its secret.
    pub client_secret: String,
}

/// A data directory, this server's alone while it lasts.
#[derive(Debug)]
pub struct Data {
    directory: PathBuf,
    /// Locked. The system lets go of it with the process, however that ends.
    lock: File,
}

impl Data {
    /// Opens the directory, and makes it when absent.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(at(path))?;
        let file = path.join("lock");
        let lock = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&file)
            .map_err(at(&file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let who = fs::read_to_string(&file).unwrap_or_default();
                return Err(DataError::InUse {
                    directory: path.to_owned(),
                    who,
                });
            }
            Err(TryLockError::Error(e)) => return Err(at(&file)(e)),
        }
        let directory = path.to_owned();
        lock.set_len(0).map_err(at(&file))?;
        Ok(Self { directory, lock })
    }

    /// Tells whoever wants the directory, too, which process has it and where that listens.
    pub fn sign(&mut self, base_url: &str) -> Result<(), DataError> {
        let who = format!(" (process {}, {base_url})", process::id());
        let written = self.lock.write_all(who.as_bytes());
        written.map_err(at(&self.directory.join("lock")))
    }

    /// The table's file, for its owner only: SQLite gives the files beside it the same mode.
    pub fn table(&self) -> Result<PathBuf, DataError> {
        let path = self.table_path();
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        Ok(path)
    }

    fn table_path(&self) -> PathBuf {
        self.directory.join("table.sqlite")
    }

    /// The master secret, made at the first start.
    pub fn master(&self, entropy: &dyn Entropy) -> Result<String, DataError> {
        let path = self.directory.join("master.secret");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                if self.table_path().exists() {
                    return Err(DataError::NoMaster(path));
                }
                let text = new_master(entropy).map_err(at(&path))?;
                write_private(&path, text.as_bytes())?;
                Ok(text)
            }
            Err(e) => Err(at(&path)(e)),
        }
    }

    /// The credentials kept at an earlier start, if they can be read.
    pub fn credentials(&self) -> Option<Kept> {
        let text = fs::read(self.credentials_path()).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps the credentials.
    pub fn keep(&self, kept: &Kept) -> Result<(), DataError> {
        let path = self.credentials_path();
        let text = serde_json::to_vec_pretty(kept)
            .map_err(io::Error::from)
            .map_err(at(&path))?;
        write_private(&path, &text)
    }

    fn credentials_path(&self) -> PathBuf {
        self.directory.join("credentials.json")
    }
}

/// A new master secret: 256 random bits.
pub fn new_master(entropy: &dyn Entropy) -> io::Result<String> {
    let bytes: [u8; 32] = ports::random(entropy).map_err(io::Error::other)?;
    Ok(HEXLOWER.encode(&bytes))
}

/// Writes a file that only its owner can read, whole or not at all.
pub fn write_private(path: &Path, text: &[u8]) -> Result<(), DataError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", process::id()));
    let temporary = PathBuf::from(name);
    let write = || -> io::Result<()> {
        let _ = fs::remove_file(&temporary);
        let mut file: File = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(at(path))
}
