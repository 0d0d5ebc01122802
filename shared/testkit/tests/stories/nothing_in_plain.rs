//! The table, read past every rule, holds no secret, no token and no answer in plain.

use testkit::answer;

use super::{
    idempotency::{creations, keyed},
    *,
};

#[tokio::test]
async fn neither_secrets_nor_answers_lie_in_the_table_in_plain() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let mut secrets = vec![made.secret.clone(), app.management.client_secret.clone()];
    for (path, body) in creations(&made) {
        let (_, shown) = answer(&keyed(&app, &path, "a-plain-key", &body).send().await);
        secrets.push(text(&shown["result"]["client_secret"]));
    }
    let bearer = token(&app, made.client_id(), &made.secret).await;
    let items = app.items();
    let records = items
        .iter()
        .filter(|item| item["kind"]["S"] == "idempotency");
    for record in records.clone() {
        // Sealed: neither the answer nor the key stands there.
        let attributes: Vec<_> = record.as_object().unwrap().keys().collect();
        let expected = [
            "expires_at",
            "kind",
            "made",
            "pk",
            "request_digest",
            "schema",
            "sealed_answer",
            "sk",
        ];
        assert_eq!(attributes, expected);
    }
    assert_eq!(records.count(), 3);
    // Binary attributes are looked through as bytes, the others as text.
    let dump: String = items.iter().map(ToString::to_string).collect();
    let mut bytes = dump.into_bytes();
    for item in &items {
        binaries(item, &mut bytes);
    }
    let holds = |needle: &str| bytes.windows(needle.len()).any(|w| w == needle.as_bytes());
    assert!(
        holds("sealed_answer") && holds("\"digest\""),
        "the dump is whole"
    );
    for secret in &secrets {
        // Not even the random part alone.
        assert!(
            !holds(secret.rsplit('_').next().unwrap()),
            "a secret lies in the table"
        );
    }
    for part in bearer
        .split('.')
        .chain([app.admin.as_str(), "a-plain-key", "status\":201"])
    {
        assert!(!holds(part), "{part} lies in the table");
    }
}

/// Adds the decoded bytes of every binary attribute below `value`.
fn binaries(value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                match (name.as_str(), inner.as_str()) {
                    ("B", Some(text)) => to.extend(
                        data_encoding::BASE64
                            .decode(text.as_bytes())
                            .unwrap_or_default(),
                    ),
                    _ => binaries(inner, to),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| binaries(item, to)),
        _ => {}
    }
}
