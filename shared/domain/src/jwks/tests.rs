use super::*;
use serde_json::json;

/// The base points of the curves (SP 800-186 §3.2.1), which are public keys of the private key 1.
const P256: [&str; 2] = [
    "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
    "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
];
const P384: [&str; 2] = [
    "qofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3",
    "NhfeSpYmLG9dnpi_kpLcKfj0Hb0omhR86doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f",
];

fn ec(curve: &str, [x, y]: [&str; 2]) -> Value {
    json!({"kty": "EC", "crv": curve, "x": x, "y": y})
}

/// An odd number of so many bits, which is all that is looked at.
fn rsa(bits: usize) -> Value {
    let mut n = vec![0xff_u8; bits.div_ceil(8)];
    n[0] = 0xff >> (n.len() * 8 - bits);
    json!({"kty": "RSA", "n": data_encoding::BASE64URL_NOPAD.encode(&n), "e": "AQAB"})
}

fn with(mut key: Value, member: &str, value: Value) -> Value {
    key[member] = value;
    key
}

/// The place of each refused key, and why.
fn all_refused(keys: &[Value]) -> Vec<(usize, &'static str)> {
    let Err(faults) = Jwks::parse(json!({ "keys": keys })) else {
        return Vec::new();
    };
    let of = |fault: &crate::Violation| match (fault.place.pointer(), &fault.invalid) {
        (Some(place), Invalid::Key(why)) => {
            (place.strip_prefix("/keys/").unwrap().parse().unwrap(), *why)
        }
        other => panic!("{other:?}"),
    };
    faults.iter().map(of).collect()
}

/// The only refused key.
fn refused(keys: &[Value]) -> Option<(usize, &'static str)> {
    let all = all_refused(keys);
    assert!(all.len() < 2, "{all:?}");
    all.first().copied()
}

#[test]
fn keys_that_can_verify_are_taken() {
    let wide = format!("AAAA{}", rsa(2048)["n"].as_str().unwrap());
    for key in [
        ec("P-256", P256),
        ec("P-384", P384),
        rsa(2048),
        rsa(2049),
        rsa(8192),
        with(rsa(2048), "n", json!(wide)),
        with(rsa(2048), "alg", json!("PS256")),
        with(rsa(2048), "alg", json!("RS256")),
        with(ec("P-256", P256), "alg", json!("ES256")),
        with(ec("P-384", P384), "alg", json!("ES384")),
        with(ec("P-256", P256), "use", json!("sig")),
        with(ec("P-256", P256), "key_ops", json!(["verify"])),
        with(ec("P-256", P256), "kid", json!("2026-11")),
        with(ec("P-256", P256), "x5t", json!("a-hint")),
    ] {
        assert_eq!(refused(std::slice::from_ref(&key)), None, "{key}");
    }
}

// Lesson 58.
#[test]
fn keys_accepted_at_registration_that_can_never_verify_are_refused_by_their_place() {
    let [x, y] = P256;
    let good = || ec("P-256", P256);
    let turned = y.replacen('T', "U", 1);
    // The prime of P-256, which is zero in another spelling.
    let prime = "_____wAAAAEAAAAAAAAAAAAAAAD_______________8";
    let zero = "A".repeat(43);
    for (what, key) in [
        ("off the curve", ec("P-256", [x, &turned])),
        ("swapped", ec("P-256", [y, x])),
        ("the origin", ec("P-256", [&zero, &zero])),
        ("not reduced", ec("P-256", [prime, y])),
        ("the other curve's point", ec("P-384", P256)),
        ("the other curve's point", ec("P-256", P384)),
        ("off P-384", ec("P-384", [P384[1], P384[0]])),
        ("short x", ec("P-256", [&x[..42], y])),
        ("long y", ec("P-256", [x, &format!("{y}AAAA")])),
        ("padded", ec("P-256", [&format!("{x}="), y])),
        ("standard base64", ec("P-256", [x, &y.replace('-', "+")])),
        (
            "another spelling",
            ec("P-256", [&format!("{}Z", &x[..42]), y]),
        ),
        ("unknown curve", ec("secp256k1", P256)),
        ("P-521", ec("P-521", P256)),
        ("Ed25519", json!({"kty": "OKP", "crv": "Ed25519", "x": x})),
        ("symmetric", json!({"kty": "oct"})),
        ("no x", json!({"kty": "EC", "crv": "P-256", "y": y})),
        ("no type", json!({"crv": "P-256", "x": x, "y": y})),
        ("1024 bits", rsa(1024)),
        ("2047 bits", rsa(2047)),
        ("8193 bits", rsa(8193)),
        ("nothing", with(rsa(2048), "n", json!(""))),
        ("no base64", with(rsa(2048), "n", json!("!"))),
        (
            "zeros in front",
            with(rsa(2040), "n", json!("A".repeat(400))),
        ),
        ("exponent 1", with(rsa(2048), "e", json!("AQ"))),
        ("exponent 3", with(rsa(2048), "e", json!("Aw"))),
        ("even exponent", with(rsa(2048), "e", json!("AQAC"))),
        ("long exponent", with(rsa(2048), "e", json!("AgAAAAE"))),
        (
            "endless exponent",
            with(rsa(2048), "e", json!("AQAAAAAAAAAB")),
        ),
        ("no exponent", json!({"kty": "RSA", "n": rsa(2048)["n"]})),
        (
            "even modulus",
            with(rsa(2048), "n", json!(format!("{}g", "_".repeat(341)))),
        ),
        ("for encryption", with(good(), "use", json!("enc"))),
        ("use is no text", with(good(), "use", json!(1))),
        ("for signing", with(good(), "key_ops", json!(["sign"]))),
        ("for nothing", with(good(), "key_ops", json!([]))),
        (
            "key_ops is no list",
            with(good(), "key_ops", json!("verify")),
        ),
        ("another alg", with(good(), "alg", json!("ES384"))),
        ("an alg of RSA", with(good(), "alg", json!("RS256"))),
        ("an alg of EC", with(rsa(2048), "alg", json!("ES256"))),
        ("RS512", with(rsa(2048), "alg", json!("RS512"))),
        ("alg is no text", with(good(), "alg", json!(256))),
        ("alg none", with(good(), "alg", json!("none"))),
        ("kid is no text", with(good(), "kid", json!(1))),
        ("empty kid", with(good(), "kid", json!(""))),
    ] {
        let (at, why) = refused(std::slice::from_ref(&key)).unwrap_or_else(|| panic!("{what}"));
        assert_eq!(at, 0, "{what}");
        let second = with(key, "kid", json!("b"));
        let first = with(good(), "kid", json!("a"));
        if !what.contains("kid") {
            assert_eq!(refused(&[first, second]), Some((1, why)), "{what}");
        }
    }
}

#[test]
fn of_several_keys_each_has_a_kid_of_its_own() {
    let named = |kid: &str| with(ec("P-256", P256), "kid", json!(kid));
    assert_eq!(refused(&[named("a"), named("A"), named("b")]), None);
    let (at, why) = refused(&[named("a"), named("b"), named("a")]).unwrap();
    assert_eq!((at, why.contains("its own")), (2, true), "{why}");
    let (at, why) = refused(&[named("a"), ec("P-384", P384)]).unwrap();
    assert_eq!((at, why.contains("needs a kid")), (1, true), "{why}");
    let shown = Invalid::Key(why);
    let expected = "needs a kid, because the set has several keys";
    assert_eq!(
        (shown.to_string().as_str(), shown.code()),
        (expected, "unusable_key")
    );
}

#[test]
fn every_key_that_is_refused_is_named() {
    let short = ec("P-256", [&P256[0][..42], P256[1]]);
    let found = all_refused(&[short, ec("P-256", P256), ec("P-384", P384)]);
    let at: Vec<_> = found.iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [0, 1, 2], "{found:?}");
}

#[test]
fn other_shapes_and_private_keys_are_refused() {
    for bad in [
        json!([]),
        json!({}),
        json!({"keys": []}),
        json!({"keys": [1]}),
        json!({"keys": [{"kty": "oct", "k": "AA"}]}),
        json!({"keys": [with(ec("P-256", P256), "d", json!("AA"))]}),
        json!({"keys": [{"kty": "RSA", "n": "A".repeat(9000), "e": "AQAB"}]}),
    ] {
        assert!(Jwks::parse(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn what_was_stored_is_read_without_another_judgement() {
    let old = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "BB"}]});
    assert!(Jwks::parse(old.clone()).is_err());
    assert!(serde_json::from_value::<Jwks>(old).is_ok());
}

#[test]
fn a_key_is_for_the_algorithm_that_it_names_or_that_its_type_has() {
    for (key, algorithm) in [
        (ec("P-256", P256), Some(Algorithm::Es256)),
        (ec("P-384", P384), Some(Algorithm::Es384)),
        (rsa(2048), Some(Algorithm::Rs256)),
        (
            with(rsa(2048), "alg", json!("PS256")),
            Some(Algorithm::Ps256),
        ),
        (with(rsa(2048), "alg", json!("HS256")), None),
        (with(rsa(2048), "alg", Value::Null), None),
    ] {
        assert_eq!(
            Algorithm::of_key(key.as_object().unwrap()),
            algorithm,
            "{key}"
        );
    }
}
