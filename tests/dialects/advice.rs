//! A refusal says what to do about it, in the words of its dialect.

use testkit::{Value, answer, json};

use crate::{
    errors::native,
    faults::{client, told},
    ground::{Ground, NATIVE, OPENID, SCIM, scim},
};

const RESET: &str = "must not be null; leave it out to keep what is stored, or reset it with PATCH and application/merge-patch+json";
const KEEP: &str = "must not be null; leave it out to keep what is stored";
const LEAVE: &str = "must not be null; leave it out to have its default";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn a_null_is_told_what_to_send_instead() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let further = ground.register_client(&made.app, "Worker", |_| ()).await;
    let app = format!("{NATIVE}/{}", made.id());
    let one = format!("/v1/clients/{}", further.id());
    let of_app = [
        "app_description",
        "client_description",
        "client_type",
        "client_auth_method",
        "client_grant_types",
        "client_scopes",
        "resources",
        "logo",
        "service_providers",
        "authenticator_preferences",
        "allow_public_signup",
        "login_uri",
        "subdomain",
        "invite_member_email_expiration_minutes",
        "trusted",
        "device_authorization",
        "ciba_authorization",
        "jwks",
        "access_token_lifetime",
    ];
    let of_client = [
        "description",
        "client_type",
        "response_types",
        "grant_types",
        "scopes",
        "resources",
        "token_endpoint_auth_method",
        "post_logout_redirect_uris",
        "logout_uri",
        "jwks",
        "device_authorization",
        "ciba_authorization",
        "access_token_lifetime",
    ];
    let mut rows: Vec<(&str, String, Value, &str, String)> = Vec::new();
    for member in of_app {
        let null = json!({ member: null });
        rows.push(("PUT", app.clone(), null.clone(), member, RESET.into()));
        let mut new = native(&json!({}));
        new[member] = Value::Null;
        rows.push(("POST", NATIVE.into(), new, member, LEAVE.into()));
    }
    for member in of_client {
        rows.push((
            "PUT",
            one.clone(),
            json!({ member: null }),
            member,
            RESET.into(),
        ));
        let mut new = client(&json!({}));
        new[member] = Value::Null;
        rows.push(("POST", format!("{app}/clients"), new, member, LEAVE.into()));
    }
    for (path, member) in [
        (&app, "app_name"),
        (&app, "client_display_name"),
        (&app, "redirect_uris"),
        (&one, "name"),
        (&one, "redirect_uris"),
    ] {
        rows.push((
            "PUT",
            path.clone(),
            json!({ member: null }),
            member,
            KEEP.into(),
        ));
    }
    let mut unnamed = native(&json!({}));
    unnamed["app_name"] = Value::Null;
    rows.push((
        "POST",
        NATIVE.into(),
        unnamed,
        "app_name",
        "must not be null; it is required".into(),
    ));
    let within = json!({"device_authorization": {"enabled": false, "input_uri": null}});
    rows.push((
        "PUT",
        app.clone(),
        within,
        "device_authorization/input_uri",
        LEAVE.into(),
    ));
    rows.push((
        "PUT",
        format!("{OPENID}/{}", made.id()),
        json!({"trusted": null}),
        "trusted",
        KEEP.into(),
    ));
    for (method, path, sent, member, why) in rows {
        let response = ground.to(method, &path).json(&sent).send().await;
        assert_eq!(
            told(&response),
            [format!("{member} {why}")],
            "{method} {path}"
        );
    }
    assert!(!ground.recorder.summary().wrote());
}

/// RFC 7643 §2.5: null and no attribute are the same.
#[tokio::test]
async fn a_null_in_a_scim_document_is_an_unassigned_attribute() {
    let ground = Ground::new().await;
    let mut sent = scim(&json!({"description": "About"}));
    for null in [
        "externalId",
        "logoutUri",
        "accessTokenExpiry",
        "tags",
        "audience",
        "meta",
    ] {
        sent[null] = Value::Null;
    }
    let made = ground.expect(201, "POST", SCIM, &sent).await;
    let path = format!("{SCIM}/{}", made["id"].as_str().unwrap());
    sent["description"] = Value::Null;
    let now = ground.expect(200, "PUT", &path, &sent).await;
    assert_eq!(now.get("description"), None);
    sent["displayName"] = Value::Null;
    let response = ground.send("PUT", &path, &sent).await;
    assert_eq!(told(&response), ["displayName is required"]);
}

#[tokio::test]
async fn a_number_out_of_range_is_told_what_it_counts() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let app = format!("{NATIVE}/{}", made.id());
    let secrets = format!("{app}/clients/{}/secrets", made.client_id());
    let life = "access_token_lifetime must be a whole number of seconds from 1 to 3600";
    let minutes = "invite_member_email_expiration_minutes";
    for (method, path, sent, expected) in [
        (
            "POST",
            secrets.as_str(),
            json!({"expires_in": 0}),
            "expires_in must be a whole number of seconds from 1 to 315360000".to_owned(),
        ),
        (
            "PUT",
            &app,
            json!({"access_token_lifetime": 3601}),
            life.into(),
        ),
        (
            "POST",
            NATIVE,
            native(&json!({"access_token_lifetime": "60"})),
            life.into(),
        ),
        (
            "PUT",
            &app,
            json!({ minutes: 0 }),
            format!("{minutes} must be a whole number of minutes from 1 to 525600"),
        ),
        (
            "POST",
            SCIM,
            scim(&json!({"accessTokenExpiry": 0})),
            "accessTokenExpiry must be a whole number of seconds from 1 to 2147483647".into(),
        ),
        (
            "POST",
            SCIM,
            scim(&json!({"refreshTokenExpiry": "x"})),
            "refreshTokenExpiry must be a whole number of seconds from 1 to 2147483647".into(),
        ),
    ] {
        let response = ground.to(method, path).json(&sent).send().await;
        assert_eq!(told(&response), [expected], "{method} {path}");
    }
}

#[tokio::test]
async fn a_client_without_redirect_uris_is_told_what_to_do_in_the_words_of_its_request() {
    let ground = Ground::new().await;
    let made = ground.register("My app", |_| ()).await;
    let app = format!("{NATIVE}/{}", made.id());
    let says = |member: &str, grants: &str| {
        format!(
            "{member} needs at least one URI, because {grants} has a grant that sends users back to one; add one, or name in {grants} only grants that do without, such as client_credentials"
        )
    };
    let of_app = says("redirect_uris", "client_grant_types");
    let none = json!({"redirect_uris": []});
    for (method, path, sent, expected) in [
        ("POST", NATIVE.to_owned(), native(&none), of_app.clone()),
        ("PUT", app.clone(), none.clone(), of_app),
        (
            "POST",
            format!("{app}/clients"),
            client(&none),
            says("redirect_uris", "grant_types"),
        ),
        (
            "PUT",
            format!("/v1/clients/{}", made.client_id()),
            none,
            says("redirect_uris", "grant_types"),
        ),
        (
            "POST",
            SCIM.to_owned(),
            scim(&json!({"redirectUris": []})),
            says("redirectUris", "allowedGrants"),
        ),
        (
            "PUT",
            format!("{OPENID}/{}", made.id()),
            json!({"oauth_redirect_uris": []}),
            "redirect_uri needs at least one URI, because a grant of this client sends users back to one; add one".into(),
        ),
    ] {
        let response = ground.to(method, &path).json(&sent).send().await;
        // The advice itself has a semicolon.
        let (_, shown) = answer(&response);
        let said = shown.get("detail").unwrap_or(&shown["errors"][0]["message"]);
        assert_eq!(*said, json!(expected), "{method} {path}");
    }
    // What is advised works.
    let machine = json!({"redirect_uris": [], "client_grant_types": ["client_credentials"]});
    ground.expect(200, "PUT", &app, &machine).await;
}
