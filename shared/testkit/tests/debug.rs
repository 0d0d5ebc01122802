//! `Debug` of what carries a request or an answer shows no secret.

use api::{Call, Request, Response, caller, claims::TYP, form::Form, jws, routes};
use domain::CreateApp;
use testkit::{Hidden, TestApp};

#[tokio::test]
async fn debug_of_what_carries_a_request_shows_no_secret() {
    let app = TestApp::new().await;
    let made = app.register("Mine", |_: &mut CreateApp| ()).await;
    let mut hidden = Hidden::default();
    hidden.secret(&made.secret);
    hidden.token(&app.admin);
    let form = format!(
        "grant_type=client_credentials&client_secret={}",
        made.secret
    );
    let header = |name: &str, value: String| (name.to_owned(), value);
    let request = Request {
        route: routes::by_key("GET /v1/applications/{app}").unwrap(),
        path: vec![("app".into(), made.secret.clone())],
        query: format!("client_secret={}&access_token={}", made.secret, app.admin),
        headers: [
            header("authorization", format!("Bearer {}", app.admin)),
            header("content-type", "application/x-www-form-urlencoded".into()),
            header("cookie", format!("token={}", app.admin)),
        ]
        .into(),
        body: form.into_bytes(),
        host: "roster.test".into(),
        id: "request-1".into(),
    };
    hidden.bytes("a body", &request.body);
    let caller = caller::authorize(&app.registry, &request).await.unwrap();
    let read = Form::read(&request).unwrap();
    let call = Call {
        request: request.clone(),
        caller,
        base: String::new(),
    };
    let response = Response::json(200, &[&made.secret, &app.admin]);
    let unverified = jws::parse(&app.admin, TYP).unwrap();
    for (name, shown) in [
        ("Request", format!("{request:?} {request:#?}")),
        ("Call", format!("{call:?} {call:#?}")),
        ("Form", format!("{read:?} {read:#?}")),
        ("Response", format!("{response:?} {response:#?}")),
        ("Unverified", format!("{unverified:?} {unverified:#?}")),
    ] {
        hidden.assert_absent(&format!("Debug of {name}"), &shown.replace([' ', '\n'], ""));
        hidden.assert_absent(&format!("Debug of {name}"), &shown);
    }
    // What is needed to follow a request is there.
    let shown = format!("{request:?}");
    for part in ["GET /v1/applications/{app}", "request-1", "content-type"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}
