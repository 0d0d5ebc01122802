//! What the SDK makes of a network that fails: it tries again where nothing or half of an answer came,
//! and not on the connection that failed.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_config::Region;
use aws_sdk_dynamodb::error::SdkError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{
    connect::AMAZON_ROOTS,
    keys::{PK, SK},
    sdk::{GetItemInput, Request, Sdk, Service},
};

/// What a server does with one request.
#[derive(Debug, Clone, Copy)]
enum Act {
    Answer,
    /// Answers, and closes without a word that it will.
    AnswerThenClose,
    /// Closes behind the request.
    Close,
    /// Closes in the middle of the answer's body.
    Half,
    /// Closes in the middle of the answer's headers.
    HalfHead,
    /// Sends what is no HTTP.
    Garbage,
    /// Says nothing, for longer than anybody waits.
    Silence,
    /// Is busy.
    Busy,
}

/// A server with one act for each request, and how many requests and connections it had.
struct Server {
    address: String,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn of(acts: &'static [Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let (requests, connections) = (
            Arc::clone(&server.requests),
            Arc::clone(&server.connections),
        );
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, acts, Arc::clone(&requests)));
            }
        });
        server
    }

    fn sdk(&self) -> Sdk {
        sdk_at(&self.address)
    }

    fn counts(&self) -> (usize, usize) {
        let of = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (of(&self.requests), of(&self.connections))
    }
}

async fn serve(mut stream: TcpStream, acts: &'static [Act], requests: Arc<AtomicUsize>) {
    let mut read = vec![0; 64 * 1024];
    // The SDK's requests are small: each comes in one piece or two.
    while let Ok(length @ 1..) = stream.read(&mut read).await {
        let mut text = String::from_utf8_lossy(&read[..length]).into_owned();
        while !text.ends_with('}') {
            let length = stream.read(&mut read).await.unwrap();
            text.push_str(&String::from_utf8_lossy(&read[..length]));
        }
        let number = requests.fetch_add(1, Ordering::SeqCst);
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 2\r\n\r\n{}";
        let said = match acts.get(number).unwrap_or(&Act::Answer) {
            Act::Answer => (answer, true),
            Act::AnswerThenClose => (answer, false),
            Act::Close => ("", false),
            Act::Half => (&answer[..answer.len() - 1], false),
            Act::HalfHead => (&answer[..30], false),
            Act::Garbage => ("\u{0}\u{1}garbage\r\n\r\n", false),
            Act::Silence => return std::future::pending().await,
            Act::Busy => (
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}",
                true,
            ),
        };
        stream.write_all(said.0.as_bytes()).await.unwrap();
        if !said.1 {
            return;
        }
    }
}

fn sdk_at(endpoint: &str) -> Sdk {
    let service = Service {
        name: "dynamodb",
        region: Region::from_static("local"),
        endpoint: endpoint.to_owned(),
        identity: None,
        retry_budget: endpoint.to_owned().into(),
    };
    Sdk::new(service, Https::new(AMAZON_ROOTS).unwrap()).unwrap()
}

fn read() -> impl Request<Error = impl std::error::Error> {
    let value = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.into());
    GetItemInput::builder()
        .table_name("roster")
        .key(PK, value("a"))
        .key(SK, value("b"))
}

#[tokio::test]
async fn what_may_be_the_networks_fault_is_tried_again_elsewhere() {
    for (what, acts) in [
        ("closed", &[Act::Close, Act::Close][..]),
        ("half an answer", &[Act::Half, Act::Half]),
        ("half the headers", &[Act::HalfHead, Act::HalfHead]),
        ("busy", &[Act::Busy, Act::Busy]),
        ("silent once", &[Act::Silence]),
    ] {
        let acts: &'static [Act] = acts;
        let server = Server::of(acts).await;
        let sent = read().send_to(&server.sdk()).await;
        assert!(sent.is_ok(), "{what}: {:?}", sent.err());
        let (requests, connections) = server.counts();
        assert_eq!(requests, acts.len() + 1, "{what}");
        let broken = if what == "busy" { 1 } else { acts.len() + 1 };
        // Also after an answer of "busy" the SDK gives the connection up.
        assert!(connections >= broken, "{what}: {connections}");
    }
}

/// A connection that the server closed while it was idle is no failure at all.
#[tokio::test]
async fn connections_stay_and_a_closed_one_is_replaced() {
    let server = Server::of(&[Act::Answer, Act::Answer, Act::AnswerThenClose]).await;
    let sdk = server.sdk();
    for _ in 0..5 {
        read().send_to(&sdk).await.map_err(drop).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(server.counts(), (5, 2));
}

#[tokio::test]
async fn what_stays_broken_is_an_error_after_three_tries() {
    let server = Server::of(&[Act::Close; 9]).await;
    let failed = read().send_to(&server.sdk()).await.err().unwrap();
    assert!(matches!(failed, SdkError::DispatchFailure(_)), "{failed:?}");
    assert_eq!(server.counts().0, 3);

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let failed = read().send_to(&sdk_at(&address)).await.err().unwrap();
    let SdkError::DispatchFailure(failed) = failed else {
        panic!("{failed:?}");
    };
    assert!(
        failed
            .as_connector_error()
            .is_some_and(ConnectorError::is_io)
    );
}

#[tokio::test]
async fn what_is_no_http_is_not_asked_again() {
    let server = Server::of(&[Act::Garbage; 9]).await;
    let failed = read().send_to(&server.sdk()).await.err().unwrap();
    assert!(matches!(failed, SdkError::DispatchFailure(_)), "{failed:?}");
    assert_eq!(server.counts().0, 1);
}

#[test]
fn a_bundle_must_hold_certificates() {
    assert!(trusted(AMAZON_ROOTS).unwrap().len() >= 4);
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for refused in ["", "no certificate", broken] {
        let error = Https::new(refused.as_bytes()).unwrap_err();
        assert!(
            error.to_string().starts_with("the certificate bundle"),
            "{error}"
        );
    }
}
