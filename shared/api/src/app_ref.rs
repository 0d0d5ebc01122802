//! `{app}` in a path: an app id or a code name. A code name holds no `-`, so neither passes for the other.

use domain::{App, AppId, CodeName};

use crate::{ApiError, Caller, Registry};

/// What a path names an app by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppRef {
    /// Its id.
    Id(AppId),
    /// Its code name.
    CodeName(CodeName),
}

impl AppRef {
    /// From a path parameter; `None` when it can name no app.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = AppId::parse(text) {
            return Some(Self::Id(id));
        }
        CodeName::parse(text).ok().map(Self::CodeName)
    }
}

/// The app that a path names, if the caller may see it. Round trips: one by id, two by code name.
pub async fn find_app(registry: &Registry, caller: &Caller, named: &str) -> Result<App, ApiError> {
    let absent = || ApiError::NotFound("application");
    let tenant = &caller.tenant_id;
    let id = match AppRef::parse(named).ok_or_else(absent)? {
        AppRef::Id(id) => id,
        AppRef::CodeName(name) => {
            let id = registry.table.app_id_of(tenant, &name).await?;
            id.ok_or_else(absent)?
        }
    };
    let app = registry.table.app(tenant, &id).await?;
    app.filter(|app| caller.reaches(app)).ok_or_else(absent)
}
