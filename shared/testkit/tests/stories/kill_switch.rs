//! Off means off: at the token endpoint at once, at management routes within half a minute.

use domain::scopes;
use testkit::{Registered, RegisteredClient};

use super::*;

/// The seconds for which a management route may take a caller for unchanged.
const FRESH: i64 = 30;

struct World {
    app: TestApp,
    made: Registered,
    further: RegisteredClient,
}

async fn world() -> World {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    World { app, made, further }
}

impl World {
    /// The admin's token of this very second: the clock moves in these stories.
    async fn switch(&self, of: &str, active: bool, reason: Option<&str>) -> Value {
        let mut wanted = json!({ "active": active });
        if let Some(reason) = reason {
            wanted["reason"] = reason.into();
        }
        let path = format!("/v1/applications/myapp{of}/status");
        let response = self.as_admin("PUT", &path).await.json(&wanted).send().await;
        result(&response, 200)
    }

    async fn as_admin(&self, method: &str, path: &str) -> TestRequest<'_> {
        let admin = &self.app.management.client_id;
        let token = self.app.token(admin, &scopes::MANAGEMENT).await;
        call(&self.app, method, path).token(&token)
    }

    fn of_client(&self, default: bool) -> String {
        let id = if default {
            self.made.client_id()
        } else {
            self.further.id()
        };
        format!("/clients/{id}")
    }

    /// Whether the default and the further client get tokens.
    async fn tokens(&self) -> (bool, bool) {
        let default = authenticates(&self.app, self.made.client_id(), &self.made.secret).await;
        let further = authenticates(&self.app, self.further.id(), &self.further.secret).await;
        (default, further)
    }

    /// What a token in hand opens.
    async fn opens(&self, token: &str) -> u16 {
        let path = format!("/v1/applications/{}", self.made.id());
        call(&self.app, "GET", &path)
            .token(token)
            .send()
            .await
            .status
    }
}

#[tokio::test]
async fn an_app_that_is_off_gets_no_token_from_the_same_second_on() {
    let w = world().await;
    assert_eq!(w.tokens().await, (true, true));
    w.switch("", false, None).await;
    assert_eq!(w.tokens().await, (false, false));
    w.switch("", true, None).await;
    assert_eq!(w.tokens().await, (true, true));
}

#[tokio::test]
async fn a_client_that_is_off_leaves_the_others_on() {
    let w = world().await;
    for default in [true, false] {
        w.switch(&w.of_client(default), false, None).await;
        assert_eq!(w.tokens().await, (!default, default));
        w.switch(&w.of_client(default), true, None).await;
        assert_eq!(w.tokens().await, (true, true));
    }
}

#[tokio::test]
async fn a_client_stays_off_when_its_app_comes_back() {
    let w = world().await;
    w.switch(&w.of_client(false), false, None).await;
    w.switch("", false, None).await;
    w.switch("", true, None).await;
    assert_eq!(w.tokens().await, (true, false));
}

#[tokio::test]
async fn a_token_in_hand_opens_nothing_after_half_a_minute_and_something_again_when_back_on() {
    let w = world().await;
    for of in ["", &w.of_client(true), &w.of_client(false)] {
        let default = of != w.of_client(false);
        let token = if default {
            token(&w.app, w.made.client_id(), &w.made.secret).await
        } else {
            token(&w.app, w.further.id(), &w.further.secret).await
        };
        assert_eq!(w.opens(&token).await, 200);
        w.switch(of, false, None).await;
        // Known a moment ago: may still be taken for good, for no longer than this.
        w.app.clock.advance(FRESH - 1);
        assert!([200, 401].contains(&w.opens(&token).await));
        w.app.clock.advance(1);
        assert_eq!(w.opens(&token).await, 401, "{of}");
        w.switch(of, true, None).await;
        w.app.clock.advance(FRESH);
        assert_eq!(w.opens(&token).await, 200, "{of}");
    }
}

#[tokio::test]
async fn a_token_that_was_not_in_use_opens_nothing_at_once() {
    let w = world().await;
    let token = token(&w.app, w.further.id(), &w.further.secret).await;
    w.switch("", false, None).await;
    assert_eq!(w.opens(&token).await, 401);
}

#[tokio::test]
async fn who_when_and_why_are_kept_and_shown_by_every_read() {
    let w = world().await;
    w.app.clock.advance(60);
    w.switch("", false, Some("Leaked")).await;
    w.app.clock.advance(60);
    w.switch(&w.of_client(false), false, Some("Unused")).await;
    let by = &w.app.management.client_id;
    let change = |at: &str, reason: &str| json!({"by": by, "at": at, "reason": reason});
    let shown =
        |path: String| async { result(&w.as_admin("GET", &{ path }).await.send().await, 200) };
    let app = shown("/v1/applications/myapp".into()).await;
    assert_eq!(app["active"], false);
    assert_eq!(
        app["status_change"],
        change("2026-01-02T03:05:05Z", "Leaked")
    );
    assert_eq!(app["version"], 2);
    let clients = shown("/v1/applications/myapp/clients".into()).await;
    let client = shown(format!("/v1/applications/myapp{}", w.of_client(false))).await;
    assert_eq!(
        client["status_change"],
        change("2026-01-02T03:06:05Z", "Unused")
    );
    assert_eq!(clients[1], client);
    assert_eq!(
        clients[0].get("status_change"),
        None,
        "the default client was let alone"
    );
    // Another change does not lose them.
    let rename = json!({"app_name": "Renamed"});
    let renamed = w
        .as_admin("PUT", "/v1/applications/myapp")
        .await
        .json(&rename);
    let renamed = result(&renamed.send().await, 200);
    assert_eq!(renamed["status_change"], app["status_change"]);
}

#[tokio::test]
async fn why_something_was_switched_off_is_still_known_when_it_is_on_again() {
    let w = world().await;
    let by = &w.app.management.client_id;
    for rest in [String::new(), w.of_client(true), w.of_client(false)] {
        let read = || async {
            let path = format!("/v1/applications/myapp{rest}");
            result(&w.as_admin("GET", &path).await.send().await, 200)
        };
        assert_eq!(read().await.get("previous_status_change"), None);
        w.switch(&rest, false, Some("Leaked")).await;
        let off = read().await;
        assert_eq!(off["status_change"]["reason"], "Leaked");
        assert_eq!(off.get("previous_status_change"), None, "as created");
        w.app.clock.advance(60);
        w.switch(&rest, true, None).await;
        let on = read().await;
        assert_eq!(on["active"], true);
        assert_eq!(on["status_change"].get("reason"), None);
        assert_eq!(on["previous_status_change"], off["status_change"]);
        // As it is already: nothing is written, nothing forgotten.
        w.switch(&rest, true, Some("again")).await;
        assert_eq!(read().await, on);
        assert_eq!(on["updated_by"], json!(by));
    }
}

#[tokio::test]
async fn who_changed_a_thing_last_is_shown_beside_who_made_it() {
    let w = world().await;
    let admin = w.app.management.client_id.as_str();
    let own = token(&w.app, w.further.id(), &w.further.secret).await;
    for (rest, name) in [
        (w.of_client(false), "name"),
        (w.of_client(true), "name"),
        (String::new(), "app_name"),
    ] {
        let path = format!("/v1/applications/myapp{rest}");
        let read = async || result(&w.as_admin("GET", &path).await.send().await, 200);
        let rename = json!({name: "Renamed"});
        let changed = call(&w.app, "PUT", &path).token(&own).json(&rename);
        let changed = result(&changed.send().await, 200);
        assert_eq!(changed["updated_by"], w.further.id().as_str(), "{path}");
        assert_eq!(changed["created_by"], admin, "{path}");
        assert_eq!(read().await["updated_by"], changed["updated_by"], "{path}");
        w.switch(&rest, false, None).await;
        assert_eq!(read().await["updated_by"], admin, "{path}");
        w.switch(&rest, true, None).await;
    }
    let app = result(
        &w.as_admin("GET", "/v1/applications/myapp")
            .await
            .send()
            .await,
        200,
    );
    assert_eq!(app["updated_by"], admin);
}

#[tokio::test]
async fn an_app_that_is_off_can_still_be_read_mended_and_given_new_secrets() {
    let w = world().await;
    w.switch("", false, None).await;
    let path = format!("/v1/applications/myapp{}/secrets", w.of_client(true));
    let (_, secret) = issue(&w.app, &path, &json!({})).await;
    let client = w.made.client_id();
    assert!(!authenticates(&w.app, client, &secret).await);
    w.switch("", true, None).await;
    assert!(authenticates(&w.app, client, &secret).await);
}

#[tokio::test]
async fn the_refusal_of_a_client_that_is_off_is_that_of_a_wrong_secret() {
    let w = world().await;
    let unknown = "01900000000070008000000000000000.0";
    let wrong = token_answer(&w.app, unknown, &w.made.secret).await;
    w.switch("", false, None).await;
    let off = token_answer(&w.app, w.made.client_id(), &w.made.secret).await;
    assert_eq!((off.status, &off.body), (401, &wrong.body));
}

#[tokio::test]
async fn switching_off_while_the_table_does_not_answer_is_no_success() {
    let w = world().await;
    let down = testkit::Intercept::Fail(testkit::Failure::Io);
    w.app
        .recorder
        .script("UpdateItem", std::iter::repeat_n(down, 3));
    let path = "/v1/applications/myapp/status";
    let request = w
        .as_admin("PUT", path)
        .await
        .json(&json!({"active": false}));
    assert_eq!(request.send().await.status, 503);
    assert_eq!(w.tokens().await, (true, true));
}
