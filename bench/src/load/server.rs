//! The servers under load, each a process of its own.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::generator::{self, Requests, request};
use crate::{
    Outcome,
    deployment::{basic, text},
    programs,
    report::progress,
};

const FORM: &str = "application/x-www-form-urlencoded";
/// What the peer is given: as long as Roster's own.
const PEER_SECRET: &str = "peer-secret-of-256-bits-0123456789abcdefghi";
/// Major versions of the peer and of what its script makes a key with.
const PEER: [&str; 2] = ["oidc-provider@9", "jose@6"];

/// A running server. It is killed when dropped.
pub(crate) struct Server {
    /// Who it is.
    pub(crate) name: String,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Asks for an access token: answered 200.
    pub(crate) token: Requests,
    /// Registers a client: answered 201.
    pub(crate) registration: Requests,
    child: Child,
    _directory: TempDir,
}

impl Server {
    /// The local server on its embedded durable store.
    pub(crate) async fn roster() -> Outcome<Self> {
        let program = programs::build("local", &["local".into()])?.join("local");
        let directory = programs::scratch()?;
        let file = directory.path().join("credentials");
        let child = Command::new(program)
            .args(["--port", "0", "--quiet", "--data"])
            .arg(directory.path().join("data"))
            .arg("--credentials-file")
            .arg(&file)
            .stdout(Stdio::null())
            .spawn()?;
        let written: Value = serde_json::from_str(&appeared(&file).await?)?;
        let address = address(&text(&written, "base_url")?)?;
        let (id, secret) = (
            text(&written, "client_id")?,
            text(&written, "client_secret")?,
        );
        let basic = format!("Basic {}", basic(&id, &secret));
        let token: Requests = Arc::new(move |_| {
            let body = "grant_type=client_credentials";
            request(address, "/oauth2/token", Some(&basic), FORM, body)
        });
        let answer = generator::once(address, &token(0)).await?;
        let bearer = format!("Bearer {}", text(&answer, "access_token")?);
        let registration = move |number| {
            let name = format!("Photo Printer {number}");
            let body = json!({
                "app_name": name,
                "client_display_name": name,
                "redirect_uris": ["https://app.example.com/callback"],
            });
            let json = "application/json";
            request(
                address,
                "/v1/applications",
                Some(&bearer),
                json,
                &body.to_string(),
            )
        };
        Ok(Self {
            name: "Roster, durable store".into(),
            address,
            token,
            registration: Arc::new(registration),
            child,
            _directory: directory,
        })
    }

    /// node `oidc-provider` with its in-memory store.
    pub(crate) async fn peer() -> Outcome<Self> {
        let place = programs::root().join("target/bench/peer");
        fs::create_dir_all(&place)?;
        progress("installing oidc-provider");
        let installed = Command::new("npm")
            .args([
                "install",
                "--silent",
                "--no-audit",
                "--no-fund",
                "--no-save",
                "--prefix",
            ])
            .arg(&place)
            .args(PEER)
            .status()?;
        if !installed.success() {
            return Err(
                "oidc-provider could not be installed: the load test needs node and npm".into(),
            );
        }
        let script = programs::root().join("bench/peer/server.mjs");
        fs::copy(script, place.join("server.mjs"))?;
        let manifest = fs::read_to_string(place.join("node_modules/oidc-provider/package.json"))?;
        let version = text(&serde_json::from_str(&manifest)?, "version")?;
        let directory = programs::scratch()?;
        let output = directory.path().join("output");
        let child = Command::new("node")
            .arg(place.join("server.mjs"))
            .env("NODE_ENV", "production")
            .env("CLIENT_SECRET", PEER_SECRET)
            .stdout(fs::File::create(&output)?)
            .stderr(Stdio::null())
            .spawn()?;
        let address = address(appeared(&output).await?.trim())?;
        let basic = format!("Basic {}", basic("bench", PEER_SECRET));
        let token = move |_| {
            let body = "grant_type=client_credentials";
            request(address, "/token", Some(&basic), FORM, body)
        };
        let registration = move |number| {
            let body = json!({
                "client_name": format!("Photo Printer {number}"),
                "redirect_uris": ["https://app.example.com/callback"],
            });
            request(address, "/reg", None, "application/json", &body.to_string())
        };
        Ok(Self {
            name: format!("oidc-provider {version}, in memory"),
            address,
            token: Arc::new(token),
            registration: Arc::new(registration),
            child,
            _directory: directory,
        })
    }

    /// The processor time of the whole process so far.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        processor_time(&fs::read_to_string(format!(
            "/proc/{}/stat",
            self.child.id()
        ))?)
    }

    /// The memory that it holds now, in bytes.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.and_then(|line| line.split_whitespace().next());
        Ok(figure.ok_or("no VmRSS")?.parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server writes once it listens.
async fn appeared(file: &Path) -> Outcome<String> {
    for _ in 0..200 {
        match fs::read_to_string(file) {
            Ok(text) if !text.is_empty() => return Ok(text),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    Err(format!("the server did not start: no {}", file.display()).into())
}

fn address(url: &str) -> Outcome<SocketAddr> {
    let authority = url.strip_prefix("http://").ok_or("not an http URL")?;
    Ok(authority.parse()?)
}

/// User and system time of a `stat` file, whose unit is 10 ms on every Linux that Rust knows.
fn processor_time(stat: &str) -> Outcome<Duration> {
    // The second field, a name, may hold blanks; the third is the first behind its parenthesis.
    let (_, fields) = stat.rsplit_once(") ").ok_or("a stat file without a name")?;
    let mut fields = fields.split(' ').skip(11);
    let mut ticks = || -> Outcome<u64> { Ok(fields.next().ok_or("a short stat file")?.parse()?) };
    Ok(Duration::from_millis(10 * (ticks()? + ticks()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_user_and_system() {
        let stat = "1 (a) b (c) S 2 3 4 5 6 7 8 9 10 11 120 30 14 15";
        assert_eq!(processor_time(stat).unwrap(), Duration::from_millis(1_500));
        assert!(processor_time("1 (a) S 2").is_err());
    }
}
