//! The local server as a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Credentials;

/// A running server. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Local {
    child: Child,
    /// What it printed.
    pub(crate) printed: String,
    pub(crate) base_url: String,
    pub(crate) management: Credentials,
    /// The directory that it works in; `credentials` and `log` are ours.
    pub(crate) directory: TempDir,
}

/// The program in `directory`, with its output caught. It makes files that everybody may read if it
/// does not take care itself, and hears of a limit to their size by the write that fails alone.
pub(crate) fn command(directory: &TempDir, arguments: &[&str]) -> Command {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(directory.path().join("log"))
        .unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask 022; trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_local-under-test"))
        .args(arguments)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    command
}

impl Local {
    /// Starts on a free port, in a directory of its own.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(TempDir::new().unwrap(), arguments)
    }

    /// Starts on a free port, in a directory that an earlier one left.
    pub(crate) fn start_in(directory: TempDir, arguments: &[&str]) -> Self {
        let file = directory.path().join("credentials");
        let _ = fs::remove_file(&file);
        let always = ["--port", "0", "--credentials-file", "credentials"];
        let mut child = command(&directory, &[&always, arguments].concat())
            .spawn()
            .unwrap();
        // What it prints ends with the body of the request to paste.
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        while !printed.contains("\n  -d '") {
            let length = stdout.read_line(&mut printed).unwrap();
            assert!(length > 0, "it did not start: {}", log(&directory));
        }
        let written: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        Self {
            child,
            printed,
            base_url: written["base_url"].as_str().unwrap().to_owned(),
            management: Credentials::of(&written),
            directory,
        }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.base_url.strip_prefix("http://").unwrap()
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        log(&self.directory)
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for its end, for some seconds.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        ended(&mut self.child)
    }

    /// Ends it without a word: `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its directory, for a next start.
    pub(crate) fn into_directory(mut self) -> TempDir {
        let empty = TempDir::new().unwrap();
        std::mem::replace(&mut self.directory, empty)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops it, and gives its directory for a next start.
    pub(crate) fn stop(mut self) -> TempDir {
        self.terminate();
        assert_eq!(self.ended().code(), Some(0), "{}", self.log());
        self.into_directory()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for the end of a process, for some seconds.
pub(crate) fn ended(child: &mut Child) -> ExitStatus {
    for _ in 0..300 {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let _ = child.kill();
    panic!("it did not end");
}

/// What was logged in `directory`.
pub(crate) fn log(directory: &TempDir) -> String {
    fs::read_to_string(directory.path().join("log")).unwrap()
}
