//! From arguments to a running server: table, tenant, credentials, what to paste.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use api::{
    ApiError, Registry, oauth,
    registry::REFUSAL_STEP,
    system::{SystemClock, SystemEntropy},
};
use create_tenant::CreateTenant;
use domain::{Master, Secret, TenantId, master::MalformedMaster};
use engine::{Engine, EngineError};
use serde_json::json;
use table::{
    Table, TableError, budgets,
    connect::{self, ConnectError},
};
use thiserror::Error;
use tokio::{net::TcpListener, signal::unix::SignalKind};

use crate::{
    args::Args,
    data::{self, Data, DataError, Kept},
    limits::Limits,
    operations,
    server::{self, Service},
};

const TABLE: &str = "roster";

/// Why the server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address can't be listened on.
    #[error("can't listen on {0}: {1}; choose another port with --port, 0 takes any free one")]
    Listen(SocketAddr, io::Error),
    /// A file can't be read or written.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The master secret on disk is not one.
    #[error("the master secret {0}")]
    Master(MalformedMaster),
    /// The engine does not open its file.
    #[error("the table can't be opened: {0}")]
    Engine(#[from] EngineError),
    /// The table's client can't be set up.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The table does not answer, or holds what this build can't read.
    #[error("{}", of_table(.0))]
    Table(#[from] TableError),
    /// The signing keys are another master secret's, or an older build's.
    #[error("the signing keys can't be used: {}; if an older build made the data directory, remove it to begin anew", .0.detail())]
    Keys(ApiError),
    /// The tenant can't be made.
    #[error("the tenant can't be made: {0:?}")]
    Tenant(ApiError),
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn of_table(e: &TableError) -> String {
    match e {
        TableError::Corrupt { .. } => {
            format!("{e}; if an older build made the data directory, remove it to begin anew")
        }
        _ => e.to_string(),
    }
}

/// Runs the server until it is told to stop.
pub async fn run(args: Args) -> Result<(), StartError> {
    // Signals are caught before anybody is told that the server is up.
    let stop = stop_signal()?;
    let mut data = (!args.memory).then(|| Data::open(&args.data)).transpose()?;
    let address = SocketAddr::new(args.host, args.port);
    let listener = TcpListener::bind(address)
        .await
        .map_err(|e| StartError::Listen(address, e))?;
    let base_url = base_url(listener.local_addr()?);
    if !address.ip().is_loopback() {
        tracing::warn!("{}", plain_http(address));
    }
    if let Some(data) = &mut data {
        data.sign(&base_url)?;
    }
    let registry = registry(data.as_ref(), &base_url).await?;
    // Before anybody asks for a token: the master secret may be another than at the last start.
    let rotated = registry.keys.rotate(registry.now(), registry.entropy());
    rotated.await.map_err(StartError::Keys)?;
    let credentials = credentials(&registry, data.as_ref()).await?;

    // The socket listens already: whoever connects from here on is answered.
    if let Some(path) = &args.credentials_file {
        write_credentials(path, &base_url, &credentials)?;
    }
    print(&args, &base_url, &credentials);
    let housekeeping = tokio::spawn(keep_house(registry.clone()));
    let service = Service::new(registry, operations::all(), Limits::default());
    server::serve(listener, service, stop).await;
    housekeeping.abort();
    Ok(())
}

/// What listening beyond this machine means.
fn plain_http(address: SocketAddr) -> String {
    format!(
        "PLAIN HTTP beyond this machine: {address} can be reached from the network, and whoever is on the way reads every secret and token and can change every answer. Use it in a network that you trust, or listen on 127.0.0.1 (leave --host out) behind a proxy that speaks HTTPS."
    )
}

/// Done at SIGTERM or Ctrl-C.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Where clients reach the server; an address that stands for all of them is shown as loopback.
fn base_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://127.0.0.1:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

async fn registry(data: Option<&Data>, base_url: &str) -> Result<Registry, StartError> {
    let entropy = Arc::new(SystemEntropy);
    let (engine, master) = match data {
        Some(data) => {
            let master = data.master(entropy.as_ref())?;
            (Engine::open(&data.table()?)?, master)
        }
        None => (Engine::memory()?, data::new_master(entropy.as_ref())?),
    };
    let master = Master::parse(&master).map_err(StartError::Master)?;
    let table = Table::new(connect::embedded(engine.http_client())?, TABLE);
    table.create_if_absent().await?;
    Ok(Registry::new(
        table,
        Some(Arc::new(master)),
        Some(base_url.to_owned()),
        Arc::new(SystemClock),
        entropy,
    )
    .in_server()
    .refusing_in_steps_of(REFUSAL_STEP))
}

/// The management credentials: those of an earlier start while they work, else new ones.
async fn credentials(registry: &Registry, data: Option<&Data>) -> Result<Kept, StartError> {
    if let Some(kept) = data.and_then(Data::credentials)
        && works(registry, &kept).await?
    {
        return Ok(kept);
    }
    let made = create_tenant::handle(registry.clone(), CreateTenant::default())
        .await
        .map_err(StartError::Tenant)?;
    let kept = Kept {
        tenant_id: made.tenant_id,
        client_id: made.client_id,
        client_secret: made.client_secret,
    };
    if let Some(data) = data {
        data.keep(&kept)?;
    }
    Ok(kept)
}

/// Does what a schedule does on AWS; at once the first time, as the server may have been down when a key
/// was due.
async fn keep_house(registry: Registry) {
    let mut every = tokio::time::interval(budgets::LINGER);
    loop {
        every.tick().await;
        let swept = sweep::handle(registry.clone(), sweep::Scheduled::default()).await;
        let rotated = rotate_keys::handle(registry.clone(), rotate_keys::Scheduled {}).await;
        for error in [swept.err(), rotated.err()].into_iter().flatten() {
            tracing::warn!(
                error = error.detail(),
                "scheduled work is left to the next run"
            );
        }
    }
}

async fn works(registry: &Registry, kept: &Kept) -> Result<bool, StartError> {
    let Ok(secret) = Secret::parse(&kept.client_secret) else {
        return Ok(false);
    };
    let Some(found) = registry.table.credentials(&kept.client_id).await? else {
        return Ok(false);
    };
    let stored = found.secrets.iter().find(|s| s.id == secret.id());
    let stored = stored.filter(|stored| stored.is_live(registry.now()));
    let digest = stored.map(|stored| &stored.digest);
    let fits = oauth::fits(registry, &kept.client_id, &secret, digest).await;
    Ok(kept.tenant_id == TenantId::first() && fits.map_err(StartError::Tenant)?)
}

fn write_credentials(path: &Path, base_url: &str, kept: &Kept) -> Result<(), StartError> {
    let text = json!({
        "base_url": base_url,
        "tenant_id": kept.tenant_id,
        "client_id": kept.client_id,
        "client_secret": kept.client_secret,
    });
    Ok(data::write_private(path, text.to_string().as_bytes())?)
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn print(args: &Args, base_url: &str, kept: &Kept) {
    let place = if args.memory {
        "in memory".to_owned()
    } else {
        format!("in {}", args.data.display())
    };
    let (id, secret) = (&kept.client_id, &kept.client_secret);
    println!(
        "Roster is ready at {base_url}, its data {place}. Ctrl-C stops it.

Management client:
  tenant_id      {}
  client_id      {id}
  client_secret  {secret}

Register an app:

curl -i {base_url}/v1/applications \\
  -H \"Authorization: Bearer $(curl -s -u {id}:{secret} -d grant_type=client_credentials {base_url}/oauth2/token | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\" \\
  -H 'Content-Type: application/json' \\
  -d '{{\"app_name\": \"My App\", \"client_display_name\": \"My App\", \"redirect_uris\": [\"https://app.example.com/callback\"]}}'
",
        kept.tenant_id,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_an_older_build_are_told_apart_from_a_table_that_does_not_answer() {
        let corrupt = TableError::Corrupt {
            key: "APP#1/APP".into(),
            why: "missing field `app`".into(),
        };
        assert_eq!(
            StartError::from(corrupt).to_string(),
            "the item APP#1/APP can't be read: missing field `app`; if an older build made the data \
             directory, remove it to begin anew"
        );
        let internal = TableError::Internal("no room".into());
        assert_eq!(StartError::from(internal).to_string(), "no room");
    }
}
