use ring::hkdf;

use super::*;
use crate::EntropyError;

const OLD: &str = "a master secret of more than thirty-two bytes";
const NEW: &str = "another master secret of more than 32 bytes";

struct Sevens;
impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}

fn master(text: &str) -> Master {
    Master::parse(text).unwrap()
}

fn both() -> Master {
    master(&format!(r#"{{"1": "{OLD}", "2": "{NEW}"}}"#))
}

#[test]
fn keys_differ_by_label_and_by_master() {
    let (old, new) = (master(OLD), master(NEW));
    let (old, new) = (old.newest(), new.newest());
    assert_ne!(old.derive("a"), old.derive("b"));
    assert_ne!(old.derive("a"), new.derive("a"));
    assert_eq!(old.derive("a"), old.derive("a"));
}

/// Another implementation as the oracle: keys of stored things depend on it.
#[test]
fn keys_are_those_of_hkdf() {
    struct Bytes32;
    impl hkdf::KeyType for Bytes32 {
        fn len(&self) -> usize {
            32
        }
    }
    for label in [
        "",
        "pepper/1",
        "a longer label that no block holds at once, by far, for it is a sentence",
    ] {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(OLD.as_bytes());
        let mut expected = [0; 32];
        let okm = [label.as_bytes()];
        prk.expand(&okm, Bytes32)
            .unwrap()
            .fill(&mut expected)
            .unwrap();
        assert_eq!(master(OLD).newest().derive(label), expected, "{label}");
    }
}

#[test]
fn sealed_text_opens_only_whole_for_its_purpose_and_in_its_context() {
    let (master, purpose) = (both(), Purpose::PrivateHalf);
    let sealed = master.seal(purpose, b"kid-1", b"private", &Sevens).unwrap();
    assert_eq!(master.open(purpose, b"kid-1", &sealed).unwrap(), b"private");
    assert_eq!(
        master.open(purpose, b"kid-2", &sealed),
        Err(OpenError::Forged)
    );
    let other = master.open(Purpose::KeptAnswer, b"kid-1", &sealed);
    assert_eq!(other, Err(OpenError::Forged));
    for cut in 0..sealed.len() {
        assert!(
            master.open(purpose, b"kid-1", &sealed[..cut]).is_err(),
            "cut at {cut}"
        );
    }
    for at in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[at] ^= 1;
        assert!(
            master.open(purpose, b"kid-1", &bent).is_err(),
            "bent at {at}"
        );
    }
}

#[test]
fn what_an_older_version_sealed_opens_until_that_version_is_taken_away() {
    let purpose = Purpose::KeptAnswer;
    let sealed = master(OLD).seal(purpose, b"", b"text", &Sevens).unwrap();
    assert_eq!(sealed_by(&sealed), Some(1));
    assert_eq!(both().open(purpose, b"", &sealed).unwrap(), b"text");
    assert_eq!(
        master(&format!(r#"{{"2": "{NEW}"}}"#)).open(purpose, b"", &sealed),
        Err(OpenError::Version(UnknownVersion(1)))
    );
    let newer = both().seal(purpose, b"", b"text", &Sevens).unwrap();
    assert_eq!(sealed_by(&newer), Some(2));
    assert_eq!(
        master(OLD).open(purpose, b"", &newer),
        Err(OpenError::Version(UnknownVersion(2)))
    );
    // A version is no label: whoever changes it gets another key.
    let mut renamed = newer;
    renamed[3] = 1;
    assert_eq!(both().open(purpose, b"", &renamed), Err(OpenError::Forged));
}

#[test]
fn a_digest_is_verified_by_the_version_that_it_names() {
    let (secret, client) = (Secret::generate([1; 39]), ClientId::parse("c").unwrap());
    let digest = secret.digest(&master(OLD).pepper(), &client);
    assert_eq!(digest.pepper_version(), 1);
    assert_eq!(both().verify(&secret, &client, &digest), Ok(true));
    assert_eq!(both().pepper().version(), 2);
    let other = Secret::generate([2; 39]);
    assert_eq!(both().verify(&other, &client, &digest), Ok(false));
    let newer = secret.digest(&both().pepper(), &client);
    let unknown = master(OLD).verify(&secret, &client, &newer);
    assert_eq!(unknown, Err(UnknownVersion(2)));
}

#[test]
fn versions_are_read_strictly() {
    assert_eq!(master(OLD).versions(), [1]);
    assert_eq!(both().versions(), [2, 1]);
    assert_eq!(master(&format!(r#" {{"7": "{NEW}"}}"#)).versions(), [7]);
    let refused = |text: &str| Master::parse(text).unwrap_err();
    assert_eq!(refused("short"), MalformedMaster::TooShort(1));
    assert_eq!(
        refused(&format!(r#"{{"1": "{OLD}", "2": "short"}}"#)),
        MalformedMaster::TooShort(2)
    );
    assert_eq!(refused("{}"), MalformedMaster::Count);
    assert_eq!(
        refused(&format!(r#"{{"1": "{OLD}", "2": "{OLD}"}}"#)),
        MalformedMaster::Repeated
    );
    let many = (1..10).map(|n| format!(r#""{n}": "{OLD} {n}""#));
    let many = many.collect::<Vec<_>>().join(", ");
    assert_eq!(refused(&format!("{{{many}}}")), MalformedMaster::Count);
    for bad in [
        format!(r#"{{"1": "{OLD}", "1": "{NEW}"}}"#),
        format!(r#"{{"0": "{OLD}"}}"#),
        format!(r#"{{"01": "{OLD}"}}"#),
        format!(r#"{{"+1": "{OLD}"}}"#),
        format!(r#"{{"-1": "{OLD}"}}"#),
        format!(r#"{{"4294967296": "{OLD}"}}"#),
        format!(r#"{{"newest": "{OLD}"}}"#),
        format!(r#"{{"1": ["{OLD}"]}}"#),
        format!(r#"{{"1": "{OLD}"}} more"#),
        format!(r#"{{"1": "{OLD}""#),
    ] {
        assert_eq!(refused(&bad), MalformedMaster::NotVersions, "{bad}");
    }
}

#[test]
fn debug_shows_numbers_alone() {
    assert_eq!(format!("{:?}", both()), "Master(versions [2, 1])");
    assert_eq!(format!("{:?}", both().newest()), "MasterVersion(2)");
}
