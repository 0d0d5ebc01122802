//! Bodies that are no good before any member is read.

use testkit::{TestApp, answer, json};

use super::*;

#[tokio::test]
async fn a_body_that_is_no_json_object_is_malformed() {
    let app = TestApp::new().await;
    let whole = minimal().to_string();
    let deep = |open: &str, n: usize| format!("{{\"app_name\":{}", open.repeat(n)).into_bytes();
    let mut bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        b" ".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"text\"".to_vec(),
        b"1".to_vec(),
        b"{".to_vec(),
        b"{}}".to_vec(),
        b"{'app_name': 'x'}".to_vec(),
        b"{\"app_name\": NaN}".to_vec(),
        b"{\"app_name\": \"\\ud800\"}".to_vec(),
        b"{\"app_name\": \"a\nb\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"\xff\xfe{\0}\0".to_vec(),
        b"{\"app_name\": \"\xff\"}".to_vec(),
        b"{\"app_name\": \"\xc0\xaf\"}".to_vec(),
        b"app_name=x&client_display_name=y".to_vec(),
        format!("{whole}{whole}").into_bytes(),
        deep("[", 60_000),
        deep("{\"a\":", 10_000),
        format!("{{\"app_name\":{}1{}}}", "[".repeat(200), "]".repeat(200)).into_bytes(),
    ];
    bodies.extend((1..whole.len()).map(|end| whole.as_bytes()[..end].to_vec()));
    for body in bodies {
        for (path, status) in [(NATIVE, 400), (OPENID, 422)] {
            let request = post(&app, path).body("application/json", &body);
            let response = request.send().await;
            let start = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            assert_eq!(response.status, status, "{start:?}: {}", response.body);
        }
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn a_malformed_body_is_told_where_it_breaks() {
    let app = TestApp::new().await;
    let request = post(&app, NATIVE).body("application/json", b"{\"app_name\": tru}");
    assert_eq!(
        answer(&request.send().await),
        (
            400,
            json!({
                "type": "urn:roster:problem:malformed-body",
                "title": "Malformed body",
                "status": 400,
                "detail": "The body must be a JSON object; it is not valid JSON at line 1, column 17.",
                "message": ["The body must be a JSON object; it is not valid JSON at line 1, column 17."],
                "error_code": 400,
                "request_id": "request-1",
            })
        )
    );
}

#[tokio::test]
async fn a_body_over_64_kib_is_too_large() {
    let app = TestApp::new().await;
    let padded = |length: usize| {
        let mut text = minimal().to_string();
        text.push_str(&" ".repeat(length - text.len()));
        text.into_bytes()
    };
    for (path, length) in [(NATIVE, 65_537), (OPENID, 65_537), (NATIVE, 5_000_000)] {
        let request = post(&app, path).body("application/json", &padded(length));
        let response = request.send().await;
        assert_eq!(response.status, 413, "{length}");
        assert!(response.body.contains("65536 bytes"), "{}", response.body);
    }
    nothing_stored(&app).await;
    let request = post(&app, NATIVE).body("application/json", &padded(65_536));
    assert_eq!(request.send().await.status, 201);
}

#[tokio::test]
async fn a_compressed_body_is_refused_by_name() {
    let app = TestApp::new().await;
    let body = r#"{"app_name": "Small"}"#;
    for coding in ["gzip", "GZIP", "br", "identity, gzip"] {
        let request = post(&app, NATIVE).header("content-encoding", coding);
        let response = request
            .body("application/json", body.as_bytes())
            .send()
            .await;
        assert_eq!(response.status, 415, "{coding}");
        assert!(
            response.body.contains("without Content-Encoding"),
            "{}",
            response.body
        );
    }
}

#[tokio::test]
async fn a_body_of_another_media_type_is_refused() {
    let app = TestApp::new().await;
    for media_type in [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/scim+json",
        "application/merge-patch+json",
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=utf-8,text/plain",
        "json",
    ] {
        let body = minimal().to_string();
        for path in [NATIVE, OPENID] {
            let request = post(&app, path).body(media_type, body.as_bytes());
            let response = request.send().await;
            assert_eq!(response.status, 415, "{media_type:?}");
        }
    }
    nothing_stored(&app).await;
    for media_type in [
        "application/json; charset=utf-8",
        "Application/JSON",
        " application/json ;x=y",
    ] {
        let body = minimal().to_string();
        let request = post(&app, NATIVE).body(media_type, body.as_bytes());
        assert_eq!(request.send().await.status, 201, "{media_type:?}");
    }
}

/// The worst body of 64 KiB: as many unknown members as fit.
#[tokio::test]
async fn thousands_of_faults_are_answered_in_one_body() {
    let app = TestApp::new().await;
    // 36³ names of three characters are more than enough.
    let names = (0..36_u32.pow(3)).map(|n| {
        let digit = |n: u32| char::from_digit(n % 36, 36).unwrap();
        format!("\"{}{}{}\":1", digit(n / 1296), digit(n / 36), digit(n))
    });
    let members: Vec<_> = names.take(65_000 / 8).collect();
    let body = format!("{{{}}}", members.join(","));
    let request = post(&app, NATIVE).body("application/json", body.as_bytes());
    let response = request.send().await;
    assert_eq!(response.status, 400);
    // API Gateway refuses answers over 6 MB.
    assert!(response.body.len() < 5_000_000, "{}", response.body.len());
    nothing_stored(&app).await;
}
