//! What one connection may take, and how many there may be: nobody holds the server by being slow.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep, timeout},
};

/// How long each part of an exchange may take as a whole, however steadily its bytes come, and how many
/// connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From a connection's start, or the last answer, to the end of a request's headers: so it ends idle
    /// connections too.
    pub head: Duration,
    /// From the end of the headers to the end of the body.
    pub body: Duration,
    /// From the first byte of an answer that finds no room to the last one that does.
    pub answer: Duration,
    /// Connections at a time. One more is answered 503 and closed.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            // Fewer than the 1 024 files that a process may usually have open: the table needs some.
            connections: 900,
        }
    }
}

/// Connections beyond the limit that are told so at a time; any further one is closed without a word.
const TURNED_AWAY: usize = 64;
/// How long one that is turned away gets to read why.
const FAREWELL: Duration = Duration::from_secs(1);
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 50\r\n\
    retry-after: 1\r\nconnection: close\r\n\r\nThis server has as many connections as it may have";

/// The places that connections take.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    served: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
}

impl Places {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            served: Arc::new(Semaphore::new(limits.connections)),
            turned_away: Arc::new(Semaphore::new(TURNED_AWAY)),
        }
    }

    /// A place for a connection, to be held while it lasts; without one it is turned away.
    pub(crate) fn take(&self, stream: TcpStream) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        if let Ok(place) = Arc::clone(&self.served).try_acquire_owned() {
            return Some((stream, place));
        }
        if let Ok(place) = Arc::clone(&self.turned_away).try_acquire_owned() {
            tracing::warn!("a connection was turned away: there are as many as there may be");
            tokio::spawn(async move {
                let _ = timeout(FAREWELL, turn_away(stream)).await;
                drop(place);
            });
        }
        None
    }
}

/// What the client sent is read, for closing a socket with unread bytes takes the answer back.
async fn turn_away(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(FULL).await?;
    stream.shutdown().await?;
    let mut sent = [0; 4096];
    while stream.read(&mut sent).await? > 0 {}
    Ok(())
}

/// A connection whose answers must be read within a time. A steady trickle does not help: the time runs
/// until all that waits is written.
pub(crate) struct Timed {
    stream: TcpStream,
    limit: Duration,
    /// Runs while an answer waits for room.
    waits: Option<Pin<Box<Sleep>>>,
}

impl Timed {
    pub(crate) const fn new(stream: TcpStream, limit: Duration) -> Self {
        Self {
            stream,
            limit,
            waits: None,
        }
    }

    /// What a write came to; one that found no room has the time from then on.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Err(_)) = written {
            return written;
        }
        if written.is_pending() && self.waits.is_none() {
            self.waits = Some(Box::pin(sleep(self.limit)));
        }
        let over = |waits: &mut Pin<Box<Sleep>>| waits.as_mut().poll(cx).is_ready();
        if self.waits.as_mut().is_some_and(over) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        written
    }
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Timed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Comes when all that waited has been written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.waits = None;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
