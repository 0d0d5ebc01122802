//! The local server on this machine: its files, its start, its end.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    client::{Credentials, Deployment, agent, send},
    process::{Local, command, ended, log},
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn has_curl() -> bool {
    let version = Command::new("curl").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// The first thing that anybody does.
#[test]
fn the_printed_command_registers_an_app() {
    let server = Local::start(&["--memory"]);
    let (_, paste) = server.printed.split_once("\ncurl ").unwrap();
    let paste = format!("curl {paste}");
    assert!(paste.contains(&server.management.client_secret));
    if has_curl() {
        let output = Command::new("sh")
            .args(["-c", &paste])
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{paste}\n{answer}");
        assert!(answer.contains("\"client_secret\":"), "{answer}");
    } else {
        // Without curl the same request goes another way.
        let (_, body) = paste.split_once("\n  -d '").unwrap();
        let body: Value = serde_json::from_str(body.trim_end().trim_end_matches('\'')).unwrap();
        let roster = Deployment::local(server);
        let admin = roster.token(&roster.management);
        roster.post(&admin, "/v1/applications", &body).expect(201);
    }
}

#[test]
fn the_credentials_file_is_private_and_comes_when_requests_are_accepted() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("credentials");
    let arguments = [
        "--memory",
        "--port",
        "0",
        "--credentials-file",
        "credentials",
    ];
    let mut child = command(&directory, &arguments).spawn().unwrap();
    let begun = Instant::now();
    let text = loop {
        // It appears whole or not at all.
        if let Ok(text) = fs::read_to_string(&file) {
            break text;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{}",
            log(&directory)
        );
        thread::sleep(Duration::from_millis(1));
    };
    let written: Value = serde_json::from_str(&text).unwrap();
    let base_url = written["base_url"].as_str().unwrap();
    let headers = [
        ("authorization", &*Credentials::of(&written).basic()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let form = "grant_type=client_credentials";
    let answer = send(&agent(), base_url, "POST", "/oauth2/token", &headers, form);
    child.kill().unwrap();
    ended(&mut child);
    answer.expect(200);
    let members: Vec<_> = written.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["base_url", "client_id", "client_secret", "tenant_id"]
    );
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn in_memory_nothing_is_left_behind() {
    let server = Local::start(&["--memory"]);
    let directory = server.stop();
    let mut left: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["credentials", "log"]);
}

#[test]
fn a_restart_goes_on_where_it_stopped() {
    let server = Local::start(&["--data", "data"]);
    let before = server.management.clone();
    let roster = Deployment::local(server);
    let admin = roster.token(&before);
    let app = serde_json::json!({
        "app_name": "Kept", "client_display_name": "Kept", "redirect_uris": ["https://a.example/"],
    });
    let made = roster.post(&admin, "/v1/applications", &app).expect(201)["result"].clone();
    let directory = roster.stop();

    let roster = Deployment::local(Local::start_in(directory, &["--data", "data"]));
    assert_eq!(roster.management.client_id, before.client_id);
    assert_eq!(roster.management.client_secret, before.client_secret);
    let admin = roster.token(&before);
    let path = format!("/v1/applications/{}", made["app_id"].as_str().unwrap());
    assert_eq!(
        roster.get(&admin, &path).expect(200)["result"]["app_name"],
        "Kept"
    );
    roster.token(&Credentials::of(&made));
}

#[test]
fn every_file_is_its_owners_alone() {
    let server = Local::start(&["--data", "data"]);
    let data = server.directory.path().join("data");
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = fs::read_dir(&data)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn lost_credentials_are_replaced_and_the_old_ones_end() {
    let server = Local::start(&["--data", "data"]);
    let before = server.management.clone();
    let directory = server.stop();
    fs::remove_file(directory.path().join("data/credentials.json")).unwrap();

    let roster = Deployment::local(Local::start_in(directory, &["--data", "data"]));
    assert_eq!(roster.management.client_id, before.client_id);
    assert_ne!(roster.management.client_secret, before.client_secret);
    roster.token(&roster.management);
    roster
        .ask_token(&before, "grant_type=client_credentials")
        .expect(401);
}

#[test]
fn a_lost_master_secret_is_said_clearly() {
    let directory = Local::start(&["--data", "data"]).stop();
    fs::remove_file(directory.path().join("data/master.secret")).unwrap();
    let mut child = command(&directory, &["--data", "data", "--port", "0"])
        .spawn()
        .unwrap();
    assert_eq!(ended(&mut child).code(), Some(1));
    assert!(
        log(&directory).contains("master.secret is missing"),
        "{}",
        log(&directory)
    );
}

/// So is a directory of a build that signed no public halves.
#[test]
fn another_master_secret_is_said_clearly_and_changes_nothing() {
    let directory = Local::start(&["--data", "data"]).stop();
    let path = directory.path().join("data/master.secret");
    let right = fs::read(&path).unwrap();
    fs::write(&path, "another master secret of more than 32 bytes").unwrap();
    let mut child = command(&directory, &["--data", "data", "--port", "0"])
        .spawn()
        .unwrap();
    assert_eq!(ended(&mut child).code(), Some(1));
    let said = log(&directory);
    assert!(said.contains("was made with this master secret"), "{said}");
    fs::write(&path, right).unwrap();
    let roster = Deployment::local(Local::start_in(directory, &["--data", "data"]));
    roster.token(&roster.management);
}

/// What docs/OPERATIONS.md does in Secrets Manager is an edit of the file and a restart here.
#[test]
fn the_master_secret_of_a_data_directory_is_rotated_by_a_restart() {
    let directory = Local::start(&["--data", "data"]).stop();
    let path = directory.path().join("data/master.secret");
    let old = fs::read_to_string(&path).unwrap();
    let versions = |text: String| fs::write(&path, text).unwrap();
    versions(format!(
        r#"{{"1": "{old}", "2": "another master secret of more than 32 bytes"}}"#
    ));
    let server = Deployment::local(Local::start_in(directory, &["--data", "data"]));
    let before = server.management.clone();
    // The digest moves beside the first answer.
    for _ in 0..3 {
        server.token(&before);
    }
    let directory = server.stop();
    versions(r#"{"2": "another master secret of more than 32 bytes"}"#.into());
    let server = Deployment::local(Local::start_in(directory, &["--data", "data"]));
    assert_eq!(server.management.client_secret, before.client_secret);
    server.token(&before);
}

#[test]
fn a_taken_port_is_said_clearly() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let directory = TempDir::new().unwrap();
    let mut child = command(&directory, &["--memory", "--port", &port])
        .spawn()
        .unwrap();
    assert_eq!(ended(&mut child).code(), Some(1));
    let said = log(&directory);
    assert!(said.contains(&port) && said.contains("--port"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let mut server = Local::start(&["--memory"]);
    let form = "grant_type=client_credentials";
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        server.management.basic(),
        form.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&form.as_bytes()[..5]).unwrap();
    // The server has begun to read when it hears of its end.
    thread::sleep(Duration::from_millis(300));
    server.terminate();
    thread::sleep(Duration::from_millis(300));
    assert!(
        TcpStream::connect(server.address()).is_err(),
        "it still takes connections"
    );
    stream.write_all(&form.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("access_token"), "{answer}");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn the_log_tells_no_secret() {
    let server = Local::start(&["--memory"]);
    let log = || server.log();
    let headers = [
        ("authorization", &*server.management.basic()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let form = "grant_type=client_credentials";
    let token = send(
        &agent(),
        &server.base_url,
        "POST",
        "/oauth2/token",
        &headers,
        form,
    );
    let token = token.expect(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let bearer = format!("Bearer {token}");
    let path = "/v1/applications/no-such-app";
    send(
        &agent(),
        &server.base_url,
        "GET",
        path,
        &[("authorization", &bearer)],
        "",
    )
    .expect(404);
    let said = log();
    assert!(said.contains("/v1/applications/{app}"), "{said}");
    for secret in [&*server.management.client_secret, &token, "no-such-app"] {
        assert!(!said.contains(secret), "{said}");
    }
}
