//! Forms that are to cost more than they are worth.

use super::*;

/// Lesson 53: a duplicate check that was quadratic, on a form that anyone may send.
#[tokio::test]
async fn a_form_of_distinct_names_is_refused_before_it_is_read() {
    let app = TestApp::new().await;
    let names = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!("&p{n}=")).collect();
        names.concat()
    };
    let most = "Send at most 64 parameters and 100 resources.";
    let all = "Send at most 164 parameters.";
    for (more, said) in [
        (names(64), most),
        (names(9_000), all),
        ("&resource=two".repeat(101), most),
        ("&".repeat(60_000), all),
    ] {
        let response = post(&app, &format!("{GRANT}{more}")).send().await;
        assert_error(&response, 400, "invalid_request", said, said);
    }
    // One less is served like any other.
    let client = client(&app).await;
    let form = format!("{GRANT}{}{}", names(63), "&resource=two".repeat(100));
    let response = by_basic(&app, &client, &form).send().await;
    assert_eq!(response.status, 200, "{}", response.body);
}

#[tokio::test]
async fn scopes_are_not_looked_for_without_end() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let form = |count: usize| format!("{GRANT}&scope=photos{}", "+photos".repeat(count));
    let response = by_basic(&app, &client, &form(100)).send().await;
    assert_eq!(response.status, 200, "{}", response.body);
    let response = by_basic(&app, &client, &form(9_000)).send().await;
    let said = "A requested scope is unknown or not among the client's scopes.";
    assert_error(&response, 400, "invalid_scope", said, "scopes");
}
