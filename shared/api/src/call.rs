//! A request with its checked caller: what a handler gets.

use domain::TenantId;

use crate::{ApiError, Caller, Request, dialect::Dialect};

/// One call of one operation.
#[derive(Debug, Clone)]
pub struct Call {
    /// What was asked.
    pub request: Request,
    /// Who asks; `None` on public routes only.
    pub caller: Option<Caller>,
    /// Where callers reach this deployment, without a trailing slash: the start of absolute URLs.
    pub base: String,
}

impl Call {
    /// Who asks. An error on a public route, which is a mistake in the route table.
    pub fn caller(&self) -> Result<&Caller, ApiError> {
        self.caller
            .as_ref()
            .ok_or_else(|| ApiError::internal("a public route asked for its caller"))
    }

    /// Whose data it is about: the token's tenant, never one from the request.
    pub fn tenant(&self) -> Result<&TenantId, ApiError> {
        Ok(&self.caller()?.tenant_id)
    }

    /// The words that the answer is put in.
    pub const fn dialect(&self) -> Dialect {
        self.request.route.dialect
    }
}
