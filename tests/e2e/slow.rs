//! Clients that are slow on purpose, and how many there may be. The limits are those of the local server, cut
//! to what a test can wait for; each server has room for one connection, so that a place that is not given
//! back is seen.

use std::{
    future::pending,
    net::SocketAddr,
    time::{Duration, Instant},
};

use local::{
    limits::Limits,
    operations,
    server::{Service, serve},
};
use testkit::TestApp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{sleep, timeout},
};

const LIMIT: Duration = Duration::from_millis(800);
/// Each byte comes long before the limit.
const TRICKLE: Duration = Duration::from_millis(100);
const GET: &[u8] = b"GET /oauth2/jwks HTTP/1.1\r\nhost: x\r\n\r\n";
const LAST: &[u8] = b"GET /oauth2/jwks HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

fn limits() -> Limits {
    Limits {
        head: LIMIT,
        body: LIMIT,
        answer: LIMIT,
        connections: 1,
    }
}

/// A server on a port of its own, for as long as the test runs.
async fn server(limits: Limits) -> SocketAddr {
    let app = TestApp::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = Service::new(app.registry.clone(), operations::all(), limits);
    tokio::spawn(async move {
        serve(listener, service, pending()).await;
        drop(app);
    });
    address
}

/// What a new connection gets for one request.
async fn answer(server: SocketAddr) -> String {
    let mut stream = TcpStream::connect(server).await.unwrap();
    // One that is turned away may be closed first.
    let _ = stream.write_all(LAST).await;
    rest(&mut stream).await
}

/// What comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes));
    // It closes, one way or another.
    let _ = read.await.unwrap();
    String::from_utf8(bytes).unwrap()
}

fn is(answer: &str, status: &str) -> bool {
    answer.starts_with(&format!("HTTP/1.1 {status} "))
}

/// Waits until the one place is free.
async fn freed(server: SocketAddr) {
    for _ in 0..100 {
        if is(&answer(server).await, "200") {
            return;
        }
        sleep(TRICKLE).await;
    }
    panic!("its place was not given back");
}

/// Sends `bytes` one by one until the server closes; how long that took and what it said.
async fn trickle(stream: TcpStream, bytes: impl Iterator<Item = u8>) -> (Duration, String) {
    let started = Instant::now();
    let (mut from, mut to) = stream.into_split();
    let heard = tokio::spawn(async move {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes).await;
        (started.elapsed(), String::from_utf8(bytes).unwrap())
    });
    for byte in bytes {
        if heard.is_finished() || to.write_all(&[byte]).await.is_err() {
            break;
        }
        sleep(TRICKLE).await;
    }
    timeout(Duration::from_secs(20), heard)
        .await
        .unwrap()
        .unwrap()
}

fn assert_about_the_limit(took: Duration) {
    assert!(took > LIMIT / 2 && took < LIMIT * 5, "{took:?}");
}

#[tokio::test]
async fn a_head_that_trickles_ends_at_its_deadline() {
    let server = server(limits()).await;
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream
        .write_all(b"GET /oauth2/jwks HTTP/1.1\r\nx: ")
        .await
        .unwrap();
    let others = answer(server).await;
    assert!(is(&others, "503"), "{others}");
    let (took, said) = trickle(stream, std::iter::repeat_n(b'x', 100)).await;
    assert_about_the_limit(took);
    assert!(!said.contains(" 200 "), "{said}");
    freed(server).await;
}

#[tokio::test]
async fn a_body_that_trickles_ends_at_its_deadline() {
    let server = server(limits()).await;
    for framing in ["content-length: 5000", "transfer-encoding: chunked"] {
        let mut stream = TcpStream::connect(server).await.unwrap();
        let head = format!("POST /oauth2/token HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let body: Vec<u8> = if framing.starts_with('t') {
            b"1\r\nx\r\n".repeat(50)
        } else {
            b"x".repeat(100)
        };
        let (took, said) = trickle(stream, body.into_iter()).await;
        assert_about_the_limit(took);
        assert!(is(&said, "400") && said.contains("took too long"), "{said}");
        assert!(said.contains("connection: close"), "{said}");
        freed(server).await;
    }
}

#[tokio::test]
async fn an_idle_connection_ends_and_one_in_use_does_not() {
    let server = server(limits()).await;
    let mut stream = TcpStream::connect(server).await.unwrap();
    let started = Instant::now();
    // Together these take longer than any one limit.
    while started.elapsed() < LIMIT * 2 {
        stream.write_all(GET).await.unwrap();
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap();
        assert!(is(&String::from_utf8_lossy(&part[..length]), "200"));
        sleep(LIMIT / 4).await;
    }
    let idle = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    assert_about_the_limit(idle.elapsed() + LIMIT / 4);
    freed(server).await;
    let silent = TcpStream::connect(server).await.unwrap();
    freed(server).await;
    drop(silent);
}

#[tokio::test]
async fn an_answer_that_is_not_read_ends_at_its_deadline() {
    let server = server(limits()).await;
    for reads in [0, 1] {
        // Little room, so that answers wait.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(server).await.unwrap();
        let (mut from, mut to) = stream.into_split();
        let asking = tokio::spawn(async move {
            while to.write_all(GET).await.is_ok() {}
            Instant::now()
        });
        let started = Instant::now();
        // The answers are read byte by byte, or not at all.
        while !asking.is_finished() && started.elapsed() < LIMIT * 20 {
            let _ = from.read(&mut [0; 1][..reads]).await;
            sleep(TRICKLE).await;
        }
        assert!(asking.is_finished(), "it was served on and on");
        freed(server).await;
    }
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_has_a_place_when_one_ends() {
    let held = Limits {
        head: Duration::from_mins(1),
        connections: 3,
        ..limits()
    };
    let server = server(held).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(GET).await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        open.push(stream);
    }
    // However many come, each is told, or closed.
    let many = futures_util::future::join_all((0..200).map(|_| answer(server))).await;
    assert!(many.iter().all(|told| told.is_empty() || is(told, "503")));
    let told = answer(server).await;
    assert!(is(&told, "503"), "{told}");
    assert!(
        told.contains("retry-after: 1") && told.ends_with("as it may have"),
        "{told}"
    );
    drop(open.pop());
    freed(server).await;
    // Those that had a place have it still.
    for stream in &mut open {
        stream.write_all(GET).await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    }
}
