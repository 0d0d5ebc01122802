//! What must not be seen, and a look for it.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use engine::Call;
use serde_json::Value;

/// Attributes that only the table may see.
const STORED: [&str; 3] = ["digest", "sealed_private_key", "cursor_key"];

/// What must not be seen, each in every spelling that somebody may print it in.
#[derive(Default)]
pub struct Hidden(Vec<(String, String)>);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hidden({})", self.0.len())
    }
}

impl Hidden {
    /// How many texts.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This text.
    pub fn text(&mut self, what: &str, text: &str) {
        self.0.push((what.into(), text.into()));
    }

    /// These bytes.
    pub fn bytes(&mut self, what: &str, bytes: &[u8]) {
        for spelling in [
            BASE64.encode(bytes),
            BASE64_NOPAD.encode(bytes),
            BASE64URL_NOPAD.encode(bytes),
            HEXLOWER.encode(bytes),
            // Debug of a list, without its ends.
            format!("{bytes:?}").trim_matches(['[', ']']).to_owned(),
        ] {
            self.text(what, &spelling);
        }
    }

    /// A secret: whole, and its random part alone.
    pub fn secret(&mut self, secret: &str) {
        self.text("a secret", secret);
        self.text("a secret's random part", secret.rsplit('_').next().unwrap());
    }

    /// A token: whole, and its signature alone.
    pub fn token(&mut self, token: &str) {
        self.text("a token", token);
        self.text("a token's signature", token.rsplit('.').next().unwrap());
    }

    /// Fails when `shown` has any of it.
    #[expect(clippy::panic, reason = "an assertion")]
    pub fn assert_absent(&self, place: &str, shown: &str) {
        for (what, text) in &self.0 {
            if let Some(line) = shown.lines().find(|line| line.contains(text)) {
                let start: String = line.chars().take(300).collect();
                panic!("{place} shows {what}: {start}");
            }
        }
    }

    /// Every digest and sealed key that stands in what the SDK sent or got.
    pub fn stored(&mut self, calls: &[Call]) {
        for call in calls {
            self.stored_in(&call.request);
            self.stored_in(&call.response);
        }
    }

    fn stored_in(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let binary = value.get("B").and_then(Value::as_str);
                    if let Some(text) = binary.filter(|_| STORED.contains(&name.as_str())) {
                        self.bytes(name, &BASE64.decode(text.as_bytes()).unwrap());
                    }
                    self.stored_in(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.stored_in(item)),
            _ => {}
        }
    }
}
