//! What leads to no route: whether its method or its path is the fault, and what to do about it.
//!
//! API Gateway sends it to its route `$default`, the local server straight here. Nothing is decided by the path: it
//! leads to no operation, save that HEAD of a public document may be answered as its GET ([`Nowhere::as_get`]).

use crate::{ApiError, Request, Response, Route, routes, routes::Access};

/// The names under which a request has them among its path parameters.
const METHOD: &str = "method";
const PATH: &str = "path";

/// Whatever a server as a whole takes (RFC 9110 §9.3.7, `OPTIONS *`).
const ANY: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";

/// Which routes of GET are answered to HEAD, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heads {
    /// Every one: in a server that routes by itself.
    All,
    /// Those that anyone may get: behind API Gateway, where each method of each path would be a route of its own,
    /// with a throttle and a worst day of its own.
    Public,
}

/// A request that has no route.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere<'a> {
    method: &'a str,
    path: &'a str,
    id: &'a str,
}

/// Method and path as path parameters of [`routes::NOWHERE`].
pub fn parameters(method: &str, path: &str) -> Vec<(String, String)> {
    vec![(METHOD.into(), method.into()), (PATH.into(), path.into())]
}

impl<'a> Nowhere<'a> {
    /// What was asked, if it has no route.
    pub fn of(request: &'a Request) -> Option<Self> {
        std::ptr::eq(request.route, &raw const routes::NOWHERE).then(|| Self {
            method: request.path_parameter(METHOD),
            path: request.path_parameter(PATH),
            id: &request.id,
        })
    }

    /// The route of the GET that a HEAD stands for, with its path parameters, where anyone may get that.
    pub fn as_get(self) -> Option<(&'static Route, Vec<(String, String)>)> {
        let found = routes::resolve(self.method, self.path);
        found.filter(|(route, _)| self.method == "HEAD" && route.access == Access::Public)
    }

    /// The methods of a path come with 204 to OPTIONS and with 405 to a method that it does not take; an unknown
    /// path is 404, in the dialect of its neighbours.
    pub fn answer(self, heads: Heads) -> Response {
        let Self { method, path, id } = self;
        if method == "OPTIONS" && path == "*" {
            return Response::empty(204).with("allow", ANY);
        }
        let dialect = routes::dialect_of(path);
        let taken = methods(path, heads);
        if taken.is_empty() {
            return dialect.error(&ApiError::NotFound(not_found(path)), id);
        }
        let allow = taken.join(", ");
        if method == "OPTIONS" {
            return Response::empty(204).with("allow", allow);
        }
        // What every such path takes is no news to people.
        let own = taken
            .into_iter()
            .filter(|m| !["HEAD", "OPTIONS"].contains(m));
        let error = ApiError::MethodNotAllowed(own.collect());
        dialect.error(&error, id).with("allow", allow)
    }
}

/// The methods that a path takes, sorted.
fn methods(path: &str, heads: Heads) -> Vec<&'static str> {
    let mut methods = Vec::new();
    for route in routes::fitting(path) {
        methods.push(route.method);
        methods.push("OPTIONS");
        if route.method == "GET" && (heads == Heads::All || route.access == Access::Public) {
            methods.push("HEAD");
        }
    }
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// What there is not, and what to do about it.
fn not_found(path: &str) -> &'static str {
    let bare = path.trim_end_matches('/');
    if bare.len() < path.len() && routes::fitting(bare).next().is_some() {
        "route: remove the trailing slash"
    } else {
        "route; GET / says what there is"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, path: &str, heads: Heads) -> Response {
        let id = "1";
        Nowhere { method, path, id }.answer(heads)
    }

    fn allowed(method: &str, path: &str, heads: Heads) -> (u16, String) {
        let response = asked(method, path, heads);
        let allow = response.header("allow").unwrap_or_default().to_owned();
        (response.status, allow)
    }

    #[test]
    fn options_says_which_methods_a_path_takes() {
        let all = |path| allowed("OPTIONS", path, Heads::All);
        assert_eq!(
            all("/v1/applications"),
            (204, "GET, HEAD, OPTIONS, POST".into())
        );
        assert_eq!(all("/oauth2/token"), (204, "OPTIONS, POST".into()));
        assert_eq!(
            all("/v1/applications/a"),
            (204, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT".into())
        );
        assert_eq!(all("*"), (204, ANY.into()));
        assert_eq!(all("/v2"), (404, String::new()));
        assert!(asked("OPTIONS", "/health", Heads::All).body.is_empty());
    }

    #[test]
    fn behind_the_gateway_head_is_promised_of_public_documents_only() {
        let public = |path| allowed("BREW", path, Heads::Public);
        assert_eq!(public("/health"), (405, "GET, HEAD, OPTIONS".into()));
        assert_eq!(
            public("/v1/applications"),
            (405, "GET, OPTIONS, POST".into())
        );
        let told = asked("GET", "/oauth2/token", Heads::Public).body;
        assert!(told.contains("This path takes POST."), "{told}");
        let of = |method, path| {
            let id = "1";
            let found = Nowhere { method, path, id }.as_get();
            found.map(|(route, _)| route.key())
        };
        assert_eq!(of("HEAD", "/health"), Some("GET /health".into()));
        assert_eq!(of("HEAD", "/v1/applications"), None);
        assert_eq!(of("GET", "/health"), None);
        assert_eq!(of("OPTIONS", "/health"), None);
    }

    #[test]
    fn a_trailing_slash_is_told_and_an_unknown_path_where_to_look() {
        for path in [
            "/v1/applications/",
            "/v1/applications/a//",
            "/admin/v1/Apps/",
            "/platform/v1/apps/",
            "/oauth2/token/",
            "/health/",
        ] {
            let response = asked("GET", path, Heads::All);
            assert_eq!(response.status, 404, "{path}");
            let told = "There is no such route: remove the trailing slash.";
            assert!(response.body.contains(told), "{path}: {}", response.body);
        }
        for path in ["/v2", "/v2/", "//", "", "/V1/applications"] {
            let response = asked("GET", path, Heads::All);
            assert_eq!(response.status, 404, "{path}");
            let told = "There is no such route; GET / says what there is.";
            assert!(response.body.contains(told), "{path}: {}", response.body);
        }
    }

    #[test]
    fn a_path_without_a_route_is_answered_in_the_words_of_its_neighbours() {
        for (path, kind, words) in [
            ("/v1/nope", "application/problem+json", "\"error_code\":404"),
            ("/v2", "application/problem+json", "\"request_id\":\"1\""),
            (
                "/admin/v1/nope",
                "application/scim+json",
                "\"status\":\"404\"",
            ),
            ("/platform/v1/nope", "application/json", "\"success\":false"),
            ("/oauth2/nope", "application/json", "\"error_description\""),
        ] {
            let response = asked("GET", path, Heads::All);
            assert_eq!(response.header("content-type"), Some(kind), "{path}");
            assert!(response.body.contains(words), "{path}: {}", response.body);
        }
    }
}
