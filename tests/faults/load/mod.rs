//! Callers who write down what they were told, and hold the server to it.

mod writes;

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use domain::{Entropy, ports};
use testkit::{SeededEntropy, Value, basic};
use ureq::Agent;

use crate::client::{Answer, Credentials, agent, try_send};

/// A token is taken anew long before it ends.
const HALF_A_LIFE: Duration = Duration::from_mins(30);
/// How often one that answers 503 is asked again.
const PATIENCE: usize = 20;

/// What all callers of a campaign have seen together.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Requests sent.
    pub(crate) requests: AtomicUsize,
    /// Writes that were answered by success.
    pub(crate) acknowledged: AtomicUsize,
    /// Writes without an answer, or answered by 503: done or not, never half.
    pub(crate) in_doubt: AtomicUsize,
    /// Of those, done after all.
    pub(crate) done_after_all: AtomicUsize,
    /// Answers by 503.
    pub(crate) later: AtomicUsize,
}

/// A value as it was acknowledged, and what it is if the write in doubt was done.
#[derive(Debug, Clone)]
struct Fact<T> {
    known: T,
    doubt: Option<T>,
}

/// An app that one caller alone writes to.
#[derive(Debug)]
struct Known {
    id: String,
    client: Credentials,
    /// Description and version.
    text: Fact<(String, u64)>,
    active: Fact<bool>,
    gone: Fact<bool>,
    further: Vec<Credentials>,
    checked: bool,
}

/// One caller: a thread of its own, its own apps, its own dice.
pub(crate) struct Caller<'a> {
    agent: Agent,
    base_url: String,
    admin: String,
    dice: SeededEntropy,
    apps: Vec<Known>,
    /// A creation without an answer: its key and body, to be sent again.
    pending: Option<(String, String)>,
    counts: &'a Counts,
    number: u64,
    made: u64,
    management: Option<Credentials>,
    since: Instant,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(number: u64, counts: &'a Counts) -> Self {
        Self {
            agent: agent(),
            base_url: String::new(),
            admin: String::new(),
            dice: SeededEntropy::new(number + 1),
            apps: Vec::new(),
            pending: None,
            counts,
            number,
            made: 0,
            management: None,
            since: Instant::now(),
        }
    }

    /// Turns to a server that has started; `false` when it is gone again.
    pub(crate) fn connect(&mut self, base_url: &str, management: &Credentials) -> bool {
        self.agent = agent();
        self.since = Instant::now();
        base_url.clone_into(&mut self.base_url);
        self.management = Some(management.clone());
        let Some(answer) = self.token(management) else {
            return false;
        };
        self.admin = text(&answer.expect(200)["access_token"]);
        true
    }

    fn roll(&self, sides: usize) -> usize {
        let bytes: [u8; 8] = ports::random(&self.dice as &dyn Entropy).unwrap();
        usize::try_from(u64::from_be_bytes(bytes) % sides as u64).unwrap()
    }

    fn send(&self, method: &str, path: &str, key: &str, body: &str) -> Option<Answer> {
        let bearer = format!("Bearer {}", self.admin);
        let mut headers = vec![("authorization", &*bearer)];
        if !key.is_empty() {
            headers.push(("idempotency-key", key));
        }
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        self.ask(method, path, &headers, body)
    }

    fn token(&self, of: &Credentials) -> Option<Answer> {
        let basic = basic(&of.client_id, &of.client_secret);
        let form = "application/x-www-form-urlencoded";
        let headers = [("authorization", &*basic), ("content-type", form)];
        self.ask(
            "POST",
            "/oauth2/token",
            &headers,
            "grant_type=client_credentials",
        )
    }

    fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<Answer> {
        self.counts.requests.fetch_add(1, Relaxed);
        let answer = try_send(&self.agent, &self.base_url, method, path, headers, body).ok()?;
        if answer.status == 503 {
            self.counts.later.fetch_add(1, Relaxed);
            assert_eq!(answer.header("retry-after"), "1", "{answer:?}");
        }
        assert!(
            answer.status == 503 || answer.status < 500,
            "{method} {path}: {answer:?}"
        );
        Some(answer)
    }

    /// An answer to a write: the success, or nothing, which leaves it in doubt.
    fn written(&self, answer: Option<Answer>, status: u16) -> Option<Answer> {
        let answer = answer.filter(|answer| answer.status != 503);
        let Some(answer) = answer else {
            self.counts.in_doubt.fetch_add(1, Relaxed);
            return None;
        };
        assert_eq!(answer.status, status, "{answer:?}");
        self.counts.acknowledged.fetch_add(1, Relaxed);
        Some(answer)
    }

    /// Writes until `stop`, or until the server is gone.
    pub(crate) fn write(&mut self, stop: &AtomicBool) {
        while !stop.load(Relaxed) && self.step() {}
    }

    /// Reads and writes, as callers do, until `stop`.
    pub(crate) fn mix(&mut self, stop: &AtomicBool) {
        while !stop.load(Relaxed) {
            if self.since.elapsed() > HALF_A_LIFE {
                let (base_url, management) = (self.base_url.clone(), self.management.clone());
                self.connect(&base_url, &management.unwrap());
            }
            let went = if self.apps.is_empty() || self.roll(10) == 0 {
                self.step()
            } else {
                self.read()
            };
            if !went {
                assert!(self.settle(), "the server is gone");
            }
        }
    }

    /// One write of any kind; `false` when it is in doubt.
    fn step(&mut self) -> bool {
        if self.apps.is_empty() || self.roll(10) < 4 {
            return self.create();
        }
        let at = self.apps.len() - 1 - self.roll(self.apps.len().min(20));
        if self.apps[at].gone.known {
            return self.create();
        }
        match self.roll(12) {
            0..6 => self.describe(at),
            6..8 => self.switch(at),
            8..10 => self.issue(at),
            10 => self.add_client(at),
            _ => self.delete(at),
        }
    }

    /// One read of any kind; `false` without an answer.
    fn read(&mut self) -> bool {
        let app = &self.apps[self.roll(self.apps.len())];
        let path = format!("/v1/applications/{}", app.id);
        let answer = match self.roll(10) {
            0..5 => self.token(&app.client),
            5..7 => self.send("GET", &path, "", ""),
            7 => self.send("GET", "/v1/applications?limit=10", "", ""),
            8 => self.send("GET", &format!("{path}/clients"), "", ""),
            _ => self.send(
                "GET",
                &format!("/v1/clients/{}", app.client.client_id),
                "",
                "",
            ),
        };
        answer.is_some_and(|answer| answer.status != 503)
    }

    /// Repeats what had no answer, and looks at everything that was written since the last time.
    /// `false` when the server is gone.
    pub(crate) fn settle(&mut self) -> bool {
        for _ in 0..PATIENCE {
            if self.pending.is_none() || self.send_pending() {
                break;
            }
        }
        self.pending.is_none()
            && (0..self.apps.len()).all(|at| self.apps[at].checked || self.check(at).is_some())
    }

    /// Looks at everything once more.
    pub(crate) fn check_all(&mut self) -> bool {
        (0..self.apps.len()).all(|at| self.check(at).is_some())
    }

    pub(crate) fn known(&self) -> usize {
        self.apps.len()
    }

    /// What was acknowledged is there, and what is in doubt is there whole or not at all.
    /// Nothing without an answer.
    fn check(&mut self, at: usize) -> Option<()> {
        let app = &self.apps[at];
        let path = format!("/v1/applications/{}", app.id);
        let answer = (0..PATIENCE).find_map(|_| {
            let answer = self.send("GET", &path, "", "");
            answer.filter(|answer| answer.status != 503)
        })?;
        let gone = answer.status == 404;
        assert!(
            gone == app.gone.known || app.gone.doubt == Some(gone),
            "{app:?}: {answer:?}"
        );
        let mut done = usize::from(app.gone.doubt.is_some() && gone);
        let mut now = (app.text.known.clone(), app.active.known);
        if !gone {
            let shown = answer.expect(200)["result"].take();
            let version = shown["version"].as_u64().unwrap();
            now = (
                (text(&shown["app_description"]), version),
                shown["active"] == true,
            );
            let (told, doubt) = (&app.text.known, app.text.doubt.as_ref());
            assert!(now.0 == *told || doubt == Some(&now.0), "{app:?}: {shown}");
            let active = now.1 == app.active.known || app.active.doubt == Some(now.1);
            assert!(active, "{app:?}: {shown}");
            done += usize::from(now.0 != *told);
        }
        for client in [&app.client].into_iter().chain(&app.further) {
            let expected = if gone || !now.1 { 401 } else { 200 };
            let answer = self.token(client)?;
            assert!(
                answer.status == expected || answer.status == 503,
                "{app:?}: {answer:?}"
            );
        }
        self.counts.done_after_all.fetch_add(done, Relaxed);
        let app = &mut self.apps[at];
        app.gone = Fact {
            known: gone,
            doubt: None,
        };
        app.text = Fact {
            known: now.0,
            doubt: None,
        };
        app.active = Fact {
            known: now.1,
            doubt: None,
        };
        app.checked = true;
        Some(())
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
