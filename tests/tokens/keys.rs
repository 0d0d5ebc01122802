//! Keys of clients, and what they sign.

use api::system::system_random;
use data_encoding::BASE64URL_NOPAD;
use domain::{ClientSettings, Jwks, TokenEndpointAuthMethod};
use ring::{
    hmac,
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair,
    },
};
use testkit::{Value, json};

pub(crate) fn b64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// A client's key.
pub(crate) enum ClientKey {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    /// The bytes of a public key, misused as a secret.
    Mac(Vec<u8>),
    Nothing,
}

impl ClientKey {
    pub(crate) fn ec() -> Self {
        let (alg, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, system_random());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
        Self::Ec(EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref(), &random).unwrap())
    }

    /// Made for these tests and used nowhere else.
    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(include_bytes!("rsa2048.pk8")).unwrap())
    }

    pub(crate) fn public(&self, kid: &str) -> Value {
        match self {
            Self::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": b64(x), "y": b64(y)})
            }
            Self::Rsa(pair) => {
                let key = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "kid": kid, "n": b64(&key.n), "e": b64(&key.e)})
            }
            Self::Mac(_) | Self::Nothing => panic!("no public half"),
        }
    }

    fn signature(&self, alg: &str, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Ec(pair) => {
                let signed = pair.sign(&system_random(), text).unwrap();
                signed.as_ref().to_vec()
            }
            Self::Rsa(pair) => {
                let padding: &dyn RsaEncoding = match alg {
                    "PS256" => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signed = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &system_random(), text, &mut signed)
                    .unwrap();
                signed
            }
            Self::Mac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, text).as_ref().to_vec()
            }
            Self::Nothing => Vec::new(),
        }
    }

    /// A compact JWS; the claims as text, so that they may be no JSON.
    pub(crate) fn sign(&self, header: &Value, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            b64(header.to_string().as_bytes()),
            b64(claims.as_bytes())
        );
        let alg = header["alg"].as_str().unwrap_or_default();
        let signature = self.signature(alg, signed.as_bytes());
        format!("{signed}.{}", b64(&signature))
    }
}

/// Makes a client prove itself with these keys.
pub(crate) fn private_key_jwt(keys: Vec<Value>) -> impl FnOnce(&mut ClientSettings) {
    move |settings| {
        settings.token_endpoint_auth_method = TokenEndpointAuthMethod::PrivateKeyJwt;
        settings.jwks = Some(Jwks::parse(json!({ "keys": keys })).unwrap());
    }
}
