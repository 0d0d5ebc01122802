//! One app's life, by a story that any deployment must tell the same way.

use serde_json::{Value, json};

use crate::{
    client::{Answer, Credentials, Deployment},
    stories::registration,
};

/// A request with a token and, unless it is null, a JSON body.
fn ask(roster: &Deployment, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    roster.send(method, path, &headers, &text)
}

fn refused(roster: &Deployment, shown: &Credentials) {
    let answer = roster.ask_token(shown, "grant_type=client_credentials");
    assert_eq!(answer.expect(401)["error"], "invalid_client");
}

#[test]
fn register_token_read_rotate_deactivate_refused() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let introspected = |token: &str| {
        let headers = [
            ("authorization", &*roster.management.basic()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let form = format!("token={token}");
        let answer = roster.send("POST", "/oauth2/introspect", &headers, &form);
        answer.expect(200)["active"].as_bool().unwrap()
    };

    // Register.
    let made = roster.post(&admin, "/v1/applications", &registration("Lifecycle"));
    let app = made.expect(201)["result"].clone();
    let first = Credentials::of(&app);
    let path = format!("/v1/applications/{}", app["app_id"].as_str().unwrap());

    // Token, read.
    let token = roster.token(&first);
    assert!(introspected(&token));
    let read = roster.get(&token, &path).expect(200);
    assert_eq!(read["result"]["client_id"], app["client_id"]);

    // Rotate: a second secret, both live, then only the second.
    let secrets = format!("{path}/clients/{}/secrets", first.client_id);
    let listed = roster.get(&admin, &secrets).expect(200);
    let old = listed["result"][0]["secret_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let issued = ask(&roster, &admin, "POST", &secrets, &Value::Null).expect(201);
    let second = Credentials {
        client_id: first.client_id.clone(),
        client_secret: issued["result"]["client_secret"].as_str().unwrap().into(),
    };
    roster.token(&first);
    roster.token(&second);
    let revoked = ask(
        &roster,
        &admin,
        "DELETE",
        &format!("{secrets}/{old}"),
        &Value::Null,
    );
    assert_eq!(revoked.status, 204, "{revoked:?}");
    refused(&roster, &first);
    let token = roster.token(&second);

    // Deactivate: no token, and none in hand is good for anything.
    let off = json!({"active": false, "reason": "the end of the story"});
    let status = format!("{path}/status");
    ask(&roster, &admin, "PUT", &status, &off).expect(200);
    refused(&roster, &second);
    assert!(!introspected(&token));
    // At once, as this token has not been used; callers are remembered for 30 s.
    roster.get(&token, &path).expect(401);

    // Back again, with the secret that was left.
    ask(&roster, &admin, "PUT", &status, &json!({"active": true})).expect(200);
    assert!(introspected(&roster.token(&second)));
}
