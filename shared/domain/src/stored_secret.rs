//! A client secret as it is kept: its digest and its life.

use crate::{ClientId, Day, Pepper, Secret, SecretDigest, SecretId, Timestamp};

/// A client has at most this many live secrets.
pub const MAX_LIVE: usize = 5;
/// So many retired or expired ones are remembered.
pub const MAX_REMEMBERED: usize = 5;

/// A stored secret. `Debug` shows its id and dates only.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// Its id, which stands in the secret's text too.
    pub id: SecretId,
    /// What the text is compared with.
    pub digest: SecretDigest,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it stops working, if ever.
    pub expires_at: Option<Timestamp>,
    /// The last day on which it authenticated its client, if ever.
    pub last_used_on: Option<Day>,
    /// When it was revoked; kept a while, so that one tried again is noticed.
    pub retired_at: Option<Timestamp>,
}

impl StoredSecret {
    /// The stored form of a new secret of `client`.
    pub fn new(secret: &Secret, pepper: &Pepper, client: &ClientId, at: Timestamp) -> Self {
        Self {
            id: secret.id(),
            digest: secret.digest(pepper, client),
            created_at: at,
            expires_at: None,
            last_used_on: None,
            retired_at: None,
        }
    }

    /// Whether it works at `now`, whatever a late sweep has left in the table.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.retired_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What a client's secrets are after one more was issued; `None` when it has [`MAX_LIVE`] already.
pub fn issue(
    mut all: Vec<StoredSecret>,
    new: StoredSecret,
    now: Timestamp,
) -> Option<Vec<StoredSecret>> {
    if all.iter().filter(|s| s.is_live(now)).count() >= MAX_LIVE {
        return None;
    }
    all.push(new);
    Some(forget_old(all, now))
}

/// Why a secret is not revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeError {
    /// There is none of this id, or it is retired.
    Unknown,
    /// It is the last live one.
    LastLive,
}

/// What a client's secrets are after one was revoked.
pub fn revoke(
    mut all: Vec<StoredSecret>,
    id: &SecretId,
    now: Timestamp,
) -> Result<Vec<StoredSecret>, RevokeError> {
    let live = all.iter().filter(|s| s.is_live(now)).count();
    let found = all
        .iter_mut()
        .find(|s| s.id == *id && s.retired_at.is_none());
    let secret = found.ok_or(RevokeError::Unknown)?;
    if secret.is_live(now) && live == 1 {
        return Err(RevokeError::LastLive);
    }
    secret.retired_at = Some(now);
    Ok(forget_old(all, now))
}

/// Whether one of these works now and never expires: what a client that nobody else could help must keep.
pub fn one_lasts(all: &[StoredSecret], now: Timestamp) -> bool {
    all.iter().any(|s| s.is_live(now) && s.expires_at.is_none())
}

/// Every live secret, and the ones that died last.
fn forget_old(all: Vec<StoredSecret>, now: Timestamp) -> Vec<StoredSecret> {
    let (mut kept, mut dead): (Vec<_>, Vec<_>) = all.into_iter().partition(|s| s.is_live(now));
    dead.sort_by_key(|s| std::cmp::Reverse(s.retired_at.or(s.expires_at)));
    dead.truncate(MAX_REMEMBERED);
    kept.extend(dead);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1000);

    fn secret(n: u8) -> StoredSecret {
        let secret = Secret::generate([n; 39]);
        let client = ClientId::parse("c").unwrap();
        StoredSecret::new(&secret, &Pepper::new(1, &[1; 32]), &client, NOW)
    }

    #[test]
    fn five_live_secrets_at_most_and_expired_ones_do_not_count() {
        let mut all = Vec::new();
        for n in 0..5 {
            all = issue(all, secret(n), NOW).unwrap();
        }
        assert!(issue(all.clone(), secret(9), NOW).is_none());
        all[0].expires_at = Some(NOW);
        assert!(issue(all, secret(9), NOW).is_some());
    }

    #[test]
    fn the_last_live_secret_stays() {
        let all = vec![secret(1), secret(2)];
        let all = revoke(all, &secret(1).id, NOW).unwrap();
        assert!(!all.iter().any(|s| s.id == secret(1).id && s.is_live(NOW)));
        assert_eq!(
            revoke(all.clone(), &secret(1).id, NOW).unwrap_err(),
            RevokeError::Unknown
        );
        assert_eq!(
            revoke(all.clone(), &secret(2).id, NOW).unwrap_err(),
            RevokeError::LastLive
        );
        assert_eq!(
            revoke(all, &secret(3).id, NOW).unwrap_err(),
            RevokeError::Unknown
        );
    }

    #[test]
    fn only_the_youngest_dead_secrets_are_remembered() {
        let mut all = vec![secret(200)];
        for n in 0..20 {
            let at = NOW.plus(n.into());
            all = issue(all, secret(n), at).unwrap();
            all = revoke(all, &secret(n).id, at).unwrap();
        }
        assert_eq!(all.len(), 1 + MAX_REMEMBERED);
        assert!(all.iter().any(|s| s.id == secret(19).id));
        assert!(!all.iter().any(|s| s.id == secret(3).id));
    }
}
