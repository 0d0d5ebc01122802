//! Requests that no client library sends, written byte by byte.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use crate::process::Local;

/// What comes back on one connection for `bytes`, until the server closes it.
pub(crate) fn raw(server: &Local, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // The server may answer and close before all is written.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&part[..length]),
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
    String::from_utf8(answer).unwrap()
}

pub(crate) fn statuses(answers: &str) -> Vec<&str> {
    let lines = answers.split("HTTP/1.1 ").skip(1);
    lines.map(|line| line.get(..3).unwrap()).collect()
}

/// A request after which the connection goes on.
fn request(head: &str, body: &str) -> Vec<u8> {
    format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n")).into_bytes()
}

/// A request after which the connection ends.
pub(crate) fn last(head: &str, body: &str) -> Vec<u8> {
    request(&format!("{head}\nconnection: close"), body)
}

#[test]
fn no_route_is_404_in_a_documented_body() {
    let server = Local::start(&["--memory"]);
    let answer = raw(&server, &last("GET /v2 HTTP/1.1\nhost: x", ""));
    assert_eq!(statuses(&answer), ["404"]);
    assert!(
        answer.contains("content-type: application/problem+json"),
        "{answer}"
    );
    assert!(answer.contains("\"error_code\":404"), "{answer}");
}

#[test]
fn another_method_is_405_with_those_that_go() {
    let server = Local::start(&["--memory"]);
    for method in ["DELETE", "TRACE", "BREW"] {
        let head = format!("{method} /v1/applications HTTP/1.1\nhost: x");
        let answer = raw(&server, &last(&head, ""));
        assert_eq!(statuses(&answer), ["405"], "{method}");
        assert!(
            answer.contains("allow: GET, HEAD, OPTIONS, POST\r\n"),
            "{answer}"
        );
    }
}

#[test]
fn a_long_body_is_413_and_ends_the_connection() {
    let server = Local::start(&["--memory"]);
    let head = "POST /v1/applications HTTP/1.1\nhost: x\ncontent-type: application/json";
    let announced = request(
        &format!("{head}\ncontent-length: 70000"),
        &"x".repeat(70_000),
    );
    let answer = raw(&server, &announced);
    assert_eq!(statuses(&answer), ["413"]);
    assert!(answer.contains("connection: close"), "{answer}");

    let chunk = format!("{:x}\r\n{}\r\n", 40_000, "x".repeat(40_000));
    let chunked = request(
        &format!("{head}\ntransfer-encoding: chunked"),
        &chunk.repeat(4),
    );
    assert_eq!(statuses(&raw(&server, &chunked)), ["413"]);
}

#[test]
fn long_headers_are_431() {
    let server = Local::start(&["--memory"]);
    let head = format!(
        "GET /oauth2/jwks HTTP/1.1\nhost: x\nx-long: {}",
        "x".repeat(12_000)
    );
    assert_eq!(statuses(&raw(&server, &last(&head, ""))), ["431"]);
    let many = "x-many: 1\n".repeat(200);
    let head = format!("GET /oauth2/jwks HTTP/1.1\nhost: x\n{}", many.trim_end());
    assert_eq!(statuses(&raw(&server, &last(&head, ""))), ["431"]);
    let head = format!("GET /oauth2/{} HTTP/1.1\nhost: x", "x".repeat(12_000));
    let answer = raw(&server, &last(&head, ""));
    assert!(["414", "431"].contains(&statuses(&answer)[0]), "{answer}");
}

/// CVE-2021-21299 and its family: which of the two lengths holds is what smugglers play with.
#[test]
fn two_lengths_end_the_connection_after_one_answer() {
    let server = Local::start(&["--memory"]);
    let smuggled = "0\r\n\r\nGET /oauth2/jwks HTTP/1.1\r\nhost: x\r\n\r\n";
    let post = "POST /oauth2/token HTTP/1.1\nhost: x";
    for lengths in [
        format!(
            "content-length: {}\ntransfer-encoding: chunked",
            smuggled.len()
        ),
        format!(
            "transfer-encoding: chunked\ncontent-length: {}",
            smuggled.len()
        ),
    ] {
        let answer = raw(&server, &request(&format!("{post}\n{lengths}"), smuggled));
        assert_eq!(statuses(&answer), ["400"], "{lengths}: {answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        assert!(!answer.contains("\"keys\""), "{answer}");
    }
    for lengths in [
        "content-length: 4\ncontent-length: 5",
        "content-length: 4, 5",
        "content-length: +4",
        "content-length: -1",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: identity",
    ] {
        let answer = raw(&server, &request(&format!("{post}\n{lengths}"), "aaaaa"));
        assert_eq!(statuses(&answer), ["400"], "{lengths}: {answer}");
    }
}

#[test]
fn two_authorization_headers_are_400_and_authorize_nobody() {
    let server = Local::start(&["--memory"]);
    let form = "grant_type=client_credentials";
    let basic = server.management.basic();
    let post = |authorization: &str| {
        let head = format!(
            "POST /oauth2/token HTTP/1.1\nhost: x\nconnection: close\n{authorization}\n\
             content-type: application/x-www-form-urlencoded\ncontent-length: {}",
            form.len()
        );
        raw(&server, &request(&head, form))
    };
    let one = post(&format!("authorization: {basic}"));
    assert_eq!(statuses(&one), ["200"], "{one}");
    let (_, rest) = one.split_once("\"access_token\":\"").unwrap();
    let token = rest.split('"').next().unwrap();

    for other in [&*basic, "Basic bm9ib2R5Ong=", "Bearer x", "x"] {
        for pair in [[&*basic, other], [other, &*basic]] {
            let [first, second] = pair;
            let both = format!("authorization: {first}\nAuthorization: {second}");
            let answer = post(&both);
            assert_eq!(statuses(&answer), ["400"], "{both}");
            assert!(answer.contains("\"invalid_request\""), "{answer}");
            assert!(answer.contains("two times"), "{answer}");
        }
    }
    for pair in [
        format!("authorization: Bearer {token}\nauthorization: Bearer {token}"),
        format!("authorization: Bearer x\nauthorization: Bearer {token}"),
        format!("authorization: Bearer {token}\nauthorization: x"),
        format!("authorization: Bearer {token}, Bearer {token}"),
    ] {
        let head = format!("GET /v1/applications HTTP/1.1\nhost: x\n{pair}");
        let answer = raw(&server, &last(&head, ""));
        assert_eq!(statuses(&answer), ["400"], "{pair}");
        assert!(answer.contains("two times"), "{answer}");
    }
    // A folded header (RFC 9112 §5.2) is refused as it is.
    let head = format!("GET /v1/applications HTTP/1.1\nhost: x\nauthorization: Bearer\n {token}");
    assert_eq!(statuses(&raw(&server, &last(&head, ""))), ["400"]);
}

#[test]
fn two_content_types_are_400_and_neither_is_taken() {
    let server = Local::start(&["--memory"]);
    let form = "grant_type=client_credentials";
    let basic = server.management.basic();
    let right = "application/x-www-form-urlencoded";
    for (first, second) in [
        (right, right),
        (right, "application/json"),
        ("application/json", right),
        (
            "application/x-www-form-urlencoded; charset=utf-8",
            "text/plain",
        ),
    ] {
        let head = format!(
            "POST /oauth2/token HTTP/1.1\nhost: x\nconnection: close\nauthorization: {basic}\n\
             content-type: {first}\ncontent-type: {second}\ncontent-length: {}",
            form.len()
        );
        let answer = raw(&server, &request(&head, form));
        assert_eq!(statuses(&answer), ["400"], "{first} {second}");
        assert!(
            answer.contains("Send the parameters as application/x-www-form-urlencoded."),
            "{answer}"
        );
    }
}

#[test]
fn every_answer_names_its_request() {
    let server = Local::start(&["--memory"]);
    for (head, status) in [
        ("GET /v2 HTTP/1.1", "404"),
        ("DELETE /v1/applications HTTP/1.1", "405"),
        ("GET /v1/applications HTTP/1.1", "401"),
        ("GET /oauth2/jwks HTTP/1.1", "200"),
        ("OPTIONS /oauth2/jwks HTTP/1.1", "204"),
        ("HEAD /v1/applications HTTP/1.1", "401"),
        (&*format!("GET /{} HTTP/1.1", "x".repeat(9_000)), "404"),
        (&*format!("GET /{} HTTP/1.1", "x".repeat(10_240)), "431"),
    ] {
        let answer = raw(&server, &last(&format!("{head}\nhost: x"), ""));
        assert_eq!(statuses(&answer), [status], "{head}");
        assert_eq!(answer.matches("x-request-id: ").count(), 1, "{answer}");
        // And the log names it.
        let (_, rest) = answer.split_once("x-request-id: ").unwrap();
        let id = rest.split_once('\r').unwrap().0;
        let log = server.log();
        let line = log.lines().find(|line| line.contains(id));
        assert!(
            line.is_some_and(|line| line.contains(status)),
            "{head}: {log}"
        );
    }
}

#[test]
fn a_body_of_a_get_is_read_and_ignored() {
    let server = Local::start(&["--memory"]);
    let head = "GET /oauth2/jwks HTTP/1.1\nhost: x\ncontent-length: 5";
    let twice = [request(head, "GET /"), last(head, "GET /")].concat();
    let answers = raw(&server, &twice);
    assert_eq!(statuses(&answers), ["200", "200"], "{answers}");
    assert_eq!(answers.matches("\"keys\"").count(), 2);
}

#[test]
fn what_is_no_http_is_400() {
    let server = Local::start(&["--memory"]);
    for bytes in [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost : x\r\n\r\n",
        "GET / HTTP/1.1\r\nx\u{0}y: x\r\n\r\n",
    ] {
        let answer = raw(&server, bytes.as_bytes());
        assert!(
            matches!(&*statuses(&answer), [] | ["400"]),
            "{bytes:?}: {answer}"
        );
    }
    // And it still answers.
    let answer = raw(&server, &last("GET /oauth2/jwks HTTP/1.1\nhost: x", ""));
    assert_eq!(statuses(&answer), ["200"]);
}
