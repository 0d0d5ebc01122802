//! Each dialect says in its own words what to do: no caller is told a name that the API he calls does not have.

use api::{Response, dialect::Dialect, routes::ROUTES};
use testkit::{TestRequest, Value, json};
use tests::words::{IDEMPOTENCY, NATIVE, OPENID_APPS, SCIM, found};

use crate::{
    attacks::answers,
    errors::{native, openid},
    ground::{self, Ground, expect, patch_op, scim, text},
};

const SECRET: &str = "urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator";

/// The words that callers of a dialect do not know.
fn foreign(dialect: Dialect) -> Vec<&'static str> {
    let (native, openid, scim) = (NATIVE.own, OPENID_APPS.own, SCIM.own);
    match dialect {
        Dialect::Native => [openid, scim].concat(),
        Dialect::OpenIdApps => [native, scim].concat(),
        Dialect::Scim => [native, openid, &IDEMPOTENCY].concat(),
        Dialect::OAuth => [native, openid, scim, &IDEMPOTENCY].concat(),
    }
}

#[track_caller]
fn own_words_only(dialect: Dialect, answer: &Response) {
    let headers: String = answer
        .headers
        .iter()
        .map(|(_, value)| value.as_str())
        .collect();
    for text in [&answer.body, &headers] {
        let strange = found(text, foreign(dialect));
        assert!(strange.is_empty(), "{dialect:?}: {strange:?} in {text}");
    }
}

/// What is said to people.
fn told(answer: &Response) -> String {
    let body = testkit::body(answer);
    let said = ["detail", "error_description"]
        .into_iter()
        .find_map(|name| body[name].as_str());
    said.map_or_else(|| text(&body["errors"][0]["message"]), Into::into)
}

async fn refused(request: TestRequest<'_>, dialect: Dialect, status: u16, said: &str) {
    let answer = request.send().await;
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(told(&answer), said);
    own_words_only(dialect, &answer);
}

#[tokio::test]
async fn no_refusal_has_a_word_that_only_another_dialect_has() {
    let ground = Ground::new().await;
    let client = ground.management.client_id.clone();
    let poor = ground.token(&client, &["apps:read"]).await;
    let mut seen = 0;
    for route in &ROUTES {
        let path = route.path.replace(['{', '}'], "");
        let to = || ground.to(route.method, &path);
        let mut all = answers(&ground, route).await;
        all.push(to().header("authorization", "").send().await);
        all.push(to().token("x.y.z").send().await);
        all.push(to().token(&poor).json(&json!({})).send().await);
        all.push(to().header("authorization", "Basic eDp5").send().await);
        all.push(to().body("text/plain", b"x").send().await);
        all.push(
            to().body("application/json", " ".repeat(70_000).as_bytes())
                .send()
                .await,
        );
        let key = to().json(&json!({})).header("idempotency-key", "a,b");
        all.push(key.header("opc-retry-token", "a,b").send().await);
        let stale = to().json(&json!({})).header("if-match", "\"99\"");
        all.push(stale.send().await);
        for answer in all.iter().filter(|answer| answer.status >= 400) {
            seen += 1;
            own_words_only(route.dialect, answer);
        }
    }
    assert!(seen > 700, "{seen}");
}

#[tokio::test]
async fn an_active_app_is_told_how_the_dialect_forces_its_deletion() {
    let ground = Ground::new().await;
    let id = text(&ground.scim_app(&json!({})).await["id"]);
    let said = "The application is active; deactivate it through AppStatusChanger first, or repeat with ?forceDelete=true.";
    let request = ground.to("DELETE", &format!("{}/{id}", ground::SCIM));
    refused(request, Dialect::Scim, 409, said).await;
    let said = "The application is active; deactivate it first, or repeat with ?force=true.";
    let request = ground.to("DELETE", &format!("{}/{id}", ground::NATIVE));
    refused(request, Dialect::Native, 409, said).await;
}

#[tokio::test]
async fn a_client_without_secrets_is_told_which_member_says_so() {
    let ground = Ground::new().await;
    let public = json!({
        "clientType": "public", "basedOnTemplate": {"value": "CustomBrowserMobileTemplateId"},
        "allowedGrants": ["authorization_code"],
    });
    let app = ground.scim_app(&public).await;
    let (id, client) = (text(&app["id"]), text(&app["name"]));
    let said = "This client authenticates without a secret; if its clientType is public, change that to confidential first.";
    let body = json!({"schemas": [SECRET], "appId": id});
    let request = ground
        .to("POST", "/admin/v1/AppClientSecretRegenerator")
        .json(&body);
    refused(request, Dialect::Scim, 409, said).await;
    let said =
        "This client authenticates without a secret; change its token_endpoint_auth_method first.";
    let path = format!("{}/{id}/clients/{client}/secrets", ground::NATIVE);
    refused(
        ground.to("POST", &path).json(&json!({})),
        Dialect::Native,
        409,
        said,
    )
    .await;
}

#[tokio::test]
async fn a_key_that_was_used_is_told_by_the_name_of_its_header() {
    let ground = Ground::new().await;
    let reused = "The key of this request was sent with another request in the last 24 hours";
    let gone = "This request was carried out before and its result has been deleted since";
    for (dialect, path, header, key, body, other) in [
        (
            Dialect::Native,
            ground::NATIVE,
            "idempotency-key",
            "Idempotency-Key",
            native(&json!({})),
            native(&json!({"app_name": "Other"})),
        ),
        (
            Dialect::OpenIdApps,
            ground::OPENID,
            "idempotency-key",
            "Idempotency-Key",
            openid(&json!({})),
            openid(&json!({"name": "Other"})),
        ),
        (
            Dialect::Scim,
            ground::SCIM,
            "opc-retry-token",
            "opc-retry-token",
            scim(&json!({})),
            scim(&json!({"displayName": "Other"})),
        ),
    ] {
        let post = |body: &Value| {
            ground
                .to("POST", path)
                .json(body)
                .header(header, &format!("key-{path}"))
        };
        let made = expect(201, &post(&body).send().await);
        let said = format!("{reused}; use a new {key}.");
        refused(post(&other), dialect, 422, &said).await;
        let id = ["/id", "/data/app_id", "/result/app_id"];
        let id = text(id.into_iter().find_map(|at| made.pointer(at)).unwrap());
        let delete = format!("{}/{id}?force=true", ground::NATIVE);
        ground.expect(204, "DELETE", &delete, &Value::Null).await;
        let said = format!("{gone}; use a new {key} to do it again.");
        let status = if dialect == Dialect::OpenIdApps {
            422
        } else {
            409
        };
        refused(post(&body), dialect, status, &said).await;
    }
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_by_the_member_that_chose_it() {
    let ground = Ground::new().await;
    ground.scim_app(&json!({"name": "chosen"})).await;
    let other = scim(&json!({"name": "chosen", "displayName": "other"}));
    let said =
        "The chosen client id is taken; choose another name, or leave name out to have one made.";
    let request = ground.to("POST", ground::SCIM).json(&other);
    refused(request, Dialect::Scim, 409, said).await;
    let said = "The code name myapp is taken; choose another, or leave app_code_name out to have one made.";
    for (dialect, path, status, body) in [
        (Dialect::Native, ground::NATIVE, 409, native(&json!({}))),
        (
            Dialect::OpenIdApps,
            ground::OPENID,
            422,
            openid(&json!({"app_code_name": "myapp"})),
        ),
    ] {
        if dialect == Dialect::Native {
            ground.expect(201, "POST", path, &body).await;
        }
        refused(ground.to("POST", path).json(&body), dialect, status, said).await;
    }
}

#[tokio::test]
async fn a_rule_between_members_is_told_by_the_members_of_the_dialect() {
    let ground = Ground::new().await;
    let public = json!({
        "clientType": "public", "basedOnTemplate": {"value": "CustomBrowserMobileTemplateId"},
        "allowedGrants": ["client_credentials"],
    });
    let said = "allowedGrants has client_credentials, which is not for public clients; send the list without it, or set clientType to confidential or trusted";
    let request = ground.to("POST", ground::SCIM).json(&scim(&public));
    refused(request, Dialect::Scim, 400, said).await;
    let scheme = json!(["com.example.app:/cb"]);
    let said = "redirectUris/0 must use https; private-use schemes need allUrlSchemesAllowed, or the clientType public";
    let request = ground
        .to("POST", ground::SCIM)
        .json(&scim(&json!({"redirectUris": scheme})));
    refused(request, Dialect::Scim, 400, said).await;
    let id = text(&ground.scim_app(&json!({})).await["id"]);
    let patch = patch_op(&json!([{"op": "replace", "path": "redirectUris", "value": scheme}]));
    let request = ground
        .to("PATCH", &format!("{}/{id}", ground::SCIM))
        .json(&patch);
    refused(request, Dialect::Scim, 400, said).await;
    let said = "redirect_uris/0 must use https; private-use schemes are only for clients with the client_type native";
    let body = native(&json!({"redirect_uris": scheme}));
    refused(
        ground.to("POST", ground::NATIVE).json(&body),
        Dialect::Native,
        400,
        said,
    )
    .await;
    let said = "redirect_uri must use https; private-use schemes are not for this client";
    let body = openid(&json!({"redirect_uri": scheme[0]}));
    refused(
        ground.to("POST", ground::OPENID).json(&body),
        Dialect::OpenIdApps,
        422,
        said,
    )
    .await;
}

#[tokio::test]
async fn whoever_needs_a_token_is_told_the_endpoint_of_the_dialect() {
    let ground = Ground::new().await;
    let header = "in the Authorization header: Bearer <token>.";
    for (dialect, path, endpoint) in [
        (Dialect::Native, ground::NATIVE, "/oauth2/token"),
        (Dialect::OpenIdApps, ground::OPENID, "/oauth/service/token"),
        (Dialect::Scim, ground::SCIM, "/oauth2/token"),
    ] {
        let said = format!("Send an access token from {endpoint} {header}");
        let request = ground.to("GET", path).header("authorization", "");
        refused(request, dialect, 401, &said).await;
        let answer = ground.to("GET", path).token("x.y.z").send().await;
        let end = format!("Get a new access token from {endpoint}.");
        assert!(told(&answer).ends_with(&end), "{}", answer.body);
        own_words_only(dialect, &answer);
    }
}

#[tokio::test]
async fn a_service_without_the_right_secret_is_told_its_own_members() {
    let ground = Ground::new().await;
    let own = &ground.management.client_id;
    for (id, secret) in [(own.as_str(), "wrong"), ("nobody", "wrong")] {
        let body = json!({"service_id": id, "service_secret": secret});
        let request = ground.to("POST", "/oauth/service/token").json(&body);
        let said = "The service is unknown or switched off, or service_secret is wrong.";
        refused(
            request.header("authorization", ""),
            Dialect::OpenIdApps,
            401,
            said,
        )
        .await;
    }
}

/// A token for others says nothing at the management API, and its holder is told how to ask for one that does.
#[tokio::test]
async fn a_token_for_another_audience_is_told_to_leave_resource_out() {
    let ground = Ground::new().await;
    let with = |command: &mut domain::CreateApp| {
        command.client.resources = vec![domain::ResourceId::parse("urn:theirs").unwrap()];
    };
    let made = ground.register("Theirs", with).await;
    let basic = testkit::basic(made.client_id().as_str(), &made.secret);
    let form = "grant_type=client_credentials&resource=urn%3Atheirs";
    let request = ground.to("POST", "/oauth2/token").form(form);
    let issued = expect(200, &request.header("authorization", &basic).send().await);
    let token = text(&issued["access_token"]);
    let reason = "The access token is for another audience, because it was asked for with a resource; this API takes one that was asked for without resource.";
    for (dialect, path, endpoint) in [
        (Dialect::Native, ground::NATIVE, "/oauth2/token"),
        (Dialect::OpenIdApps, ground::OPENID, "/oauth/service/token"),
        (Dialect::Scim, ground::SCIM, "/oauth2/token"),
    ] {
        let said = format!("{reason} Get a new access token from {endpoint}.");
        refused(ground.to("GET", path).token(&token), dialect, 401, &said).await;
    }
}

const HOW: &str = "send Authorization: Basic with base64 of client_id:client_secret, or client_id with client_secret in the body, or client_assertion with client_assertion_type in the body.";

/// Of no client, known or not, is anything told by that.
#[tokio::test]
async fn whoever_shows_no_credentials_is_told_which_and_how() {
    let ground = Ground::new().await;
    let none = format!("The request has no client credentials: {HOW}");
    let proves_nothing = format!("The request names a client and proves nothing: {HOW}");
    let token =
        format!("This endpoint takes the client's own credentials and no access token: {HOW}");
    let assertion = "An assertion is sent as client_assertion together with client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer.";
    let basic = "The Authorization header has no client credentials that can be read: Basic, one space, and base64 of client_id:client_secret, both form-encoded before (RFC 6749 section 2.3.1).";
    let known = format!("client_id={}", ground.management.client_id);
    ground.recorder.take();
    for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"] {
        for (form, header, said) in [
            ("", "", &*none),
            ("client_secret=x", "", &none),
            (&*known, "", &proves_nothing),
            ("client_id=nobody", "", &proves_nothing),
            ("", "Bearer x", &token),
            ("", "Basic", basic),
            ("", "Basic eA==", basic),
            ("client_assertion=x", "", assertion),
            ("client_assertion_type=x", "", assertion),
        ] {
            let form = format!("grant_type=client_credentials&token=x&{form}");
            let request = ground.to("POST", path).form(&form);
            refused(
                request.header("authorization", header),
                Dialect::OAuth,
                401,
                said,
            )
            .await;
        }
    }
    assert!(ground.recorder.take().is_empty());
}
