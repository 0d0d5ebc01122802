//! The disk under the local server is full: an honest "later", nothing half done, and on it goes when there
//! is room again.

use std::process::Command;

use tempfile::TempDir;
use testkit::json;

use crate::{
    client::{Answer, Credentials, Deployment},
    crash::audit,
    process::Local,
};

/// Lets a process's files grow to so many bytes, or as far as they like. A write beyond fails as one on a
/// full disk does; the server's parent has it ignore the signal that goes with it.
fn limit(pid: u32, bytes: &str) {
    let set = Command::new("prlimit")
        .args([
            "--pid",
            &pid.to_string(),
            &format!("--fsize={bytes}:unlimited"),
        ])
        .status();
    assert!(set.unwrap().success());
}

fn create(roster: &Deployment, admin: &str, name: &str) -> Answer {
    let app = json!({
        "app_name": name, "client_display_name": name, "client_grant_types": ["client_credentials"],
        "redirect_uris": ["https://app.example.com/cb"], "client_scopes": ["apps:read"],
    });
    roster.post(admin, "/v1/applications", &app)
}

#[tokio::test]
async fn a_full_disk_is_503_and_passes() {
    let server = Local::start_in(TempDir::new().unwrap(), &["--data", "data"]);
    let table = server.directory.path().join("data/table.sqlite");
    let log = table.with_extension("sqlite-wal");
    let pid = server.id();
    let roster = Deployment::local(server);
    let admin = roster.token(&roster.management);
    let mut known = Vec::new();
    let mut refused = 0;
    for round in 0..3 {
        for n in 0..5 {
            let made = create(&roster, &admin, &format!("Before {round} {n}"));
            known.push(Credentials::of(&made.expect(201)["result"]));
        }
        let longest = [&table, &log].map(|file| file.metadata().map_or(0, |m| m.len()));
        let full = longest.into_iter().max().unwrap() + 8192;
        limit(pid, &full.to_string());
        for n in 0..20 {
            let answer = create(&roster, &admin, &format!("Full {round} {n}"));
            match answer.status {
                201 => known.push(Credentials::of(&answer.json()["result"])),
                503 => {
                    assert_eq!(answer.header("retry-after"), "1");
                    refused += 1;
                }
                _ => panic!("{answer:?}"),
            }
        }
        // What is there can be read meanwhile, and tokens are given.
        roster.token(&known[0]);
        roster.get(&admin, "/v1/applications?limit=5").expect(200);
        limit(pid, "unlimited");
    }
    assert!(refused > 30, "the disk was never full: {refused}");
    create(&roster, &admin, "After").expect(201);
    for client in &known {
        roster.token(client);
    }
    let directory = roster.stop();
    audit(directory.path()).await.assert_sound("a full disk");
    let apps = known.len();
    println!("* Full disk: {refused} creations answered by 503, {apps} acknowledged and there.");
}
