//! Single-use assertions and revoked tokens: what is kept of them until they expire by themselves.

use aws_sdk_dynamodb::{
    error::SdkError, operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure,
};
use domain::{ClientId, EndedSecrets, SecretId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Principal, Table, TableError,
    clients::{client_keys, credentials_of},
    expression::ABSENT,
    item::{Record, decode, encode},
    keys,
    record::READABLE_OR_REVOKED,
    sdk::{PutItemInput, Request},
};

/// A client assertion that was used.
#[derive(Debug, Serialize, Deserialize)]
struct UsedAssertion {
    /// Which call used it.
    used_by: String,
    expires_at: Timestamp,
}

impl Record for UsedAssertion {
    const KIND: &'static str = "assertion";
}

/// An access token that was revoked before it expired.
#[derive(Debug, Serialize, Deserialize)]
struct RevokedToken {
    expires_at: Timestamp,
}

impl Record for RevokedToken {
    const KIND: &'static str = "revoked_token";
}

impl Table {
    /// Uses up the `jti` of a client's assertion (RFC 7523 §3); `false` when another call has.
    ///
    /// `jti_digest` is its SHA-256 in hex. One round trip. An item past its time still counts: whether
    /// DynamoDB has dropped it by then must make no difference.
    pub async fn use_assertion(
        &self,
        client: &ClientId,
        jti_digest: &str,
        used_by: &str,
        expires_at: Timestamp,
    ) -> Result<bool, TableError> {
        let record = UsedAssertion {
            used_by: used_by.into(),
            expires_at,
        };
        let put = PutItemInput::builder()
            .table_name(&self.name)
            .set_item(Some(encode(&keys::assertion(client, jti_digest), &record)?))
            .condition_expression(ABSENT)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send_to(&self.sdk)
            .await;
        let Err(e) = put else { return Ok(true) };
        if let SdkError::ServiceError(service) = &e
            && let PutItemError::ConditionalCheckFailedException(failed) = service.err()
        {
            // The SDK tries again when an answer was lost: then the item is this very call's.
            let Some(item) = failed.item() else {
                return Ok(false);
            };
            return Ok(decode::<UsedAssertion>(item.clone())?.used_by == used_by);
        }
        Err(TableError::from_sdk("PutItem", &e))
    }

    /// Revokes a token until it expires by itself; again is the same. One round trip.
    pub async fn revoke_token(
        &self,
        client: &ClientId,
        jti_digest: &str,
        expires_at: Timestamp,
    ) -> Result<(), TableError> {
        let key = keys::revoked_token(client, jti_digest);
        PutItemInput::builder()
            .table_name(&self.name)
            .set_item(Some(encode(&key, &RevokedToken { expires_at })?))
            .send_to(&self.sdk)
            .await
            .map(drop)
            .map_err(|e| TableError::from_sdk("PutItem", &e))
    }

    /// The client of a token with its app, unless the token is revoked or has ended with `secret`, which it
    /// was obtained with: one round trip, strongly consistent; two for a chosen id.
    pub async fn token_principal(
        &self,
        client: &ClientId,
        jti_digest: &str,
        secret: Option<&SecretId>,
    ) -> Result<Option<Principal>, TableError> {
        let Some(app_id) = self.app_of(client).await? else {
            return Ok(None);
        };
        let revoked = keys::revoked_token(client, jti_digest);
        let mut wanted = client_keys(&app_id, client);
        wanted.push(revoked.clone());
        let mut items = self.get_all(&wanted, &READABLE_OR_REVOKED).await?;
        if let Some(item) = items.remove(&revoked.sk) {
            decode::<RevokedToken>(item)?;
            return Ok(None);
        }
        let found = credentials_of(items, client, app_id, &READABLE_OR_REVOKED)?;
        let holds = |ended: &EndedSecrets| secret.is_none_or(|id| !ended.contains(id));
        let found = found.filter(|credentials| holds(&credentials.ended_secrets));
        Ok(found.map(|credentials| credentials.principal))
    }
}
