//! What no URI may be, whatever the policy.

use crate::Invalid;
use crate::uri::{LogoutUri, RedirectUri, WebUri};

/// No policy lifts these: refused for redirect, logout and web URIs alike.
fn refused(rows: &[&str]) {
    for text in rows {
        assert!(RedirectUri::parse(text).is_err(), "{text:?}");
        assert!(LogoutUri::parse(text).is_err(), "{text:?}");
        assert!(WebUri::parse(text).is_err(), "{text:?}");
        let json = serde_json::to_string(text).unwrap();
        assert!(
            serde_json::from_str::<RedirectUri>(&json).is_err(),
            "{json}"
        );
    }
}

#[test]
fn lesson_4_host_confusion_is_refused() {
    refused(&[
        "https://a@b",
        "https://a:b@c/cb",
        "https://@b/cb",
        "http://127.0.0.1:49152@evil.example/cb",
        "http://localhost:80@evil.example",
        "https://app.example.com%40evil.example/cb",
        "https://app.example.com%2Fevil.example/cb",
        "https://app.example.com\\.evil.example/cb",
        "https://app.example.com\\@evil.example/cb",
        "https:\\\\app.example.com/cb",
        "https://evil.example\\/app.example.com",
        "https://bücher.example/cb",
        "https://ｅvil.example/cb",
        "https://app。example/cb",
        "https://xn--/cb",
        "https://%61pp.example.com/cb",
        "http://[::ffff:7f00:1]/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "https://[::ffff:7f00:1]/cb",
        "https://[::7f00:1]/cb",
        "http://[::2]/cb",
        "http://[::]/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "http://[::1%25lo]/cb",
        "http://[::1]evil.example/cb",
        "http://[::1].evil.example/cb",
        "http://[::1/cb",
        "http://::1/cb",
        "https://[v1.x]/cb",
        "http://0x7f.1/cb",
        "http://0x7f000001/cb",
        "http://2130706433/cb",
        "http://017700000001/cb",
        "http://127.1/cb",
        "http://127.0.0.01/cb",
        "http://127.0.0.1./cb",
        "http://localhost./cb",
        "https://app.example.com./cb",
        "https://app..example.com/cb",
        "https://.example.com/cb",
        "https://APP.example.com/cb",
        "http://LOCALHOST/cb",
        "https://a,b.example/cb",
        "https://a!b.example/cb",
        "https://a;b.example/cb",
        "https://a&b.example/cb",
        "com.example.app://a@b/cb",
        "com.example.app://a%40b/cb",
    ]);
}

#[test]
fn lesson_5_wildcards_and_traversal_are_refused() {
    refused(&[
        "https://*.example.com/cb",
        "https://*/cb",
        "https://app*.example.com/cb",
        "com.example.app://*/cb",
        "https://a.example/cb/..",
        "https://a.example/cb/../admin",
        "https://a.example/./cb",
        "https://a.example/.",
        "https://a.example/%2e%2e/admin",
        "https://a.example/%2E%2e",
        "https://a.example/.%2e/admin",
        "https://a.example/%2e/admin",
        "https://a.example/..%2fadmin",
        "https://a.example/x%2f../admin",
        "https://a.example/..;/admin",
        "https://a.example/..;x=y/admin",
        "https://a.example/..%3b/admin",
        "https://a.example/.;/admin",
        "https://a.example/%252e%252e/admin",
        "https://a.example/%25252e",
        "https://a.example/%25%32%65/",
        "https://a.example/%5c..%5cadmin",
        "https://a.example/a%5Cb",
        "com.example.app:/../x",
        "com.example.app://host/%2e%2e",
    ]);
}

#[test]
fn lesson_6_schemes_that_run_or_open_something_are_refused() {
    for scheme in [
        "javascript",
        "data",
        "file",
        "vbscript",
        "blob",
        "about",
        "filesystem",
        "view-source",
        "ws",
        "wss",
        "ftp",
        "mailto",
        "tel",
        "intent",
        "chrome",
        "jar",
        "urn",
        "myapp",
        "x",
        "httpss",
    ] {
        for rest in [
            "alert(1)",
            "//a.example/cb",
            "/a.example",
            "https://a.example",
            "text/html,x",
            "",
        ] {
            refused(&[
                &format!("{scheme}:{rest}"),
                &format!("{}:{rest}", scheme.to_uppercase()),
            ]);
        }
    }
    refused(&[
        "JavaScript:alert(1)",
        "HTTPS://x",
        "Https://app.example.com/cb",
        "hTTp://127.0.0.1/cb",
        "Com.Example.App:/cb",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "\u{1}javascript:alert(1)",
        " javascript:alert(1)",
        "com.example.app:cb",
        "com.example.app:javascript:alert(1)",
        "com.example.app:",
        "com..app:/cb",
        ".com:/cb",
        "com.:/cb",
        "1.com:/cb",
        "urn:ietf:wg:oauth:2.0:oob",
    ]);
}

#[test]
fn lesson_7_relative_and_broken_starts_are_refused() {
    refused(&[
        "",
        "/",
        "/cb",
        "//evil.example/cb",
        "///evil.example",
        "/\t/evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https:",
        "https:/",
        "https://",
        "https:///evil.example",
        "https:////evil.example",
        "https:/evil.example",
        "https:evil.example",
        "https://?x",
        "https://:443/cb",
        "http:127.0.0.1/cb",
        "app.example.com/cb",
        "app.example.com:443/cb",
        "localhost:3000/cb",
        "://a.example",
        ":",
        "?",
        "string",
    ]);
}

#[test]
fn odd_characters_are_refused() {
    refused(&[
        " https://a.example/cb",
        "https://a.example/cb ",
        "https://a.example/c b",
        "https://a.example/c\tb",
        "https://a.example/c\nb",
        "https://a.example/cb\r\n",
        "https://a.exa\tmple/cb",
        "ht\ntps://a.example/cb",
        "https://a.example/\0",
        "https://a.example/\u{7f}",
        "https://a.example/é",
        "https://a.example/\u{202e}",
        "https://a.example/\"",
        "https://a.example/'",
        "https://a.example/<script>",
        "https://a.example/`",
        "https://a.example/{x}",
        "https://a.example/a|b",
        "https://a.example/a^b",
        "https://a.example/a\\b",
        "https://a.example/?a[]=b",
        "https://a.example/%00",
        "https://a.example/%0d%0aSet-Cookie:x",
        "https://a.example/?x=%0A",
        "https://a.example/%7f",
        "https://a.example/%",
        "https://a.example/%4",
        "https://a.example/%zz",
        "https://a.example/?x=%u0041",
        "https://a.example/cb#",
        "https://a.example/cb#frag",
        "com.example.app:/cb#x",
    ]);
}

#[test]
fn ports_have_one_spelling() {
    refused(&[
        "https://a.example:/cb",
        "https://a.example:0/cb",
        "https://a.example:0443/cb",
        "https://a.example:65536/cb",
        "https://a.example:+443/cb",
        "https://a.example:-1/cb",
        "https://a.example:4a/cb",
        "https://a.example:80:90/cb",
        "https://a.example:443443443443/cb",
        "com.example.app://:80/cb",
    ]);
}

#[test]
fn lengths() {
    let fits = format!("https://a.example/{}", "x".repeat(2048 - 18));
    assert_eq!(fits.len(), 2048);
    assert!(RedirectUri::parse(&fits).is_ok());
    assert_eq!(
        RedirectUri::parse(&format!("{fits}x")).unwrap_err(),
        Invalid::TooLong(2048)
    );
    refused(&[
        &format!("https://{}.example/cb", "x".repeat(64)),
        &format!("https://{}example/cb", "x.".repeat(130)),
    ]);
}

#[test]
fn the_message_names_the_rule() {
    for (text, word) in [
        ("https://a@b", "user-info"),
        ("https://*.example.com", "wildcard"),
        ("https://a.example.", "dot at the end"),
        ("HTTPS://a.example", "lower case"),
        ("javascript:x", "must use https"),
        ("https://a.example/#", "fragment"),
        ("https://a.example/%0a", "control"),
        ("https://a.example/%2", "hexadecimal"),
        ("https://a.example/..", "path segments"),
        ("https://a.example:0", "port"),
        ("https://A.example", "host"),
        ("/cb", "absolute"),
    ] {
        let message = RedirectUri::parse(text).unwrap_err().to_string();
        assert!(message.contains(word), "{text}: {message}");
    }
}
