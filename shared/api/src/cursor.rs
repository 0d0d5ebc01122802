//! List cursors: opaque, versioned, authenticated, and good only for the tenant and query that made them.

use data_encoding::BASE64URL_NOPAD;
use domain::TenantId;
use ring::hmac;

const VERSION: u8 = 1;
/// An HMAC-SHA-256 tag.
const TAG: usize = 32;

/// The cursor that continues behind `last`. `query` names everything that narrows the list.
pub fn encode(key: &hmac::Key, tenant: &TenantId, query: &str, last: &str) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(last.bytes());
    let tag = hmac::sign(key, &signed(tenant, query, &bytes));
    bytes.extend(tag.as_ref());
    BASE64URL_NOPAD.encode(&bytes)
}

/// What the cursor continues behind; `None` for one that is forged, foreign, or of another query.
pub fn decode(key: &hmac::Key, tenant: &TenantId, query: &str, cursor: &str) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
    let (body, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
    hmac::verify(key, &signed(tenant, query, body), tag).ok()?;
    let (version, last) = body.split_first()?;
    if *version != VERSION {
        return None;
    }
    String::from_utf8(last.to_vec()).ok()
}

fn signed(tenant: &TenantId, query: &str, body: &[u8]) -> Vec<u8> {
    // A tenant id holds no zero byte, and a query that holds one is text of our own making.
    [
        tenant.as_str().as_bytes(),
        &[0],
        query.as_bytes(),
        &[0],
        body,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_tenant_and_query_only() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        let other_key = hmac::Key::new(hmac::HMAC_SHA256, &[2; 32]);
        let (a, b) = (TenantId::parse("a").unwrap(), TenantId::parse("b").unwrap());
        let app = "an-app";
        let cursor = encode(&key, &a, "q", app);
        assert_eq!(decode(&key, &a, "q", &cursor), Some(app.to_owned()));
        assert_eq!(decode(&key, &b, "q", &cursor), None);
        assert_eq!(decode(&key, &a, "r", &cursor), None);
        assert_eq!(decode(&other_key, &a, "q", &cursor), None);
        for end in 0..cursor.len() {
            assert_eq!(decode(&key, &a, "q", &cursor[..end]), None);
        }
        assert_eq!(decode(&key, &a, "q", "forged"), None);
    }
}
