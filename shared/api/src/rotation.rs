//! Signing keys made, sealed anew and removed, by the plan of [`domain::key_rotation`].

use domain::{
    Entropy, Master, Timestamp,
    key_rotation::{self, KeyLife},
    master, ports,
};
use serde::Serialize;
use table::{SigningKeys, StoredHalf, StoredKey};

use crate::{
    ApiError,
    keyring::{Keyring, opens_none},
    keys,
    trust::{self, Sifted},
};

/// What a rotation has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// The key it made.
    pub made: Option<String>,
    /// The keys it removed.
    pub retired: Vec<String>,
    /// For how many whole days the key in use has been signing; an alarm watches it in the log.
    pub signing_key_age_days: i64,
    /// The version of the master secret that is in use.
    pub master_version: u32,
    /// How many private halves it sealed anew by that version.
    pub resealed: usize,
    /// How many private halves still hang on an older version, because they could not be opened.
    pub on_older_versions: usize,
    /// The public roots of the key set, for the setting `KEY_SET_ROOTS`; no secret.
    pub key_set_roots: String,
}

impl Keyring {
    /// Makes the deployment's first key and the key of cursors, unless it has them.
    pub async fn ensure(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<(), ApiError> {
        let master = self.master()?.current();
        let latest = self.table.latest_signing_key().await?;
        let stored = self.own(now).await?;
        self.ensure_cursor_key(&stored, entropy).await?;
        if stored.keys.is_empty() {
            self.make(&master, (now, now), entropy, latest.as_deref())
                .await?;
        }
        self.refresh(now).await
    }

    /// The public roots of the key set, as the setting takes them.
    pub fn roots(&self) -> Result<String, ApiError> {
        Ok(trust::roots_of(&self.master()?.current()))
    }

    /// Makes the next key and removes old ones, when it is time for either; brings what older versions of the
    /// master secret sealed and signed to the one in use.
    pub async fn rotate(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<Rotated, ApiError> {
        // Nothing tells a run of a new version, so that each asks.
        let master = self.master()?.fresh(now).await;
        // In this order: a private half that was read and has no public one later is left over, and a key that is
        // added after the first read of the mark makes ours one too many.
        let halves = self.table.signing_key_halves().await?;
        let latest = self.table.latest_signing_key().await?;
        let stored = self.own(now).await?;
        self.ensure_cursor_key(&stored, entropy).await?;
        let lives: Vec<_> = stored.keys.iter().map(life).collect();
        let plan = key_rotation::plan(&lives, now);
        let mut done = Rotated {
            master_version: master.newest().number(),
            key_set_roots: trust::roots_of(&master),
            ..Rotated::default()
        };
        if let Some(signs_from) = plan.make {
            let times = (now, signs_from);
            done.made = self
                .make(&master, times, entropy, latest.as_deref())
                .await?;
        }
        for kid in plan.retire {
            self.table.remove_signing_key(kid).await?;
            done.retired.push(kid.to_owned());
        }
        if done.made.is_some() || !done.retired.is_empty() {
            self.refresh(now).await?;
        }
        let kept = |kid: &String| !done.retired.contains(kid);
        for key in stored.keys.iter().filter(|key| kept(&key.kid)) {
            self.sign_anew(&master, key).await?;
        }
        for half in halves.iter().filter(|half| kept(&half.kid)) {
            if !stored.keys.iter().any(|key| key.kid == half.kid)
                && !stored.unreadable.contains(&half.kid)
            {
                self.table.remove_signing_key_half(&half.kid).await?;
                continue;
            }
            match self.seal_anew(&master, half, entropy).await? {
                Sealing::Newest => {}
                Sealing::Anew => done.resealed += 1,
                Sealing::Failed => done.on_older_versions += 1,
            }
        }
        let signer = key_rotation::signer(&lives, now, |key| *key);
        let age = signer.map_or(0, |key| now.unix() - key.signs_from.unix());
        done.signing_key_age_days = age.max(0) / 86_400;
        Ok(done)
    }

    fn master(&self) -> Result<&crate::master_secret::MasterSecret, ApiError> {
        self.trust.master.as_deref().ok_or_else(opens_none)
    }

    /// The public halves that are the deployment's own. Where there are others only, the master secret is not the
    /// one that they were made with, and a new key would be no remedy.
    async fn own(&self, now: Timestamp) -> Result<SigningKeys, ApiError> {
        let Sifted { own, foreign } = self
            .trust
            .sift(self.table.signing_keys().await?, now)
            .await?;
        if own.keys.is_empty() && foreign > 0 {
            return Err(ApiError::Conflict {
                code: "foreign-signing-keys",
                detail: "None of the signing keys in the table was made with this master secret. Give the function the secret that belongs to the table, or remove the keys (docs/OPERATIONS.md).".into(),
            });
        }
        Ok(own)
    }

    async fn ensure_cursor_key(
        &self,
        stored: &SigningKeys,
        entropy: &dyn Entropy,
    ) -> Result<(), ApiError> {
        if stored.cursor_key.is_none() {
            let key: [u8; 32] = ports::random(entropy)?;
            self.table.add_cursor_key(&key).await?;
        }
        Ok(())
    }

    /// Makes a key at the first time that signs from the second; `None` when another run made one since `latest`
    /// was read.
    async fn make(
        &self,
        master: &Master,
        (now, signs_from): (Timestamp, Timestamp),
        entropy: &dyn Entropy,
        latest: Option<&str>,
    ) -> Result<Option<String>, ApiError> {
        let (key, half) = keys::generate(master, now, signs_from, entropy)?;
        if !self.trust.is_rooted(&key.half(), &key.signatures) {
            // Other functions would refuse every token that it signs.
            return Err(ApiError::Conflict {
                code: "foreign-key-set-roots",
                detail: format!(
                    "KEY_SET_ROOTS names no root of this master secret; set it to {}.",
                    trust::roots_of(master)
                ),
            });
        }
        let added = self.table.add_signing_key(&key, &half, latest).await?;
        Ok(added.then_some(key.kid))
    }

    /// Has every version at hand sign a public half, unless that would take it from those who know another root.
    async fn sign_anew(&self, master: &Master, key: &StoredKey) -> Result<(), ApiError> {
        let signed: Vec<_> = key.signatures.iter().map(|s| s.version).collect();
        let signatures = trust::signatures(master, &key.half());
        if signed != master.versions() && self.trust.is_rooted(&key.half(), &signatures) {
            self.table.sign_public_half(&key.kid, &signatures).await?;
        }
        Ok(())
    }

    async fn seal_anew(
        &self,
        master: &Master,
        half: &StoredHalf,
        entropy: &dyn Entropy,
    ) -> Result<Sealing, ApiError> {
        if master::sealed_by(&half.sealed_private_key) == Some(master.newest().number()) {
            return Ok(Sealing::Newest);
        }
        match keys::reseal(master, half, entropy) {
            Ok(sealed) => {
                self.table.reseal(half, sealed).await?;
                Ok(Sealing::Anew)
            }
            Err(e) => {
                tracing::error!(kid = half.kid, error = %e, "a private half can't be sealed anew");
                Ok(Sealing::Failed)
            }
        }
    }
}

/// What became of a private half.
enum Sealing {
    /// The version in use had sealed it.
    Newest,
    /// It has now.
    Anew,
    /// The half can't be opened.
    Failed,
}

fn life(key: &StoredKey) -> KeyLife<'_> {
    KeyLife {
        signs_from: key.signs_from,
        kid: &key.kid,
    }
}
