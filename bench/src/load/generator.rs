//! Keeps a server busy over a fixed number of connections, and times each answer.
//!
//! It writes and reads plain HTTP/1.1: the less it takes of the machine, the more is the server's.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::Outcome;

/// Makes the `number`th request: whole, as bytes.
pub(crate) type Requests = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// A request in HTTP/1.1, on a connection that stays.
pub(crate) fn request(
    host: SocketAddr,
    path: &str,
    authorization: Option<&str>,
    media_type: &str,
    body: &str,
) -> Vec<u8> {
    let authorization = authorization
        .map(|value| format!("authorization: {value}\r\n"))
        .unwrap_or_default();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\n{authorization}content-type: {media_type}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends requests over `connections` connections for `time`; how long each answer took.
///
/// An answer with another status than `promised` ends it all.
pub(crate) async fn run(
    server: SocketAddr,
    connections: u64,
    time: Duration,
    promised: u16,
    requests: &Requests,
) -> Outcome<Vec<Duration>> {
    let mut busy = JoinSet::new();
    let end = Instant::now() + time;
    for number in 0..connections {
        let requests = Arc::clone(requests);
        busy.spawn(async move {
            let mut took = Vec::new();
            let mut connection = Connection::open(server).await?;
            let mut at = number;
            while Instant::now() < end {
                let request = requests(at);
                let begun = Instant::now();
                connection.ask(&request, promised).await?;
                took.push(begun.elapsed());
                at += connections;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(took)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = busy.join_next().await {
        all.append(&mut done??);
    }
    Ok(all)
}

/// Sends one request on a connection of its own; the JSON of its answer.
pub(crate) async fn once(server: SocketAddr, request: &[u8]) -> Outcome<serde_json::Value> {
    let mut connection = Connection::open(server).await?;
    connection.ask(request, 200).await?;
    let body = connection
        .read
        .windows(4)
        .position(|four| four == b"\r\n\r\n");
    let body = body.and_then(|end| connection.read.get(end + 4..));
    Ok(serde_json::from_slice(body.unwrap_or_default())?)
}

struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(server: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(8 * 1024),
        })
    }

    /// Sends a request and reads its whole answer.
    async fn ask(&mut self, request: &[u8], promised: u16) -> Outcome<()> {
        self.stream.write_all(request).await?;
        self.read.clear();
        loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let Some(head) = Head::parse(&self.read)? else {
                continue;
            };
            if head.status != promised {
                let said = String::from_utf8_lossy(&self.read);
                return Err(format!("the server answered: {said}").into());
            }
            if self.read.len() >= head.length {
                return Ok(());
            }
        }
    }
}

/// What must be known of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Of the whole answer, in bytes.
    length: usize,
}

impl Head {
    /// `None` until the headers are there.
    fn parse(read: &[u8]) -> Outcome<Option<Self>> {
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(read.get(..end).unwrap_or_default())?;
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let length = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim())
        });
        Ok(Some(Self {
            status: status.ok_or("an answer without a status")?.parse()?,
            length: end
                + 4
                + length
                    .ok_or("an answer without a length")?
                    .parse::<usize>()?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
        let expected = Head {
            status: 201,
            length: whole.len(),
        };
        assert_eq!(Head::parse(whole).unwrap(), Some(expected));
        assert_eq!(Head::parse(&whole[..30]).unwrap(), None);
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    /// A slow and chatty server is understood, and its slowness measured.
    #[tokio::test]
    async fn answers_are_timed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 1024];
            while stream.read(&mut buffer).await.unwrap() > 0 {
                for part in ["HTTP/1.1 200 OK\r\nconte", "nt-length: 2\r\n\r\n", "ok"] {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    stream.write_all(part.as_bytes()).await.unwrap();
                }
            }
        });
        let requests: Requests =
            Arc::new(move |_| request(server, "/", None, "text/plain", "hello"));
        let time = Duration::from_millis(100);
        let took = run(server, 1, time, 200, &requests).await.unwrap();
        assert!((2..=7).contains(&took.len()), "{}", took.len());
        assert!(
            took.iter().all(|t| *t >= Duration::from_millis(15)),
            "{took:?}"
        );
    }
}
