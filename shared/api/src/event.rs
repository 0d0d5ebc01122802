//! API Gateway's event (HTTP API, payload format 2.0) and the answer that it takes (ADR 2).

use std::{collections::HashMap, fmt};

use data_encoding::BASE64;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::json;

use crate::{Request, Response, nowhere, request::joined, routes};

/// What is read of an event. Everything else in it is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    route_key: Option<String>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<Headers>,
    path_parameters: Option<HashMap<String, String>>,
    request_context: Context,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// What the gateway itself knows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    route_key: Option<String>,
    domain_name: Option<String>,
    request_id: Option<String>,
    http: Option<Http>,
}

#[derive(Deserialize)]
struct Http {
    method: Option<String>,
}

/// Headers as they came. The gateway's names are in lower case and appear once; an emulator's may not.
struct Headers(Vec<(String, String)>);

impl TryFrom<Event> for Request {
    type Error = Response;

    fn try_from(event: Event) -> Result<Self, Response> {
        let context = event.request_context;
        let key = context.route_key.or(event.route_key).unwrap_or_default();
        let id = context.request_id.unwrap_or_default();
        let refused = |status, message| {
            tracing::warn!(request_id = id, status, message, "refused");
            Response::json(status, &json!({ "message": message })).with("x-request-id", id.as_str())
        };
        let Some(route) = routes::by_key(&key) else {
            return Err(refused(404, "Not Found"));
        };
        let mut path: Vec<_> = event.path_parameters.into_iter().flatten().collect();
        if std::ptr::eq(route, &raw const routes::NOWHERE) {
            let method = context.http.and_then(|http| http.method);
            path = nowhere::parameters(
                &method.unwrap_or_default(),
                &event.raw_path.unwrap_or_default(),
            );
        }
        let mut body = event.body.unwrap_or_default().into_bytes();
        if event.is_base64_encoded {
            body = BASE64
                .decode(&body)
                .map_err(|_| refused(400, "the body is not valid base64"))?;
        }
        Ok(Self {
            route,
            path,
            query: event.raw_query_string.unwrap_or_default(),
            headers: joined(event.headers.into_iter().flat_map(|read| read.0)),
            body,
            host: context.domain_name.unwrap_or_default(),
            id,
        })
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::with_capacity(16);
                while let Some(header) = map.next_entry()? {
                    headers.push(header);
                }
                Ok(Headers(headers))
            }
        }

        deserializer.deserialize_map(Names)
    }
}

/// A response as the gateway takes it.
pub struct Answer(pub Response);

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(response) = self;
        let mut members = serializer.serialize_map(Some(4))?;
        members.serialize_entry("statusCode", &response.status)?;
        members.serialize_entry("headers", &Written(&response.headers))?;
        members.serialize_entry("body", &response.body)?;
        members.serialize_entry("isBase64Encoded", &false)?;
        members.end()
    }
}

/// Headers as an object.
struct Written<'a>(&'a [(&'static str, String)]);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A value with a control character can't come from us; it is left out rather than fatal.
        let fit = self.0.iter().filter(|(_, value)| is_field_value(value));
        serializer.collect_map(fit.map(|(name, value)| (name, value)))
    }
}

/// RFC 9110 §5.5.
fn is_field_value(text: &str) -> bool {
    text.bytes().all(|b| b == b'\t' || (b >= b' ' && b != 127))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(event: &str) -> Result<Request, Response> {
        serde_json::from_str::<Event>(event).unwrap().try_into()
    }

    #[test]
    fn names_are_lower_case_and_repeated_headers_are_joined() {
        let read = request(
            r#"{"requestContext": {"routeKey": "GET /v1/applications"}, "cookies": ["a=b"], "version": "2.0",
                "headers": {"Accept": "a/b", "accept": "c/d", "X-Empty": "", "é": "ü",
                    "Authorization": "", "authorization": "Bearer a"}}"#,
        )
        .unwrap();
        assert_eq!(read.header("accept"), Some("a/b,c/d"));
        assert_eq!(read.header("x-empty"), Some(""));
        assert_eq!(read.header("é"), Some("ü"));
        // One of two is never taken for the only one.
        assert_eq!(read.header("authorization"), Some(",Bearer a"));
        assert_eq!(read.headers.len(), 4);
        assert!(read.path.is_empty());
    }

    #[test]
    fn what_is_null_is_not_there() {
        let read = request(
            r#"{"headers": null, "rawQueryString": null, "body": null, "pathParameters": null,
                "requestContext": {"routeKey": "GET /v1/applications", "domainName": null}}"#,
        )
        .unwrap();
        assert!(read.headers.is_empty() && read.body.is_empty() && read.host.is_empty());
    }

    #[test]
    fn the_gateway_says_what_it_routed_to() {
        let read = request(
            r#"{"routeKey": "POST /v1/applications", "pathParameters": {"app": "a b/c"},
                "rawQueryString": "a=%20&b", "body": "eyJhIjoxfQ==", "isBase64Encoded": true,
                "requestContext": {"routeKey": "GET /v1/applications/{app}", "requestId": "R=", "domainName": "d"}}"#,
        )
        .unwrap();
        assert_eq!(read.route.key(), "GET /v1/applications/{app}");
        assert_eq!(read.path_parameter("app"), "a b/c");
        assert_eq!((read.query.as_str(), read.host.as_str()), ("a=%20&b", "d"));
        assert_eq!(
            (read.body.as_slice(), read.id.as_str()),
            (b"{\"a\":1}".as_slice(), "R=")
        );
    }

    #[test]
    fn no_route_and_no_base64_are_answered_with_the_requests_id() {
        assert!(serde_json::from_str::<Event>("{}").is_err());
        let nowhere = r#"{"routeKey": "GET /v2", "requestContext": {"requestId": "R="}}"#;
        let torn = r#"{"routeKey": "POST /v1/applications", "requestContext": {"requestId": "R="}, "body": "=", "isBase64Encoded": true}"#;
        for (event, status) in [(nowhere, 404), (torn, 400)] {
            let refused = request(event).unwrap_err();
            assert_eq!(refused.status, status);
            assert_eq!(refused.header("x-request-id"), Some("R="));
        }
    }

    #[test]
    fn what_has_no_route_comes_with_its_method_and_path_and_nothing_else_does() {
        let event = |key: &str| {
            let text = r#"{"rawPath": "/v1/applications/", "pathParameters": {"path": "x"},
                "requestContext": {"routeKey": "KEY", "http": {"method": "PUT", "path": "/y"}}}"#;
            request(&text.replace("KEY", key)).unwrap()
        };
        let stray = event("$default");
        assert_eq!(stray.path_parameter("method"), "PUT");
        assert_eq!(stray.path_parameter("path"), "/v1/applications/");
        assert_eq!(stray.path.len(), 2);
        assert!(nowhere::Nowhere::of(&stray).is_some());
        let routed = event("GET /v1/applications");
        assert_eq!(routed.path, [("path".to_owned(), "x".to_owned())]);
        assert!(nowhere::Nowhere::of(&routed).is_none());
    }

    #[test]
    fn an_answer_has_what_the_gateway_reads() {
        let response = Response::json(201, &json!({"a": "\"ü"}))
            .with("etag", "\"1\"")
            .with("location", "a\nb");
        let text = serde_json::to_string(&Answer(response)).unwrap();
        assert_eq!(
            text,
            r#"{"statusCode":201,"headers":{"content-type":"application/json","etag":"\"1\""},"body":"{\"a\":\"\\\"ü\"}","isBase64Encoded":false}"#
        );
    }
}
