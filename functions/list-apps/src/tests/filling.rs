//! A filtered page is filled with what fits, and a part of a name finds it.

use super::*;

/// A hundred apps of other names between those that fit.
async fn far_apart(app: &TestApp) {
    registered(app, &["First fit"]).await;
    app.clock.advance(1);
    for at in 0..100 {
        app.register(&format!("Other {at}"), |_| ()).await;
    }
    registered(app, &["Second fit", "Third fit"]).await;
    app.recorder.take();
}

#[tokio::test]
async fn a_filtered_page_holds_what_fits_and_not_what_a_first_read_happens_to_find() {
    let app = TestApp::new().await;
    far_apart(&app).await;
    for (query, found, reads) in [
        ("app_name=First&limit=1", vec!["First fit"], 1),
        // 3, 12, 48 and 192 apps.
        ("app_name=Second&limit=2", vec!["Second fit"], 4),
        (
            "contains=FIT&limit=3",
            vec!["First fit", "Second fit", "Third fit"],
            4,
        ),
        (
            "contains=fit",
            vec!["First fit", "Second fit", "Third fit"],
            2,
        ),
        ("contains=none&limit=100", vec![], 2),
        ("active=false&limit=100", vec![], 2),
        ("active=true&limit=2", vec!["Management", "First fit"], 1),
    ] {
        let response = list(&app, query).send().await;
        let shown = body(&response);
        assert_eq!(names_in(&shown), found, "{query}");
        let calls = app.recorder.summary().operations;
        assert_eq!(calls, vec!["Query"; reads], "{query}");
    }
}

#[tokio::test]
async fn a_part_of_a_name_is_found_whatever_its_letter_case_spacing_or_form() {
    let app = TestApp::new().await;
    let all = [
        "My app",
        "Grosse Straße",
        "Ｆｕｌｌ width",
        "Caf\u{e9}",
        "100% & more",
    ];
    registered(&app, &all).await;
    for (part, found) in [
        ("APP", vec!["My app"]),
        ("y+++A", vec!["My app"]),
        ("STRASSE", vec!["Grosse Straße"]),
        ("full", vec!["Ｆｕｌｌ width"]),
        ("cafe%CC%81", vec!["Caf\u{e9}"]),
        ("cafe", vec![]),
        ("%25+%26", vec!["100% & more"]),
        ("%25", vec!["100% & more"]),
        ("_", vec![]),
        ("*", vec![]),
        ("m", vec!["Management", "My app", "100% & more"]),
    ] {
        let shown = names(list(&app, &format!("contains={part}"))).await;
        assert_eq!(shown, found, "{part}");
    }
    assert_eq!(names(list(&app, "contains=")).await.len(), 6);
}

#[tokio::test]
async fn a_part_of_a_name_goes_with_every_other_filter_and_with_pages() {
    let app = TestApp::new().await;
    registered(&app, &["Billing One", "Billing Two", "Shipping One"]).await;
    app.clock.advance(1);
    app.register("Billing One off", |app| app.active = false)
        .await;
    for (query, found) in [
        (
            "contains=one&app_name=Billing",
            vec!["Billing One", "Billing One off"],
        ),
        (
            "contains=one&active=true",
            vec!["Billing One", "Shipping One"],
        ),
        ("contains=one&app_code_name=billingone", vec!["Billing One"]),
        ("contains=two&app_code_name=billingone", vec![]),
    ] {
        assert_eq!(names(list(&app, query)).await, found, "{query}");
    }
    let first = body(&list(&app, "contains=one&limit=1").send().await);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = names(list(&app, &format!("contains=ONE&cursor={cursor}"))).await;
    assert_eq!(rest, ["Shipping One", "Billing One off"]);
    refused(
        &app,
        &format!("contains=two&cursor={cursor}"),
        "cursor",
        "conflict",
    )
    .await;
    refused(&app, "contains=a&contains=b", "contains", "duplicate").await;
}
