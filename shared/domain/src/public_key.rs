//! Whether a public key can ever verify a signature: judged once, when it is registered (RFC 7518 §6).
//!
//! The point of an EC key must lie on its curve. `ring` says of a bad point and of a bad signature the
//! same, so the equation is checked here; both numbers are public, so it may take its time.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use crate::jwks::Algorithm;

/// Sizes of an RSA modulus, in bits, that `ring` verifies with.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The smallest RSA exponent (FIPS 186-5 §5.1) and the largest that `ring` takes.
const EXPONENT: std::ops::RangeInclusive<u64> = 65_537..=0x1_ffff_ffff;

/// What keeps a key from ever verifying an assertion, and what to do about it.
pub(crate) fn check(key: &Map<String, Value>) -> Result<(), &'static str> {
    let text = |member| key.get(member).and_then(Value::as_str);
    if key.get("use").is_some_and(|value| value != "sig") {
        return Err("is not for signatures; send a key whose use is sig, or leave use out");
    }
    if let Some(operations) = key.get("key_ops") {
        let verify = |all: &Vec<Value>| all.iter().any(|one| one == "verify");
        if !operations.as_array().is_some_and(verify) {
            return Err("is not for verifying; its key_ops must be a list that has verify");
        }
    }
    if key.get("kid").is_some() && text("kid").is_none_or(str::is_empty) {
        return Err("has a kid that is no text, or an empty one");
    }
    match text("kty") {
        Some("EC") => match text("crv") {
            Some("P-256") => P256.check(key)?,
            Some("P-384") => P384.check(key)?,
            _ => return Err("is on a curve that is not taken; its crv must be P-256 or P-384"),
        },
        Some("RSA") => rsa(key)?,
        _ => {
            return Err(
                "is of a type that is not taken; keys must be RSA (n, e) or EC (crv, x, y)",
            );
        }
    }
    match Algorithm::of_key(key) {
        Some(_) => Ok(()),
        None => Err(
            "has an alg that it does not fit or that is not taken; use ES256 (P-256), ES384 (P-384), RS256 or PS256 (RSA), or leave alg out",
        ),
    }
}

/// A member's bytes: base64url without padding, in its one spelling (RFC 7515 §2).
fn bytes(key: &Map<String, Value>, member: &str) -> Option<Vec<u8>> {
    let text = key.get(member)?.as_str()?;
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

fn rsa(key: &Map<String, Value>) -> Result<(), &'static str> {
    let (Some(n), Some(e)) = (bytes(key, "n"), bytes(key, "e")) else {
        return Err("needs n and e in base64url without padding");
    };
    let zeros = n.iter().take_while(|byte| **byte == 0).count();
    let first = n.get(zeros).map_or(0, |byte| byte.leading_zeros());
    let bits = n.len().saturating_sub(zeros) * 8;
    let bits = bits.saturating_sub(usize::try_from(first).unwrap_or_default());
    if !RSA_BITS.contains(&bits) {
        return Err("must have 2048 to 8192 bits; make another RSA key");
    }
    if n.last().is_none_or(|last| last % 2 == 0) {
        return Err("has an even modulus, so it is no RSA key");
    }
    let exponent = number(&e).filter(|_| e.len() <= 8).map(|limbs| limbs[0]);
    if !exponent.is_some_and(|e| EXPONENT.contains(&e) && e % 2 == 1) {
        return Err("must have an odd exponent from 65537 to 2^33 - 1; make another RSA key");
    }
    Ok(())
}

/// A number below 2^384, its least 64 bits first.
type Number = [u64; 6];

/// A curve y² = x³ - 3x + b over a prime field (SP 800-186 §3.2.1): every point on it but the one at
/// infinity, which has no coordinates, is a public key, because the curve has a prime number of them.
struct Curve {
    /// How many bytes a coordinate has (RFC 7518 §6.2.1.2).
    bytes: usize,
    prime: Number,
    b: Number,
}

const P256: Curve = Curve {
    bytes: 32,
    prime: [u64::MAX, 0xffff_ffff, 0, 0xffff_ffff_0000_0001, 0, 0],
    b: [
        0x3bce_3c3e_27d2_604b,
        0x651d_06b0_cc53_b0f6,
        0xb3eb_bd55_7698_86bc,
        0x5ac6_35d8_aa3a_93e7,
        0,
        0,
    ],
};

const P384: Curve = Curve {
    bytes: 48,
    prime: [
        0xffff_ffff,
        0xffff_ffff_0000_0000,
        0xffff_ffff_ffff_fffe,
        u64::MAX,
        u64::MAX,
        u64::MAX,
    ],
    b: [
        0x2a85_c8ed_d3ec_2aef,
        0xc656_398d_8a2e_d19d,
        0x0314_088f_5013_875a,
        0x181d_9c6e_fe81_4112,
        0x988e_056b_e3f8_2d19,
        0xb331_2fa7_e23e_e7e4,
    ],
};

impl Curve {
    fn check(&self, key: &Map<String, Value>) -> Result<(), &'static str> {
        let (Some(x), Some(y)) = (bytes(key, "x"), bytes(key, "y")) else {
            return Err("needs x and y in base64url without padding");
        };
        if x.len() != self.bytes || y.len() != self.bytes {
            return Err(
                "has an x or y of another length than its curve's: 32 bytes for P-256, 48 for P-384, zeros in front included",
            );
        }
        match (number(&x), number(&y)) {
            (Some(x), Some(y)) if self.has(&x, &y) => Ok(()),
            _ => Err("is no point on its curve; export the key again"),
        }
    }

    /// y² + 3x = x³ + b
    fn has(&self, x: &Number, y: &Number) -> bool {
        let below = |n: &Number| minus(n, &self.prime).1;
        let three_x = self.sum(&self.sum(x, x), x);
        let left = self.sum(&self.product(y, y), &three_x);
        let right = self.sum(&self.product(&self.product(x, x), x), &self.b);
        below(x) && below(y) && left == right
    }

    fn sum(&self, a: &Number, b: &Number) -> Number {
        let (sum, carry) = plus(a, b);
        let (reduced, below) = minus(&sum, &self.prime);
        if carry || !below { reduced } else { sum }
    }

    /// By doubling and adding.
    fn product(&self, a: &Number, b: &Number) -> Number {
        let bits = a.iter().rev();
        let bits = bits.flat_map(|limb| (0..64).rev().map(move |at| limb >> at & 1 == 1));
        bits.fold([0; 6], |product, bit| {
            let doubled = self.sum(&product, &product);
            if bit { self.sum(&doubled, b) } else { doubled }
        })
    }
}

/// The number that these bytes write, the largest first.
fn number(bytes: &[u8]) -> Option<Number> {
    let mut limbs = [0_u64; 6];
    if bytes.len() > limbs.len() * 8 {
        return None;
    }
    for (limb, chunk) in limbs.iter_mut().zip(bytes.rchunks(8)) {
        *limb = chunk
            .iter()
            .fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    Some(limbs)
}

/// The sum, and whether it has overflowed.
fn plus(a: &Number, b: &Number) -> (Number, bool) {
    limb_by_limb(a, b, u64::overflowing_add)
}

/// The difference, and whether it is below zero.
fn minus(a: &Number, b: &Number) -> (Number, bool) {
    limb_by_limb(a, b, u64::overflowing_sub)
}

fn limb_by_limb(a: &Number, b: &Number, step: fn(u64, u64) -> (u64, bool)) -> (Number, bool) {
    let (mut result, mut carry) = ([0; 6], false);
    for ((result, a), b) in result.iter_mut().zip(a).zip(b) {
        let (first, over) = step(*a, *b);
        let (limb, again) = step(first, u64::from(carry));
        *result = limb;
        carry = over || again;
    }
    (result, carry)
}
