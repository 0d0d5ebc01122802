//! The signing keys in memory: read in INIT, again every five minutes or for an unknown `kid`.
//!
//! Which key signs, and when keys come and go, is decided in [`domain::key_rotation`]. Private halves
//! are opened with a key derived from the master secret.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use domain::{
    Entropy, Master, Timestamp,
    key_rotation::{self, KeyLife, LEAD},
};
use ring::digest;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use table::{SigningKeys, StoredKey, Table};

use crate::{
    ApiError,
    jws::{self, JwsError, Unverified},
    keys::{self, Key},
};

/// Keys older than this are read again.
pub const REFRESH: i64 = 300;
/// An unknown `kid` makes keys be read again at most this often, so that forged ones cost nothing.
const UNKNOWN_KID: i64 = 10;
/// After a read that failed, the next one waits so long.
const RETRY: i64 = 10;
/// What a call waits at most for keys to be read again while it has some: an answer from memory must
/// come within the request's deadline though the table be silent.
const REREAD: Duration = Duration::from_millis(500);

/// The deployment's keys.
pub struct Keyring {
    table: Table,
    /// Opens private halves. Who signs nothing is better off without.
    master: Option<Arc<Master>>,
    known: RwLock<Arc<KeySet>>,
    /// When keys were last asked for; whoever holds it asks, the others wait.
    asked: tokio::sync::Mutex<Option<Timestamp>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(..)")
    }
}

#[derive(Default)]
struct KeySet {
    read_at: Option<Timestamp>,
    keys: Vec<Key>,
    /// Ids of keys that are ours and can't be read.
    unreadable: Vec<String>,
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

    fn is_younger(&self, age: i64, now: Timestamp) -> bool {
        let read = |at: Timestamp| at <= now && now < at.plus(age);
        self.read_at.is_some_and(read)
    }
}

/// What a rotation has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The key it made.
    pub made: Option<String>,
    /// The keys it removed.
    pub retired: Vec<String>,
    /// For how many whole days the key in use has been signing; an alarm watches it in the log.
    pub signing_key_age_days: i64,
}

impl Keyring {
    /// The keys of `table`, none of them read yet.
    pub fn new(table: Table, master: Option<Arc<Master>>) -> Self {
        Self {
            table,
            master,
            known: RwLock::default(),
            asked: tokio::sync::Mutex::default(),
        }
    }

    /// Reads the keys anew.
    pub async fn refresh(&self, now: Timestamp) -> Result<(), ApiError> {
        let stored = match &self.master {
            Some(_) => self.table.sealed_signing_keys().await?,
            None => self.table.signing_keys().await?,
        };
        self.know(stored, now);
        Ok(())
    }

    /// Takes the keys that were read at `now`.
    pub(crate) fn know(&self, stored: SigningKeys, now: Timestamp) {
        let keys = stored.keys.into_iter();
        let set = Arc::new(KeySet {
            read_at: Some(now),
            keys: keys
                .map(|key| Key::open(key, self.master.as_deref()))
                .collect(),
            unreadable: stored.unreadable,
            checked: Checked::default(),
        });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = set;
    }

    fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys, read again when older than `age`. A failed re-read leaves the known ones in use.
    async fn at_most(&self, age: i64, now: Timestamp) -> Result<Arc<KeySet>, ApiError> {
        let set = self.current();
        if set.is_younger(age, now) {
            return Ok(set);
        }
        let mut asked = self.asked.lock().await;
        let set = self.current();
        if set.is_younger(age, now) {
            return Ok(set);
        }
        if set.read_at.is_none() {
            Box::pin(self.refresh(now)).await?;
            return Ok(self.current());
        }
        if asked.is_some_and(|at| at <= now && now < at.plus(RETRY)) {
            return Ok(set);
        }
        *asked = Some(now);
        // Boxed: it is rare, and every request's future would else carry it.
        match tokio::time::timeout(REREAD, Box::pin(self.refresh(now))).await {
            Ok(Ok(())) => *asked = None,
            Ok(Err(e)) => {
                tracing::warn!(error = e.detail(), "signing keys could not be read again");
            }
            Err(_) => tracing::warn!("signing keys were not read again in time"),
        }
        Ok(self.current())
    }

    /// A token of the media type `typ`, signed by the key in use.
    pub async fn sign(
        &self,
        typ: &str,
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        let set = self.at_most(REFRESH, now).await?;
        // Who has not heard of new keys for this long may not know the one in use.
        if !set.is_younger(LEAD, now) {
            return Err(ApiError::Unavailable("the signing keys are too old".into()));
        }
        let able = set.keys.iter().filter(|key| key.pair.is_some());
        let able: Vec<_> = able.collect();
        let key = key_rotation::signer(&able, now, |key| key.life());
        let key = key.ok_or_else(|| self.no_signer(&set))?;
        let pair = key.pair.as_ref().ok_or_else(opens_none)?;
        jws::sign(pair, &key.kid, typ, claims).ok_or_else(|| ApiError::internal("signing failed"))
    }

    fn no_signer(&self, set: &KeySet) -> ApiError {
        if self.master.is_none() {
            opens_none()
        } else if set.keys.is_empty() && set.unreadable.is_empty() {
            ApiError::Unavailable("there is no signing key".into())
        } else {
            ApiError::internal(
                "no signing key can be opened: is this the master secret that sealed them?",
            )
        }
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
        if let Some(claims) = set.verify(token, &unverified) {
            return Ok(claims);
        }
        let set = self.at_most(UNKNOWN_KID, now).await?;
        match set.verify(token, &unverified) {
            Some(claims) => Ok(claims),
            // Neither good nor forged.
            None if set.unreadable.contains(&unverified.kid) => Err(ApiError::internal(
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
        let keys: Vec<_> = set.keys.iter().filter_map(Key::public).collect();
        Ok(json!({ "keys": keys }))
    }

    /// Makes the deployment's first key, unless it has one.
    pub async fn ensure(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<(), ApiError> {
        let latest = self.table.latest_signing_key().await?;
        if self.table.signing_keys().await?.keys.is_empty() {
            self.make(now, now, entropy, latest.as_deref()).await?;
        }
        self.refresh(now).await
    }

    /// Makes the next key and removes old ones, when it is time for either.
    pub async fn rotate(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<Rotated, ApiError> {
        // In this order: a key that is added after the first read makes ours one too many.
        let latest = self.table.latest_signing_key().await?;
        let stored = self.table.signing_keys().await?;
        let lives: Vec<_> = stored.keys.iter().map(life).collect();
        let plan = key_rotation::plan(&lives, now);
        let mut done = Rotated::default();
        if let Some(signs_from) = plan.make {
            done.made = self
                .make(now, signs_from, entropy, latest.as_deref())
                .await?;
        }
        for kid in plan.retire {
            self.table.remove_signing_key(kid).await?;
            done.retired.push(kid.to_owned());
        }
        if done != Rotated::default() {
            self.refresh(now).await?;
        }
        let signer = key_rotation::signer(&lives, now, |key| *key);
        let age = signer.map_or(0, |key| now.unix() - key.signs_from.unix());
        done.signing_key_age_days = age.max(0) / 86_400;
        Ok(done)
    }

    /// Makes a key; `None` when another run made one since `latest` was read.
    async fn make(
        &self,
        now: Timestamp,
        signs_from: Timestamp,
        entropy: &dyn Entropy,
        latest: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let master = self.master.as_deref().ok_or_else(opens_none)?;
        let key = keys::generate(master, now, signs_from, entropy)?;
        let added = self.table.add_signing_key(&key, latest).await?;
        Ok(added.then_some(key.kid))
    }
}

fn life(key: &StoredKey) -> KeyLife<'_> {
    KeyLife {
        signs_from: key.signs_from,
        kid: &key.kid,
    }
}

fn opens_none() -> ApiError {
    ApiError::internal("this function opens no signing keys")
}
