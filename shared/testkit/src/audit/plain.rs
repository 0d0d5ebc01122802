//! A look for what must not lie in the table in plain.

use data_encoding::BASE64;
use serde_json::Value;

use super::{Audit, Rule, items::Items};

/// How the PKCS #8 form of a P-256 private key begins, after its length.
const P256_PRIVATE: [u8; 16] = [
    0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08,
];

pub(super) fn check(items: &Items, audit: &mut Audit) {
    for item in items.iter() {
        if let Some(what) = seen(item.json()) {
            audit.found(Rule::Plain, item.key(), what);
        }
    }
}

/// What lies in plain in `value` or below it.
fn seen(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, inner)| {
            let bytes = inner.as_str().filter(|_| name == "B");
            match bytes.map(|text| BASE64.decode(text.as_bytes())) {
                Some(Ok(bytes)) => in_bytes(&bytes),
                _ => in_text(name).or_else(|| seen(inner)),
            }
        }),
        Value::Array(items) => items.iter().find_map(seen),
        Value::String(text) => in_text(text),
        _ => None,
    }
}

fn in_text(text: &str) -> Option<&'static str> {
    let token = |word: &str| word.starts_with("eyJ") && word.matches('.').count() == 2;
    if text.contains("rsec_") {
        Some("a client secret")
    } else if text.contains("PRIVATE KEY") {
        Some("a private key")
    } else if text.split_whitespace().any(token) {
        Some("a token")
    } else {
        None
    }
}

fn in_bytes(bytes: &[u8]) -> Option<&'static str> {
    if bytes.windows(P256_PRIVATE.len()).any(|w| w == P256_PRIVATE) {
        return Some("a private key");
    }
    in_text(&String::from_utf8_lossy(bytes))
}
