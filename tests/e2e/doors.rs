//! What a stranger tries first at the local server: the root, health, other methods, a slash too many, a second server.

use std::{fs, process::Command};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    client::{Answer, agent, send},
    process::{Local, command, ended, log},
    wire::{last, raw, statuses},
};

fn ask(server: &Local, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(&agent(), &server.base_url, method, path, headers, "")
}

#[test]
fn the_root_says_what_this_is_and_its_links_lead_somewhere() {
    let server = Local::start(&["--memory"]);
    let shown = ask(&server, "GET", "/", &[("accept", "*/*")]).expect(200);
    assert_eq!(shown["name"], "Roster");
    let lists = ["metadata", "apis"];
    let in_lists = lists.iter().flat_map(|name| match &shown[name] {
        serde_json::Value::Array(items) => items.iter().collect::<Vec<_>>(),
        other => other.as_object().unwrap().values().collect(),
    });
    let single = ["jwks_uri", "token_endpoint", "health"].map(|name| &shown[name]);
    let links: Vec<_> = in_lists
        .chain(single)
        .map(|l| l.as_str().unwrap())
        .collect();
    assert_eq!(links.len(), 8);
    for link in links {
        let path = link.strip_prefix(&server.base_url).unwrap();
        let status = ask(&server, "GET", path, &[]).status;
        assert!([200, 401, 405].contains(&status), "{path}: {status}");
    }

    let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let page = ask(&server, "GET", "/", &browser);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let links: Vec<_> = page.text.split("href=\"").skip(1).collect();
    assert_eq!(links.len(), 5);
    for link in links {
        let path = link.split('"').next().unwrap();
        assert_eq!(ask(&server, "GET", path, &[]).status, 200, "{path}");
    }
    assert!(
        page.text
            .contains(&format!("{}/oauth2/token", server.base_url))
    );
}

#[test]
fn health_and_version_are_told_to_anybody() {
    let server = Local::start(&["--memory"]);
    let healthy = ask(&server, "GET", "/health", &[]);
    assert_eq!(healthy.expect(200), json!({"status": "ok"}));
    assert_eq!(healthy.header("cache-control"), "no-store");
    let version = ask(&server, "GET", "/version", &[]).expect(200);
    let ours = env!("CARGO_PKG_VERSION");
    assert_eq!(version, json!({"name": "Roster", "version": ours}));
}

/// A header of a raw answer.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = answer.split("\r\n\r\n").next()?.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn head_is_get_without_its_body() {
    let server = Local::start(&["--memory"]);
    for (path, status) in [
        ("/", "200"),
        ("/health", "200"),
        ("/oauth2/jwks", "200"),
        ("/.well-known/openid-configuration", "200"),
        ("/v1/applications", "401"),
        ("/v2", "404"),
        ("/oauth2/token", "405"),
    ] {
        let asked = |method: &str| {
            raw(
                &server,
                &last(&format!("{method} {path} HTTP/1.1\nhost: x"), ""),
            )
        };
        let (head, get) = (asked("HEAD"), asked("GET"));
        assert_eq!(statuses(&head), [status], "{path}: {head}");
        assert_eq!(statuses(&get), [status], "{path}");
        let (_, body) = head.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "", "{path}");
        for name in ["content-length", "content-type", "cache-control", "allow"] {
            assert_eq!(header(&head, name), header(&get, name), "{path} {name}");
        }
        assert_ne!(header(&head, "content-length"), Some("0"), "{path}");
    }
}

#[test]
fn options_is_204_with_the_methods_that_go() {
    let server = Local::start(&["--memory"]);
    for (path, allow) in [
        ("/v1/applications", "GET, HEAD, OPTIONS, POST"),
        (
            "/v1/applications/myapp",
            "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
        ),
        ("/platform/v1/apps", "GET, HEAD, OPTIONS, POST"),
        ("/admin/v1/Grants/g", "DELETE, GET, HEAD, OPTIONS"),
        ("/oauth2/token", "OPTIONS, POST"),
        ("/", "GET, HEAD, OPTIONS"),
        ("*", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    ] {
        let answer = raw(
            &server,
            &last(&format!("OPTIONS {path} HTTP/1.1\nhost: x"), ""),
        );
        assert_eq!(statuses(&answer), ["204"], "{path}");
        assert_eq!(header(&answer, "allow"), Some(allow), "{path}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
    let nowhere = raw(&server, &last("OPTIONS /v2 HTTP/1.1\nhost: x", ""));
    assert_eq!(statuses(&nowhere), ["404"]);
}

#[test]
fn a_slash_too_many_is_told() {
    let server = Local::start(&["--memory"]);
    let told = "There is no such route: remove the trailing slash.";
    let native = ask(&server, "GET", "/v1/applications/", &[]).expect(404);
    assert_eq!(native["detail"], told);
    let openid = ask(&server, "GET", "/platform/v1/apps/", &[]).expect(404);
    assert_eq!(openid["errors"][0]["message"], told);
    let scim = ask(&server, "GET", "/admin/v1/Apps/", &[]).expect(404);
    assert_eq!(scim["detail"], told);
    let oauth = ask(&server, "POST", "/oauth2/token/", &[]).expect(404);
    assert_eq!(oauth["error_description"], told);
    let stray = ask(&server, "GET", "/v2", &[]).expect(404);
    let told = "There is no such route; GET / says what there is.";
    assert_eq!(stray["detail"], told);
}

#[test]
fn listening_beyond_this_machine_is_warned_of_and_loopback_is_not() {
    for (host, warned) in [("0.0.0.0", true), ("127.0.0.1", false), ("::1", false)] {
        let server = Local::start(&["--memory", "--quiet", "--host", host]);
        let log = server.log();
        for words in ["WARN", "PLAIN HTTP", host, "HTTPS"] {
            let said = log.contains("PLAIN HTTP") && log.contains(words);
            assert_eq!(said, warned, "{host}: {log}");
        }
    }
}

#[test]
fn a_second_server_on_one_data_directory_is_refused_by_name() {
    let mut server = Local::start(&["--data", "data"]);
    let data = server.directory.path().join("data");
    let there = data.to_str().unwrap();
    let second = || {
        let elsewhere = TempDir::new().unwrap();
        let arguments = ["--port", "0", "--data", there];
        let mut child = command(&elsewhere, &arguments).spawn().unwrap();
        assert_eq!(ended(&mut child).code(), Some(1));
        log(&elsewhere)
    };
    for _ in 0..2 {
        let said = second();
        let whose = format!(
            "another server uses the data directory {there} (process {}, {}): stop that one, or choose another directory with --data",
            server.id(),
            server.base_url
        );
        assert!(said.contains(&whose), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    // The one that has it is none the worse, and after its end, however that came, the next one has it.
    assert_eq!(ask(&server, "GET", "/health", &[]).status, 200);
    server.kill();
    let directory = server.into_directory();
    let next = Local::start_in(directory, &["--data", "data"]);
    assert_eq!(ask(&next, "GET", "/health", &[]).status, 200);
}

/// The block that a reader pastes first, as it stands.
#[test]
fn the_readmes_first_example_sets_the_token_that_it_uses() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = fs::read_to_string(root).unwrap();
    let blocks = readme.split("```sh\n").skip(1);
    let mut blocks = blocks.map(|block| block.split("```").next().unwrap());
    let block = blocks.find(|block| block.contains("curl")).unwrap();
    assert!(block.starts_with("TOKEN=$("), "{block}");
    let address = "http://127.0.0.1:3000";
    assert_eq!(block.matches(address).count(), 2, "{block}");
    let has = |program: &str| {
        let found = Command::new(program).arg("--version").output();
        found.is_ok_and(|output| output.status.success())
    };
    if !has("curl") || !has("jq") {
        return;
    }
    // As the README starts it: the data where no argument puts them.
    let server = Local::start(&[]);
    let output = Command::new("sh")
        .args(["-c", &block.replace(address, &server.base_url)])
        .current_dir(server.directory.path())
        .env("NO_PROXY", "127.0.0.1")
        .env_remove("TOKEN")
        .output()
        .unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{block}\n{answer}");
}
