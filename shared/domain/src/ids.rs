//! Identifiers: of tenants, apps, clients and secrets.
//!
//! Ids that Roster makes say where they belong: a client id carries its app's id, so client and app
//! are read together and no index from client to app is needed.

use std::fmt;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use uuid::{Builder, Uuid};

use crate::Invalid;
use crate::newtype::{parsed_newtype, text_newtype};

/// RFC 4648 §6, lower-case and without padding: ids that a person can read out.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = BASE32_NOPAD.encode(bytes);
    text.make_ascii_lowercase();
    text
}

/// The alphabet of [`base32`].
pub(crate) const fn is_base32(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'2'..=b'7')
}

/// `text` when it is 1 to `max` bytes long and each byte is `allowed`; `names` tells the sender which are.
pub(crate) fn ascii<'a>(
    text: &'a str,
    max: usize,
    allowed: impl Fn(u8) -> bool,
    names: &'static str,
) -> Result<&'a str, Invalid> {
    if text.is_empty() {
        Err(Invalid::Empty)
    } else if text.len() > max {
        Err(Invalid::TooLong(max))
    } else if text.bytes().all(allowed) {
        Ok(text)
    } else {
        Err(Invalid::Characters(names))
    }
}

/// A tenant: `^[a-z0-9]{1,32}$`. No separator can occur in it, so it is safe inside a key and a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(String);

impl TenantId {
    const FIRST: &str = "default";

    /// The deployment's first tenant, whose issuer is the bare base.
    pub fn first() -> Self {
        Self(Self::FIRST.to_owned())
    }

    /// Whether this is the deployment's first tenant.
    pub fn is_first(&self) -> bool {
        self.0 == Self::FIRST
    }

    /// A tenant id from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        ascii(text, 32, allowed, "lower-case ASCII letters and digits").map(|t| Self(t.to_owned()))
    }
}

text_newtype!(TenantId);

/// An app: a UUID in the one form `8-4-4-4-12`, lower-case (RFC 9562 §4).
///
/// One spelling an app, so that an id is compared as text; the hyphens tell it from a code name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(Uuid);

impl AppId {
    /// A new id, UUID version 7 (RFC 9562 §5.7): ids sort by the millisecond of their making.
    pub const fn generate(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }

    /// An app id from its text; any UUID version, no other spelling.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let mut buffer = Uuid::encode_buffer();
        Uuid::try_parse(text)
            .ok()
            .filter(|uuid| uuid.hyphenated().encode_lower(&mut buffer) == text)
            .map(Self)
            .ok_or(Invalid::Type("a lower-case, hyphenated UUID"))
    }

    /// The 32 hexadecimal digits without hyphens, as client ids carry them.
    pub fn simple(&self) -> String {
        self.0.simple().to_string()
    }

    fn from_simple(text: &str) -> Option<Self> {
        let mut buffer = Uuid::encode_buffer();
        Uuid::try_parse(text)
            .ok()
            .filter(|uuid| uuid.simple().encode_lower(&mut buffer) == text)
            .map(Self)
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl serde::Serialize for AppId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

parsed_newtype!(AppId);

/// An OAuth client (RFC 6749 §2.2): 1 to 128 unreserved characters (RFC 3986 §2.3), so that it needs
/// no escaping in a path, a form or HTTP Basic.
///
/// Ids that Roster makes are `<32 hex digits of the app id>.<suffix>`: `0` for the app's default
/// client, else the time and a random number, so that clients sort by creation. *Chosen* ids (SCIM
/// `name`) have no `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(String);

impl ClientId {
    const DEFAULT: &str = "0";
    const SUFFIX: usize = 22;

    /// The id of an app's default client.
    pub fn default_of(app: &AppId) -> Self {
        Self(format!("{}.{}", app.simple(), Self::DEFAULT))
    }

    /// The id of a further client of an app: 48 bits of Unix milliseconds, 40 random ones, in hex.
    pub fn generate(app: &AppId, unix_ms: u64, random: [u8; 5]) -> Self {
        let ms = unix_ms & 0xffff_ffff_ffff;
        let random = HEXLOWER.encode(&random);
        Self(format!("{}.{ms:012x}{random}", app.simple()))
    }

    /// An id that a caller chose: `^[A-Za-z0-9_]{1,100}$`. It can't be taken for one that Roster makes.
    pub fn chosen(text: &str) -> Result<Self, Invalid> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        ascii(text, 100, allowed, "ASCII letters, digits and underscores")
            .map(|t| Self(t.to_owned()))
    }

    /// Any client id, made or chosen.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._~-".contains(&b);
        ascii(text, 128, allowed, "ASCII letters, digits and . _ ~ -").map(|t| Self(t.to_owned()))
    }

    /// The app that a made id belongs to; `None` for any other id. It does not say that the client exists.
    pub fn app_id(&self) -> Option<AppId> {
        let (app, suffix) = self.0.split_once('.')?;
        let made = suffix == Self::DEFAULT
            || (suffix.len() == Self::SUFFIX
                && suffix
                    .bytes()
                    .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        if made { AppId::from_simple(app) } else { None }
    }

    /// Whether this is the made id of an app's default client.
    pub fn is_default_form(&self) -> bool {
        self.app_id()
            .is_some_and(|app| *self == Self::default_of(&app))
    }
}

text_newtype!(ClientId);

/// One secret of a client: 10 base32 characters, 50 random bits, unique within its client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretId(String);

impl SecretId {
    /// The length of every secret id.
    pub const LENGTH: usize = 10;

    /// A new id.
    pub fn generate(random: [u8; 7]) -> Self {
        let mut text = base32(&random);
        text.truncate(Self::LENGTH);
        Self(text)
    }

    /// A secret id from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = ascii(text, Self::LENGTH, is_base32, "a-z and 2-7")?;
        if text.len() < Self::LENGTH {
            return Err(Invalid::TooShort(Self::LENGTH));
        }
        Ok(Self(text.to_owned()))
    }
}

text_newtype!(SecretId);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const APP: &str = "0190b5a4-7c3e-7d2a-8f00-0123456789ab";

    fn app() -> AppId {
        AppId::parse(APP).unwrap()
    }

    #[test]
    fn tenant_ids_hold_no_separator() {
        for text in ["a", "0", "default", &"z".repeat(32)] {
            assert_eq!(TenantId::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "A",
            "a-b",
            "a#b",
            "a/b",
            "ä",
            " a",
            "a\n",
            "a.b",
            &"z".repeat(33),
        ] {
            assert!(TenantId::parse(text).is_err(), "{text:?}");
        }
        assert!(TenantId::first().is_first());
        assert_eq!(TenantId::parse("default"), Ok(TenantId::first()));
        assert!(!TenantId::parse("other").unwrap().is_first());
    }

    #[test]
    fn an_app_id_has_one_spelling() {
        assert_eq!(app().to_string(), APP);
        assert_eq!(app().simple(), APP.replace('-', ""));
        assert_eq!(serde_json::to_value(app()).unwrap(), APP);
        assert_eq!(
            serde_json::from_str::<AppId>(&format!("\"{APP}\"")).unwrap(),
            app()
        );
        for text in [
            String::new(),
            APP.to_uppercase(),
            APP.replace('-', ""),
            format!("{{{APP}}}"),
            format!("urn:uuid:{APP}"),
            format!(" {APP}"),
            format!("{APP}\n"),
            APP.replacen('-', "_", 1),
            APP.replacen('0', "o", 1),
        ] {
            assert!(AppId::parse(&text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_made_client_id_gives_its_app() {
        let default = ClientId::default_of(&app());
        assert_eq!(default.as_str(), "0190b5a47c3e7d2a8f000123456789ab.0");
        assert_eq!(default.app_id(), Some(app()));
        assert!(default.is_default_form());

        let further = ClientId::generate(&app(), 0x0190_b5a4_7c3e, [0xff; 5]);
        assert_eq!(
            further.as_str(),
            "0190b5a47c3e7d2a8f000123456789ab.0190b5a47c3effffffffff"
        );
        assert_eq!(further.app_id(), Some(app()));
        assert!(!further.is_default_form());
    }

    #[test]
    fn only_the_exact_made_form_gives_an_app() {
        let hex = app().simple();
        for text in [
            hex.clone(),
            APP.to_owned(),
            format!("{APP}.0"),
            format!("{}.0", hex.to_uppercase()),
            format!("{hex}."),
            format!("{hex}.1"),
            format!("{hex}.00"),
            format!("{hex}.0.0"),
            format!("{hex}..0"),
            format!("{hex}.{}", "7".repeat(21)),
            format!("{hex}.{}", "7".repeat(23)),
            format!("{hex}.{}A", "7".repeat(21)),
            format!("{hex}.{}g", "7".repeat(21)),
            format!("0{hex}.0"),
        ] {
            let id = ClientId::parse(&text).unwrap();
            assert_eq!(id.app_id(), None, "{text}");
            assert!(!id.is_default_form(), "{text}");
        }
    }

    #[test]
    fn client_ids_are_unreserved_characters() {
        for text in ["a", "A_b-c.d~1", "..", &"x".repeat(128)] {
            assert_eq!(ClientId::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "a b",
            "a/b",
            "a%41",
            "a:b",
            "a+b",
            "ä",
            "a\0",
            &"x".repeat(129),
        ] {
            assert!(ClientId::parse(text).is_err(), "{text:?}");
        }
        for text in ["", "a.0", "a-b", "a~b", "ä", &"x".repeat(101)] {
            assert!(ClientId::chosen(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn secret_ids_are_ten_base32_characters() {
        assert_eq!(SecretId::generate([0; 7]).as_str(), "aaaaaaaaaa");
        assert_eq!(
            SecretId::parse("abcdefghi").unwrap_err(),
            Invalid::TooShort(10)
        );
        assert_eq!(
            SecretId::parse("abcdefghijk").unwrap_err(),
            Invalid::TooLong(10)
        );
        for text in ["", "abcdefghi1", "ABCDEFGHIJ", "abcdefgh.j"] {
            assert!(SecretId::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn app_ids_come_back_and_sort_by_time(ms in 0..1_u64 << 48, later in 0..1_u64 << 48, a: [u8; 10], b: [u8; 10]) {
            let id = AppId::generate(ms, a);
            prop_assert_eq!(AppId::parse(&id.to_string()), Ok(id));
            let other = AppId::generate(later, b);
            if ms < later {
                prop_assert!(id < other);
                prop_assert!(id.to_string() < other.to_string());
            }
        }

        #[test]
        fn made_client_ids_come_back(ms in 0..1_u64 << 48, a: [u8; 10], b: [u8; 5]) {
            let app = AppId::generate(ms, a);
            for id in [ClientId::default_of(&app), ClientId::generate(&app, ms, b)] {
                prop_assert_eq!(ClientId::parse(id.as_str()), Ok(id.clone()));
                prop_assert_eq!(id.app_id(), Some(app));
                prop_assert!(ClientId::chosen(id.as_str()).is_err());
            }
            prop_assert_ne!(ClientId::default_of(&app), ClientId::generate(&app, ms, b));
        }

        #[test]
        fn a_chosen_client_id_never_looks_made(text in "[A-Za-z0-9_]{1,100}") {
            let id = ClientId::chosen(&text).unwrap();
            prop_assert_eq!(id.app_id(), None);
            prop_assert_eq!(ClientId::parse(&text), Ok(id));
        }

        #[test]
        fn secret_ids_come_back(random: [u8; 7]) {
            let id = SecretId::generate(random);
            prop_assert_eq!(SecretId::parse(id.as_str()), Ok(id));
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = TenantId::parse(&text);
            let _ = AppId::parse(&text);
            let _ = SecretId::parse(&text);
            if let Ok(id) = ClientId::parse(&text) {
                prop_assert_eq!(id.as_str(), text.as_str());
                let _ = id.app_id();
            }
        }
    }
}
