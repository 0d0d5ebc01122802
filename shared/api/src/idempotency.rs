//! `Idempotency-Key`: a repeated request gets the first one's answer, secret included, for 24 hours.
//!
//! The answer is made before the write, sealed, and kept in the write's own transaction, so a key
//! costs no round trip more, and a lost answer is never a lost secret.

use data_encoding::HEXLOWER;
use domain::{
    IdempotencyKey, Place, Violations,
    master::{self, Purpose},
};
use ring::digest;
use serde::{Deserialize, Serialize};
use table::{IdempotencyRecord, IdempotencyScope, KeptAnswer, Made};

use crate::{ApiError, Call, Registry, Response};

/// How long an answer is kept, in seconds.
const KEPT: i64 = 24 * 3600;
/// Headers that a kept answer can have.
const HEADERS: [&str; 4] = ["content-type", "location", "etag", "cache-control"];

/// A request that carries an idempotency key.
#[derive(Debug)]
pub struct Ticket {
    scope: IdempotencyScope,
    request_digest: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Ticket {
    /// The ticket of a call, if it has a key.
    pub fn of(call: &Call) -> Result<Option<Self>, ApiError> {
        let header = call.dialect().idempotency_header();
        let Some(text) = call.request.header(&header.to_ascii_lowercase()) else {
            return Ok(None);
        };
        let key =
            IdempotencyKey::parse(text).map_err(|e| Violations::one(Place::Header(header), e))?;
        let caller = call.caller()?;
        let request = &call.request;
        let mut context = digest::Context::new(&digest::SHA256);
        let path = request.path.iter().map(|(_, value)| value.as_str());
        for part in [request.route.key().as_str(), &request.query]
            .into_iter()
            .chain(path)
        {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        context.update(&request.body);
        Ok(Some(Self {
            scope: IdempotencyScope {
                tenant_id: caller.tenant_id.clone(),
                caller: caller.client_id.clone(),
                operation: request.route.operation,
                key_digest: HEXLOWER
                    .encode(digest::digest(&digest::SHA256, key.as_str().as_bytes()).as_ref()),
            },
            request_digest: context.finish().as_ref().to_vec(),
        }))
    }

    /// The record that keeps `response`, to be written with what it tells of.
    pub fn record(
        &self,
        registry: &Registry,
        response: &Response,
        made: Made,
    ) -> Result<IdempotencyRecord, ApiError> {
        let answer = Answer {
            status: response.status,
            headers: response
                .headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            body: response.body.clone(),
        };
        let plain = serde_json::to_vec(&answer).map_err(|e| ApiError::internal(e.to_string()))?;
        let (master, context) = (registry.master()?, self.scope.context());
        let sealed = master.seal(Purpose::KeptAnswer, &context, &plain, registry.entropy());
        let now = registry.now();
        Ok(IdempotencyRecord {
            scope: self.scope.clone(),
            now,
            answer: KeptAnswer {
                request_digest: self.request_digest.clone(),
                sealed_answer: sealed.ok_or_else(|| ApiError::internal("sealing failed"))?,
                made,
                expires_at: now.plus(KEPT),
            },
        })
    }

    /// The first answer, if there was one.
    pub async fn replay_if_kept(&self, registry: &Registry) -> Result<Option<Response>, ApiError> {
        let kept = registry
            .table
            .kept_answer(&self.scope, registry.now())
            .await?;
        match kept {
            Some(kept) => self.replay(registry, &kept).await.map(Some),
            None => Ok(None),
        }
    }

    /// The first answer again; an error when the request differs or what it made is gone.
    pub async fn replay(
        &self,
        registry: &Registry,
        kept: &KeptAnswer,
    ) -> Result<Response, ApiError> {
        if kept.request_digest != self.request_digest {
            return Err(ApiError::KeyReused);
        }
        if !still_there(registry, &self.scope, &kept.made).await? {
            return Err(ApiError::Conflict {
                code: "idempotent-result-gone",
                detail:
                    "This request was carried out before and its result has been deleted since."
                        .into(),
            });
        }
        let unreadable = || ApiError::internal("a kept answer can't be opened");
        let sealed = &kept.sealed_answer;
        let version = master::sealed_by(sealed).ok_or_else(unreadable)?;
        let secret = registry.master_secret()?;
        let master = secret.of_stored(version, registry.now()).await?;
        let plain = master
            .ok_or_else(unreadable)?
            .open(Purpose::KeptAnswer, &self.scope.context(), sealed)
            .map_err(|_| unreadable())?;
        let answer: Answer = serde_json::from_slice(&plain).map_err(|_| unreadable())?;
        let mut response = Response::empty(answer.status);
        response.body = answer.body;
        for (name, value) in answer.headers {
            if let Some(name) = HEADERS.into_iter().find(|known| *known == name) {
                response = response.with(name, value);
            }
        }
        Ok(response.with("idempotent-replayed", "true"))
    }
}

/// The first answer to a request that was carried out before, else `error`: what a repeated one finds
/// changed may be its own first try's work.
pub async fn answer_before(
    ticket: Option<&Ticket>,
    registry: &Registry,
    error: ApiError,
) -> Result<Response, ApiError> {
    let kept = match ticket {
        Some(ticket) => ticket.replay_if_kept(registry).await?,
        None => None,
    };
    kept.ok_or(error)
}

async fn still_there(
    registry: &Registry,
    scope: &IdempotencyScope,
    made: &Made,
) -> Result<bool, ApiError> {
    let table = &registry.table;
    Ok(match (&made.client_id, &made.secret_id) {
        (None, _) => table.app(&scope.tenant_id, &made.app_id).await?.is_some(),
        (Some(client), None) => table.principal(client).await?.is_some(),
        (Some(client), Some(secret)) => {
            let found = table.credentials(client).await?;
            let now = registry.now();
            found.is_some_and(|c| c.secrets.iter().any(|s| s.id == *secret && s.is_live(now)))
        }
    })
}
