//! Table-driven: each row is a trick that fooled somebody, or a URI that real clients use.

use proptest::prelude::*;

use super::*;

mod refused;

const STRICT: UriPolicy = UriPolicy {
    allow_http: false,
    allow_private_schemes: false,
};
const HTTP: UriPolicy = UriPolicy {
    allow_http: true,
    allow_private_schemes: false,
};
const PRIVATE: UriPolicy = UriPolicy {
    allow_http: false,
    allow_private_schemes: true,
};

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn https_is_always_allowed() {
    for text in [
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/cb",
        "https://app.example.com/cb?a=b&c=%2F%5C%252e",
        "https://app.example.com?a=b",
        "https://app.example.com:8443/cb",
        "https://app.example.com:443/cb",
        "https://app.example.com:65535/cb",
        "https://xn--bcher-kva.example/cb",
        "https://my_app.example.com/cb",
        "https://192.0.2.1/cb",
        "https://[2001:db8::1]:8443/cb",
        "https://localhost/cb",
        "https://a.example/CaseKept/%41%e4%B8%AD",
        "https://a.example/cb;v=1/x..y/...//z.",
        "https://a.example/100%25",
        "https://a.example/@user/*:x",
    ] {
        let uri = uri(text);
        assert_eq!(uri.as_str(), text);
        assert_eq!(uri.kind(), UriKind::Https, "{text}");
        assert_eq!(uri.check(STRICT, false), Ok(()), "{text}");
        assert_eq!(WebUri::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn http_is_for_loopback_literals() {
    for text in [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:49152/cb",
        "http://[::1]/cb",
        "http://[::1]:8080/cb?a=b",
        "http://localhost:3000/cb",
        "http://localhost",
        "http://localhost?a=b",
    ] {
        assert_eq!(uri(text).kind(), UriKind::Loopback, "{text}");
        assert_eq!(uri(text).check(STRICT, false), Ok(()), "{text}");
        assert!(WebUri::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn http_to_other_hosts_needs_its_flag() {
    for text in [
        "http://host.example.com/demoapp/return",
        "http://host.example.com:9090/demoapp/return",
        "http://host.example.com:9090/Playground",
        "http://host.example.com:9090/demoapp/logout.jsp",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://evil.example/127.0.0.1",
        "http://127.0.0.2/cb",
        "http://10.0.0.1/cb",
        "http://[2001:db8::2]/cb",
        "http://localhost.localdomain/cb",
    ] {
        assert_eq!(uri(text).kind(), UriKind::PlainHttp, "{text}");
        assert_eq!(uri(text).check(HTTP, false), Ok(()), "{text}");
        for policy in [STRICT, PRIVATE] {
            assert!(uri(text).check(policy, true).is_err(), "{text}");
            assert!(
                LogoutUri::parse(text).unwrap().check(policy, true).is_err(),
                "{text}"
            );
        }
        assert!(WebUri::parse(text).is_err(), "{text}");
    }
}

#[test]
fn private_use_schemes_are_for_native_clients_or_by_flag() {
    for text in [
        "com.example.app:/oauth2redirect",
        "com.example.app:/",
        "com.example.app://callback",
        "com.example.app://CallBack/x?y=z",
        "com.example.app:///cb",
        "com.googleusercontent.apps.123-abc:/oauth2redirect",
    ] {
        assert_eq!(uri(text).kind(), UriKind::PrivateUse, "{text}");
        assert_eq!(uri(text).check(STRICT, true), Ok(()), "{text}");
        assert_eq!(uri(text).check(PRIVATE, false), Ok(()), "{text}");
        assert!(uri(text).check(STRICT, false).is_err(), "{text}");
        assert!(uri(text).check(HTTP, false).is_err(), "{text}");
        assert!(WebUri::parse(text).is_err(), "{text}");
    }
}

#[test]
fn lessons_1_and_3_matching_is_byte_exact() {
    let registered = uri("https://allowed.example/cb?a=b");
    assert!(registered.matches("https://allowed.example/cb?a=b"));
    for requested in [
        "",
        "https://allowed.example/cb",
        "https://allowed.example/cb?a=B",
        "https://allowed.example/CB?a=b",
        "https://Allowed.example/cb?a=b",
        "HTTPS://allowed.example/cb?a=b",
        "https://allowed.example/cb/?a=b",
        "https://allowed.example/c%62?a=b",
        "https://allowed.example:443/cb?a=b",
        "https://allowed.example/cb?a=b#",
        "https://allowed.example/cb?a=b&c=d",
        "https://allowed.example/x/../cb?a=b",
        "https://allowed.example.evil.example/cb?a=b",
        "https://allowed.example@evil.example/cb?a=b",
        "http://allowed.example/cb?a=b",
        " https://allowed.example/cb?a=b",
        "https://allowed.example/cb?a=b\n",
    ] {
        assert!(!registered.matches(requested), "{requested:?}");
    }
    assert!(!uri("https://a.example").matches("https://a.example/"));
    assert!(!uri("com.example.app:/cb").matches("com.example.app://cb"));
}

#[test]
fn lesson_2_on_loopback_literals_only_the_port_may_differ() {
    for (registered, requested) in [
        ("http://127.0.0.1/cb?a=b", "http://127.0.0.1:49152/cb?a=b"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"),
        ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb"),
        ("http://[::1]:8080/cb", "http://[::1]:9090/cb"),
        ("http://127.0.0.1", "http://127.0.0.1:5"),
    ] {
        assert!(
            uri(registered).matches(requested),
            "{registered} {requested}"
        );
    }
    for (registered, requested) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/CB"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb?a=b"),
        ("http://127.0.0.1/cb?a=b", "http://127.0.0.1:49152/cb?a=c"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb#"),
        ("http://127.0.0.1/cb", "http://[::1]/cb"),
        ("http://127.0.0.1/cb", "http://localhost/cb"),
        ("http://127.0.0.1/cb", "https://127.0.0.1/cb"),
        (
            "http://127.0.0.1/cb",
            "http://127.0.0.1:49152@evil.example/cb",
        ),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1.evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:080/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:+80/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80:90/cb"),
        ("http://127.0.0.1", "http://127.0.0.1:80/"),
        ("http://localhost:1/cb", "http://localhost:2/cb"),
        ("https://127.0.0.1:1/cb", "https://127.0.0.1:2/cb"),
        ("http://127.0.0.2:1/cb", "http://127.0.0.2:2/cb"),
        (
            "http://host.example.com:1/cb",
            "http://host.example.com:2/cb",
        ),
    ] {
        assert!(
            !uri(registered).matches(requested),
            "{registered} {requested}"
        );
    }
}

/// Near-URIs, so that cases get past the first rule.
fn near_uri() -> impl Strategy<Value = String> {
    let part = concat!(
        r"(https?:|com\.a:|//|127\.0\.0\.1|\[::1\]|localhost|a\.example|:[0-9]{1,6}|",
        r"/|\.\.|\?|%[0-9a-f]{2}|[@#*;\\\[\]a-zA-Z .:/%-]){0,8}",
    );
    (
        prop_oneof![
            "https://",
            "http://",
            "com.a:/",
            "http://127.0.0.1",
            "http://[::1]",
            ""
        ],
        part,
    )
        .prop_map(|(start, rest)| start + &rest)
}

proptest! {
    #[test]
    fn any_text_is_judged_without_a_panic(text in any::<String>(), other in any::<String>()) {
        if let Ok(uri) = RedirectUri::parse(&text) {
            uri.matches(&other);
        }
        let _ = uri("http://127.0.0.1/").matches(&format!("http://127.0.0.1:{text}"));
    }

    #[test]
    fn what_parses_comes_back_as_written_and_matches_itself(text in near_uri()) {
        if let Ok(uri) = RedirectUri::parse(&text) {
            prop_assert_eq!(uri.as_str(), &text);
            prop_assert_eq!(RedirectUri::parse(uri.as_str()), Ok(uri.clone()));
            prop_assert!(LogoutUri::parse(&text).is_ok());
            prop_assert!(uri.matches(&text));
            prop_assert!(!text.contains(['\\', '#', ' ']));
        }
    }

    #[test]
    fn what_matches_is_itself_acceptable_and_goes_to_the_same_host(a in near_uri(), b in near_uri()) {
        if let Ok(registered) = RedirectUri::parse(&a)
            && registered.matches(&b)
        {
            let requested = uri(&b);
            prop_assert_eq!(registered.kind(), requested.kind());
            let host = |text: &str| url::Url::parse(text).unwrap().host_str().map(str::to_owned);
            prop_assert_eq!(host(&a), host(&b));
        }
    }

    #[test]
    fn any_port_of_a_loopback_literal_matches(port in 1..=u16::MAX, path in "/[a-z]{0,8}") {
        for host in ["http://127.0.0.1", "http://[::1]"] {
            let requested = format!("{host}:{port}{path}");
            let registered = format!("{host}{path}");
            prop_assert!(uri(&registered).matches(&requested));
            prop_assert!(uri(&requested).matches(&registered));
        }
    }
}
