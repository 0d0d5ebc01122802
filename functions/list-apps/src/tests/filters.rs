//! Filters: exact ones by key, the others along the way.

use super::*;

#[tokio::test]
async fn a_code_name_or_client_id_finds_its_app_alone() {
    let app = TestApp::new().await;
    let made = registered(&app, &["One", "Two"]).await;
    for query in [
        "app_code_name=two".to_owned(),
        "app_code_name=Two".to_owned(),
        format!("client_id={}", made[1].client_id()),
        "app_code_name=tw%6F&limit=1".into(),
    ] {
        app.recorder.take();
        let response = list(&app, &query).send().await;
        assert_eq!(names_in(&body(&response)), ["Two"], "{query}");
        assert_eq!(response.header("link"), None);
        let operations = app.recorder.summary().operations;
        assert_eq!(operations, ["GetItem", "GetItem"], "{query}");
    }
}

#[tokio::test]
async fn what_no_app_can_be_called_finds_nothing_without_a_read() {
    let app = TestApp::new().await;
    registered(&app, &["One"]).await;
    app.recorder.take();
    for query in [
        "app_code_name=",
        "app_code_name=o-ne",
        "app_code_name=default%23one",
        "client_id=",
        "client_id=a%20b",
        "client_id=a-b.c",
    ] {
        let response = list(&app, query).send().await;
        assert_eq!(answer(&response), (200, json!({"result": []})), "{query}");
        assert!(app.recorder.take().is_empty(), "{query}");
    }
}

#[tokio::test]
async fn a_client_id_that_could_be_chosen_costs_two_looks_as_one_that_was() {
    let app = TestApp::new().await;
    let response = list(&app, "client_id=chosen").send().await;
    assert_eq!(answer(&response), (200, json!({"result": []})));
    assert_eq!(app.recorder.summary().operations, ["GetItem"; 2]);
}

#[tokio::test]
async fn exact_filters_do_not_combine_with_one_another() {
    let app = TestApp::new().await;
    refused(&app, "app_code_name=a&client_id=b", "client_id", "conflict").await;
}

#[tokio::test]
async fn the_other_filters_narrow_an_exact_one() {
    let app = TestApp::new().await;
    app.register("One", |app| app.active = false).await;
    for (more, found) in [
        ("active=false", true),
        ("active=true", false),
        ("app_name=O", true),
        ("app_name=o", false),
        ("app_name=One&active=false", true),
        ("app_name=Onex", false),
    ] {
        let shown = names(list(&app, &format!("app_code_name=one&{more}"))).await;
        assert_eq!(shown.len(), usize::from(found), "{more}");
    }
}

#[tokio::test]
async fn a_name_is_found_by_its_start_letter_case_and_all() {
    let app = TestApp::new().await;
    registered(
        &app,
        &["My app", "My other", "my third", "Über", "100% & more"],
    )
    .await;
    for (prefix, found) in [
        ("My", vec!["My app", "My other"]),
        ("My%20a", vec!["My app"]),
        ("My+app", vec!["My app"]),
        ("my", vec!["my third"]),
        ("app", vec![]),
        ("%C3%9C", vec!["Über"]),
        ("100%25+%26", vec!["100% & more"]),
        ("%25", vec![]),
        ("*", vec![]),
        ("%27+OR+1%3D1", vec![]),
    ] {
        let shown = names(list(&app, &format!("app_name={prefix}"))).await;
        assert_eq!(shown, found, "{prefix}");
    }
    let all = names(list(&app, "app_name=")).await;
    assert_eq!(all.len(), 6);
}

#[tokio::test]
async fn apps_are_told_apart_by_whether_they_are_switched_on() {
    let app = TestApp::new().await;
    registered(&app, &["On"]).await;
    app.clock.advance(1);
    app.register("Off", |app| app.active = false).await;
    assert_eq!(names(list(&app, "active=true")).await, ["Management", "On"]);
    assert_eq!(names(list(&app, "active=false")).await, ["Off"]);
    assert_eq!(names(list(&app, "active=false&app_name=On")).await, [""; 0]);
    for bad in ["", "1", "TRUE", "yes", "null"] {
        refused(&app, &format!("active={bad}"), "active", "invalid_choice").await;
    }
}
