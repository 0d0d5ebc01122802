//! The front door: what this is, which version, and that it runs. All of it is known without a read.

use api::{Call, Response, registry::token_endpoint};
use serde_json::{Value, json};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const WHAT: &str = "An OAuth application registry and authorization server.";
const DOCUMENTATION: &str = "README.md, docs/ and events/ of the source that this was built from";
/// How long others may keep what a deployment alone changes.
const CACHED: &str = "public, max-age=300";
/// The page has no script and loads nothing; its style is named by its digest (CSP Level 3).
const POLICY: &str = "default-src 'none'; style-src 'sha256-OvDDnI/BRPlzCCaQdoRmHc8m8d+A548f3Vi4kVEkAWc='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// That this function runs. It says nothing of the table: what answers for that is a request that reads it.
pub(crate) fn health() -> Response {
    Response::json(200, &json!({"status": "ok"})).with("cache-control", "no-store")
}

/// Which version runs.
pub(crate) fn version() -> Response {
    let body = json!({"name": "Roster", "version": VERSION});
    Response::json(200, &body).with("cache-control", "no-store")
}

/// What this is, with links: a page for browsers, JSON for everybody else.
pub(crate) fn page(call: &Call) -> Response {
    let accepted = call.request.header("accept").unwrap_or_default();
    let response = if accepted.contains("text/html") {
        Response::html(200, html(&call.base)).with("content-security-policy", POLICY)
    } else {
        Response::json(200, &document(&call.base))
    };
    response
        .with("cache-control", CACHED)
        .with("vary", "accept")
        .with("x-content-type-options", "nosniff")
}

fn document(base: &str) -> Value {
    let at = |path: &str| format!("{base}{path}");
    json!({
        "name": "Roster",
        "description": WHAT,
        "version": VERSION,
        "issuer": base,
        "token_endpoint": token_endpoint(base),
        "jwks_uri": at("/oauth2/jwks"),
        "metadata": [
            at("/.well-known/oauth-authorization-server"),
            at("/.well-known/openid-configuration"),
        ],
        "apis": {
            "native": at("/v1/applications"),
            "openid-apps": at("/platform/v1/apps"),
            "scim": at("/admin/v1/Apps"),
        },
        "health": at("/health"),
        "documentation": DOCUMENTATION,
    })
}

/// Its links are paths, so that they lead on from wherever the page was reached.
fn html(base: &str) -> String {
    let base = escaped(base);
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roster</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Roster</h1>
<p>{WHAT} Version {VERSION}.</p>
<h2>For clients and verifiers</h2>
<ul>
<li><a href="/.well-known/openid-configuration">Metadata</a>, also as <a href="/.well-known/oauth-authorization-server">RFC 8414</a> has it</li>
<li><a href="/oauth2/jwks">Keys</a> that tokens are verified with</li>
<li><a href="/health">Health</a> and <a href="/version">version</a></li>
</ul>
<h2>The APIs</h2>
<p>They take an access token, which a client gets with its own credentials:</p>
<pre tabindex="0" aria-label="Example request">curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials \
  {base}/oauth2/token</pre>
<dl>
<dt>Native</dt><dd><code>{base}/v1/applications</code></dd>
<dt>openid-apps</dt><dd><code>{base}/platform/v1/apps</code></dd>
<dt>SCIM 2.0</dt><dd><code>{base}/admin/v1/Apps</code></dd>
</dl>
<p>How to use them is described in {DOCUMENTATION}.</p>
</main>
</body>
</html>
"#
    )
}

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;margin:0}\
main{max-width:44rem;margin:0 auto;padding:2rem 1.25rem}h1{margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}\
a{color:#0b57d0}ul{padding-left:1.25rem}code,pre{font:.9rem/1.5 ui-monospace,monospace}\
pre{background:#f3f4f6;padding:.75rem;overflow-x:auto}dt{font-weight:600}dd{margin:0 0 .5rem;overflow-wrap:anywhere}";

/// Text inside an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_is_called_is_text_on_the_page() {
        let page = html("https://<script>\"&");
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("https://&lt;script&gt;&quot;&amp;/v1/applications"));
    }
}
