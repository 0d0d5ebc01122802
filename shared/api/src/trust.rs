//! Which public halves of signing keys are the deployment's own: whoever writes to the table can't publish one.
//!
//! Whoever holds the master secret asks it; others ask the roots that they were given by a setting. Without either
//! every half is taken as it is (docs/adr/0011).

use std::sync::Arc;

use domain::{Master, MasterVersion, PublicHalf, PublicRoot, Timestamp};
use table::{RootSignature, SigningKeys, StoredKey};

use crate::{ApiError, master_secret::MasterSecret};

/// So many signatures of a half are looked at: as many as the master secret can have versions.
const MOST: usize = 8;

/// What vouches for public halves.
#[derive(Debug)]
pub(crate) struct Trust {
    pub(crate) master: Option<Arc<MasterSecret>>,
    roots: Vec<PublicRoot>,
}

/// Public halves of the deployment's own; the others are among the unreadable ones.
pub(crate) struct Sifted {
    pub(crate) own: SigningKeys,
    /// How many had no good signature.
    pub(crate) foreign: usize,
}

impl Trust {
    pub(crate) const fn new(master: Option<Arc<MasterSecret>>, roots: Vec<PublicRoot>) -> Self {
        Self { master, roots }
    }

    /// Takes what is not the deployment's own for unreadable, and logs it.
    ///
    /// # Errors
    ///
    /// *Unavailable* when a half names an unknown version of the master secret and that can't be read again.
    pub(crate) async fn sift(
        &self,
        stored: SigningKeys,
        now: Timestamp,
    ) -> Result<Sifted, ApiError> {
        let mut sifted = Sifted {
            own: SigningKeys {
                keys: Vec::with_capacity(stored.keys.len()),
                ..stored
            },
            foreign: 0,
        };
        for key in stored.keys {
            if self.vouches_for(&key, now).await? {
                sifted.own.keys.push(key);
            } else {
                tracing::error!(
                    kid = key.kid,
                    "a signing key that no root signed was left out"
                );
                sifted.own.unreadable.push(key.kid);
                sifted.foreign += 1;
            }
        }
        Ok(sifted)
    }

    async fn vouches_for(&self, key: &StoredKey, now: Timestamp) -> Result<bool, ApiError> {
        let Some(secret) = &self.master else {
            return Ok(self.is_rooted(&key.half(), &key.signatures));
        };
        let mut master = secret.current();
        let named = || key.signatures.iter().take(MOST).map(|s| s.version);
        if named().all(|version| master.version(version).is_err())
            && let Some(newest) = named().max()
        {
            match secret.knowing(newest, now).await? {
                Some(known) => master = known,
                None => return Ok(false),
            }
        }
        let signed = |s: &RootSignature| {
            let version = master.version(s.version).ok();
            let root = version.and_then(MasterVersion::root);
            root.is_some_and(|root| root.public().verify(&key.half(), &s.signature))
        };
        Ok(key.signatures.iter().take(MOST).any(signed))
    }

    /// Whether one of the roots that were given by a setting signed a half; so do all when none was given.
    pub(crate) fn is_rooted(&self, half: &PublicHalf<'_>, signatures: &[RootSignature]) -> bool {
        let by = |s: &RootSignature| self.roots.iter().any(|r| r.verify(half, &s.signature));
        self.roots.is_empty() || signatures.iter().take(MOST).any(by)
    }
}

/// The signatures of a half by every version of the master secret: who knows but one of them finds it.
pub(crate) fn signatures(master: &Master, half: &PublicHalf<'_>) -> Vec<RootSignature> {
    let roots = master.all().filter_map(MasterVersion::root);
    roots
        .map(|root| RootSignature {
            version: root.version(),
            signature: root.sign(half),
        })
        .collect()
}

/// The public roots of every version, the newest first, as the setting takes them.
pub(crate) fn roots_of(master: &Master) -> String {
    let roots = master.all().filter_map(MasterVersion::root);
    let roots: Vec<_> = roots.map(|root| root.public().to_string()).collect();
    roots.join(",")
}
