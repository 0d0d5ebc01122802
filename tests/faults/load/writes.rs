//! The writes of a caller: each returns `false` when it is in doubt.

use testkit::json;

use super::{Caller, Fact, Known, text};
use crate::client::Credentials;

impl Caller<'_> {
    fn key(&mut self) -> String {
        self.made += 1;
        format!("caller-{}-{}", self.number, self.made)
    }

    pub(super) fn create(&mut self) -> bool {
        let key = self.key();
        let body = json!({
            "app_name": key, "client_display_name": key, "app_description": "0",
            "redirect_uris": ["https://app.example.com/cb"],
            "client_scopes": ["apps:read"], "client_grant_types": ["client_credentials"],
        });
        self.pending = Some((key, body.to_string()));
        self.send_pending()
    }

    /// Sends the creation that waits for its answer.
    pub(super) fn send_pending(&mut self) -> bool {
        let (key, body) = self.pending.clone().unwrap();
        let answer = self.send("POST", "/v1/applications", &key, &body);
        let Some(answer) = self.written(answer, 201) else {
            return false;
        };
        self.pending = None;
        let made = answer.json()["result"].take();
        self.apps.push(Known {
            id: text(&made["app_id"]),
            client: Credentials::of(&made),
            text: Fact {
                known: ("0".into(), 1),
                doubt: None,
            },
            active: Fact {
                known: true,
                doubt: None,
            },
            gone: Fact {
                known: false,
                doubt: None,
            },
            further: Vec::new(),
            checked: false,
        });
        true
    }

    pub(super) fn describe(&mut self, at: usize) -> bool {
        let app = &self.apps[at];
        let (_, version) = app.text.known;
        let (new, path) = (
            format!("{}", version + 1),
            format!("/v1/applications/{}", app.id),
        );
        let body = json!({"app_description": new}).to_string();
        let answer = self.written(self.send("PUT", &path, "", &body), 200);
        let told = answer
            .as_ref()
            .map(|a| a.json()["result"]["version"].as_u64());
        assert!(
            told.is_none_or(|told| told == Some(version + 1)),
            "a lost write: {answer:?}"
        );
        self.note(
            at,
            answer.is_some(),
            |app| &mut app.text,
            (new, version + 1),
        )
    }

    pub(super) fn switch(&mut self, at: usize) -> bool {
        let app = &self.apps[at];
        let (new, (description, version)) = (!app.active.known, app.text.known.clone());
        let path = format!("/v1/applications/{}/status", app.id);
        let body = json!({"active": new}).to_string();
        let done = self
            .written(self.send("PUT", &path, "", &body), 200)
            .is_some();
        self.note(at, done, |app| &mut app.text, (description, version + 1));
        self.note(at, done, |app| &mut app.active, new)
    }

    pub(super) fn delete(&mut self, at: usize) -> bool {
        let path = format!("/v1/applications/{}?force=true", self.apps[at].id);
        let done = self
            .written(self.send("DELETE", &path, "", ""), 204)
            .is_some();
        self.note(at, done, |app| &mut app.gone, true)
    }

    /// A further secret, in the place of all others.
    pub(super) fn issue(&mut self, at: usize) -> bool {
        let key = self.key();
        let app = &self.apps[at];
        let path = format!(
            "/v1/applications/{}/clients/{}/secrets",
            app.id, app.client.client_id
        );
        let listed = self.send("GET", &path, "", "");
        let Some(listed) = listed.filter(|a| a.status == 200) else {
            return false;
        };
        if listed.json()["result"]
            .as_array()
            .is_none_or(|all| all.len() > 4)
        {
            return true;
        }
        let answer = self.written(self.send("POST", &path, &key, "{}"), 201);
        let done = answer.is_some();
        if let Some(answer) = answer {
            let secret = text(&answer.json()["result"]["client_secret"]);
            self.apps[at].client.client_secret = secret;
        }
        self.apps[at].checked = false;
        done
    }

    pub(super) fn add_client(&mut self, at: usize) -> bool {
        let key = self.key();
        let path = format!("/v1/applications/{}/clients", self.apps[at].id);
        let body = json!({
            "name": key, "redirect_uris": ["https://app.example.com/cb"],
            "grant_types": ["client_credentials"],
        });
        let answer = self.written(self.send("POST", &path, &key, &body.to_string()), 201);
        let done = answer.is_some();
        let made = answer.map(|answer| Credentials::of(&answer.json()["result"]));
        self.apps[at].further.extend(made);
        self.apps[at].checked = false;
        done
    }

    /// Writes down what an answer says, or that there was none.
    fn note<T>(
        &mut self,
        at: usize,
        done: bool,
        of: fn(&mut Known) -> &mut Fact<T>,
        new: T,
    ) -> bool {
        let app = &mut self.apps[at];
        app.checked = false;
        let fact = of(app);
        if done {
            (fact.known, fact.doubt) = (new, None);
        } else {
            fact.doubt = Some(new);
        }
        done
    }
}
