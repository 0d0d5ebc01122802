//! The signing keys in memory: read in INIT, again every five minutes or for an unknown `kid`.
//!
//! Which key signs is decided in [`domain::key_rotation`]; when keys come and go, in [`crate::rotation`].

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    PublicRoot, Timestamp,
    key_rotation::{self, LEAD},
    master,
};
use ring::{digest, hmac, signature::EcdsaKeyPair};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use table::{SigningKeys, StoredHalf, Table};

use crate::{
    ApiError,
    jws::{self, JwsError, Unverified},
    kept::{Held, Kept},
    keys::{self, Key},
    master_secret::MasterSecret,
    trust::Trust,
};

/// Keys older than this are read again.
pub const REFRESH: i64 = 300;
/// An unknown `kid` makes keys be read again at most this often, so that forged ones cost nothing.
const UNKNOWN_KID: i64 = 10;
/// The deployment's keys.
pub struct Keyring {
    pub(crate) table: Table,
    pub(crate) trust: Trust,
    public: Kept<KeySet>,
    /// Private halves, which only [`sign`](Self::sign) reads: who signs nothing never asks for them.
    private: Kept<Pairs>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(..)")
    }
}

/// Private halves by the ids of their keys.
type Pairs = HashMap<String, EcdsaKeyPair>;

#[derive(Default)]
struct KeySet {
    keys: Vec<Key>,
    /// Ids of keys that can't be read, or that no root signed.
    unreadable: Vec<String>,
    cursor_key: Option<hmac::Key>,
    checked: Checked,
}

/// Tokens that a key of the set has signed, by their digests: callers send the same one with each request,
/// and checking it costs more than all the rest of a read. They are forgotten with the set.
#[derive(Default)]
struct Checked(Mutex<HashSet<Vec<u8>>>);

impl Checked {
    /// More are not remembered; a function seldom sees so many in five minutes.
    const MOST: usize = 1024;

    fn has(&self, token: &[u8]) -> bool {
        self.lock().contains(token)
    }

    fn add(&self, token: Vec<u8>) {
        let mut checked = self.lock();
        if checked.len() >= Self::MOST {
            checked.clear();
        }
        checked.insert(token);
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeySet {
    /// The claims of a token that a key of this set signed; `None` when it has no such key.
    fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        unverified: &Unverified,
    ) -> Option<Result<C, JwsError>> {
        let key = self.keys.iter().find(|key| key.kid == unverified.kid)?;
        let digest = digest::digest(&digest::SHA256, token.as_bytes());
        if !self.checked.has(digest.as_ref()) {
            if let Err(e) = unverified.check(&key.point) {
                return Some(Err(e));
            }
            self.checked.add(digest.as_ref().to_vec());
        }
        Some(unverified.claims())
    }
}

impl Keyring {
    /// The keys of `table`, none of them read yet. `roots`: what vouches for public halves where there is no
    /// master secret to ask.
    pub(crate) fn new(
        table: Table,
        master: Option<Arc<MasterSecret>>,
        roots: Vec<PublicRoot>,
    ) -> Self {
        Self {
            table,
            trust: Trust::new(master, roots),
            public: Kept::of("the signing keys", Arc::default()),
            private: Kept::of("the private halves of signing keys", Arc::default()),
        }
    }

    /// Reads the public halves anew.
    pub async fn refresh(&self, now: Timestamp) -> Result<(), ApiError> {
        self.public.put(Arc::new(self.read(now).await?), now);
        Ok(())
    }

    async fn read(&self, now: Timestamp) -> Result<KeySet, ApiError> {
        self.key_set(self.table.signing_keys().await?, now).await
    }

    async fn key_set(&self, stored: SigningKeys, now: Timestamp) -> Result<KeySet, ApiError> {
        let own = self.trust.sift(stored, now).await?.own;
        let cursor_key = own.cursor_key;
        Ok(KeySet {
            keys: own.keys.into_iter().map(Key::from).collect(),
            unreadable: own.unreadable,
            cursor_key: cursor_key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key)),
            checked: Checked::default(),
        })
    }

    /// Takes the public halves that INIT read at `now`; what can't be judged now, the first call reads again.
    pub(crate) async fn know(&self, stored: SigningKeys, now: Timestamp) {
        if let Ok(set) = self.key_set(stored, now).await {
            self.public.put(Arc::new(set), now);
        }
    }

    /// The same for the private halves.
    pub(crate) async fn know_private(&self, stored: Vec<StoredHalf>, now: Timestamp) {
        if let Ok(pairs) = self.open(stored, now).await {
            self.private.put(Arc::new(pairs), now);
        }
    }

    async fn open(&self, stored: Vec<StoredHalf>, now: Timestamp) -> Result<Pairs, ApiError> {
        let secret = self.trust.master.as_ref().ok_or_else(opens_none)?;
        let mut pairs = Pairs::new();
        for half in stored {
            // One of a version that is not known yet is an error, so that the pairs at hand stay in use.
            let master = match master::sealed_by(&half.sealed_private_key) {
                Some(version) => secret.of_stored(version, now).await?,
                None => None,
            };
            if let Some(pair) = master.and_then(|master| keys::open(&master, &half)) {
                pairs.insert(half.kid, pair);
            } else {
                tracing::error!(kid = half.kid, "a signing key can't be opened");
            }
        }
        Ok(pairs)
    }

    async fn at_most(&self, age: i64, now: Timestamp) -> Result<Held<KeySet>, ApiError> {
        self.public.at_most(age, now, || self.read(now)).await
    }

    async fn pairs(&self, age: i64, now: Timestamp) -> Result<Held<Pairs>, ApiError> {
        let read = || async { self.open(self.table.signing_key_halves().await?, now).await };
        self.private.at_most(age, now, read).await
    }

    /// A token of the media type `typ`, signed by the key in use.
    pub async fn sign(
        &self,
        typ: &str,
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        self.trust.master.as_ref().ok_or_else(opens_none)?;
        let (set, pairs) = tokio::join!(self.at_most(REFRESH, now), self.pairs(REFRESH, now));
        let (set, mut pairs) = (set?, pairs?);
        let keys = &set.value.keys;
        let signer = key_rotation::signer(keys, now, Key::life);
        if signer.is_some_and(|key| !pairs.value.contains_key(&key.kid)) {
            // It may have been made since: the first of all, or after one that leaked.
            pairs = self.pairs(UNKNOWN_KID, now).await?;
        }
        // Who has not heard of new keys for this long may not know the one in use.
        if !set.is_younger(LEAD, now) || !pairs.is_younger(LEAD, now) {
            return Err(ApiError::Unavailable("the signing keys are too old".into()));
        }
        let able = keys.iter().filter(|key| pairs.value.contains_key(&key.kid));
        let able: Vec<_> = able.collect();
        let key = key_rotation::signer(&able, now, |key| key.life());
        let key = key.ok_or_else(|| no_signer(&set.value))?;
        let pair = pairs.value.get(&key.kid).ok_or_else(opens_none)?;
        jws::sign(pair, &key.kid, typ, claims).ok_or_else(|| ApiError::internal("signing failed"))
    }

    /// The claims of a token of the media type `typ` that one of our keys signed.
    pub async fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        typ: &str,
        now: Timestamp,
    ) -> Result<Result<C, JwsError>, ApiError> {
        let unverified = match jws::parse(token, typ) {
            Ok(unverified) => unverified,
            Err(e) => return Ok(Err(e)),
        };
        let set = self.at_most(REFRESH, now).await?;
        if let Some(claims) = set.value.verify(token, &unverified) {
            return Ok(claims);
        }
        let set = self.at_most(UNKNOWN_KID, now).await?;
        match set.value.verify(token, &unverified) {
            Some(claims) => Ok(claims),
            // Neither good nor forged.
            None if set.value.unreadable.contains(&unverified.kid) => Err(ApiError::internal(
                "the key that this token names can't be read",
            )),
            None if set.is_younger(UNKNOWN_KID, now) => Ok(Err(JwsError::UnknownKey)),
            // It may be a key of ours that could not be read.
            None => Err(ApiError::Unavailable("the key can't be looked up".into())),
        }
    }

    /// The public keys as a JWK set (RFC 7517 §5).
    pub async fn jwks(&self, now: Timestamp) -> Result<Value, ApiError> {
        let set = self.at_most(REFRESH, now).await?;
        let keys: Vec<_> = set.value.keys.iter().filter_map(Key::public).collect();
        Ok(json!({ "keys": keys }))
    }

    /// What authenticates list cursors. It is no secret worth keeping from anybody who reads the table: a query
    /// never leaves its caller's tenant, so a forged cursor shows nothing that its maker may not list.
    pub async fn cursor_key(&self, now: Timestamp) -> Result<hmac::Key, ApiError> {
        let set = self.at_most(REFRESH, now).await?;
        let set = match set.value.cursor_key {
            Some(_) => set,
            None => self.at_most(UNKNOWN_KID, now).await?,
        };
        let unreadable = |id: &String| id == table::keys::CURSOR_KEY;
        match set.value.cursor_key.clone() {
            Some(key) => Ok(key),
            None if set.value.unreadable.iter().any(unreadable) => {
                Err(ApiError::internal("the key of cursors can't be read"))
            }
            None => Err(ApiError::Unavailable(
                "there is no key of cursors yet".into(),
            )),
        }
    }
}

fn no_signer(set: &KeySet) -> ApiError {
    if set.keys.is_empty() && set.unreadable.is_empty() {
        ApiError::Unavailable("there is no signing key".into())
    } else {
        ApiError::internal(
            "no signing key can be opened: is this the master secret that sealed them?",
        )
    }
}

pub(crate) fn opens_none() -> ApiError {
    ApiError::internal("this function opens no signing keys")
}
