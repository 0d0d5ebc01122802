//! What a database in a file has and one in memory has not: durable commits, and a memory of transactions
//! and reads, for there may be many.

use std::{
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use dynoxide::Database;

use crate::{
    answers::Answers,
    dispatch::{self, Answer},
    journal::Journal,
    tokens::Tokens,
};

/// A database's file.
#[derive(Debug)]
pub(crate) struct DataFile {
    journal: Journal,
    tokens: Mutex<Tokens>,
    answers: Mutex<Answers>,
}

impl DataFile {
    /// That of the database at `path`, which is open.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            journal: Journal::of(path)?,
            tokens: Mutex::default(),
            answers: Mutex::default(),
        })
    }

    /// Answers one request, once what it wrote and read is on disk.
    pub(crate) async fn execute(
        &self,
        database: &Database,
        operation: &str,
        body: &[u8],
    ) -> io::Result<Answer> {
        let known = self.answers().get(operation, body);
        if let Some((body, seen)) = known {
            self.journal.reached(seen).await?;
            return Ok(Answer { status: 200, body });
        }
        let work = |seen| self.work(database, operation, body, seen);
        self.journal.durably(work).await
    }

    /// Something is about to be written.
    pub(crate) fn forget(&self) {
        self.answers().forget();
    }

    /// The engine's own answer, and whether something was committed. The journal sees to it that there is
    /// but one at a time: between a read and the remembering of its answer nothing is written.
    fn work(&self, database: &Database, operation: &str, body: &[u8], seen: u64) -> (Answer, bool) {
        let writes = dispatch::writes(operation);
        if writes {
            self.forget();
        }
        let answer = dispatch::execute(database, operation, body, Some(&self.tokens));
        if !writes && answer.status == 200 {
            self.answers().keep(operation, body, &answer.body, seen);
        }
        // A refusal has written nothing.
        let committed = writes && answer.status != 400;
        (answer, committed)
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
