//! A small HTTP client that knows how to get a token.

use std::{env, time::Duration};

use data_encoding::BASE64;
use serde_json::Value;
use tempfile::TempDir;
use ureq::{
    Agent,
    http::{HeaderMap, Request},
};

use crate::process::Local;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The JSON body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }
}

/// A client's id and secret.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

impl Credentials {
    /// Those in the members `client_id` and `client_secret`.
    pub(crate) fn of(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        Self {
            client_id: text("client_id"),
            client_secret: text("client_secret"),
        }
    }

    /// As an `Authorization` header (RFC 7617).
    pub(crate) fn basic(&self) -> String {
        let pair = format!("{}:{}", self.client_id, self.client_secret);
        format!("Basic {}", BASE64.encode(pair.as_bytes()))
    }
}

/// A deployment to talk to.
pub(crate) struct Deployment {
    pub(crate) base_url: String,
    pub(crate) management: Credentials,
    agent: Agent,
    /// Ends with the deployment.
    server: Option<Local>,
}

impl Deployment {
    /// The one that `BASE_URL`, `CLIENT_ID` and `CLIENT_SECRET` name, else a fresh local server.
    pub(crate) fn new() -> Self {
        let Ok(base_url) = env::var("BASE_URL") else {
            return Self::local(Local::start(&["--memory"]));
        };
        let set =
            |name| env::var(name).unwrap_or_else(|_| panic!("BASE_URL is set, {name} is not"));
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            management: Credentials {
                client_id: set("CLIENT_ID"),
                client_secret: set("CLIENT_SECRET"),
            },
            agent: agent(),
            server: None,
        }
    }

    /// A local server.
    pub(crate) fn local(server: Local) -> Self {
        Self {
            base_url: server.base_url.clone(),
            management: server.management.clone(),
            agent: agent(),
            server: Some(server),
        }
    }

    /// Stops the local server, and gives its directory for a next start.
    pub(crate) fn stop(self) -> TempDir {
        self.server.unwrap().stop()
    }

    /// Sends a request.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        send(&self.agent, &self.base_url, method, path, headers, body)
    }

    /// A token of a client, with every scope that it may have.
    pub(crate) fn token(&self, of: &Credentials) -> String {
        let answer = self.ask_token(of, "grant_type=client_credentials");
        let body = answer.expect(200);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(answer.header("cache-control"), "no-store");
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// Asks the token endpoint.
    pub(crate) fn ask_token(&self, of: &Credentials, form: &str) -> Answer {
        let headers = [
            ("authorization", &*of.basic()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST", "/oauth2/token", &headers, form)
    }

    /// GET with a token.
    pub(crate) fn get(&self, token: &str, path: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send("GET", path, &[("authorization", &bearer)], "")
    }

    /// POST of JSON with a token.
    pub(crate) fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "application/json"),
        ];
        self.send("POST", path, &headers, &body.to_string())
    }
}

/// Sends a request to any server.
pub(crate) fn send(
    agent: &Agent,
    base_url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    try_send(agent, base_url, method, path, headers, body)
        .unwrap_or_else(|e| panic!("{method} {base_url}{path}: {e}"))
}

/// The same, for a server that may not answer.
pub(crate) fn try_send(
    agent: &Agent,
    base_url: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer, ureq::Error> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{base_url}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = if body.is_empty() {
        agent.run(request.body(()).unwrap())?
    } else {
        agent.run(request.body(body).unwrap())?
    };
    let (head, mut body) = response.into_parts();
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        text: body.read_to_string()?,
    })
}

/// Statuses are answers, not errors.
pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(30)))
        .proxy(None);
    config.build().into()
}
