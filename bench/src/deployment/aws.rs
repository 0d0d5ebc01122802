//! DynamoDB and Secrets Manager on a socket: the embedded engine and one secret, behind TLS or not.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use engine::Engine;
use http_body_util::{BodyExt, Collected, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

use crate::Outcome;

/// The only secret there is.
pub(crate) const SECRET_ARN: &str =
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:roster-master-AbCdEf";

/// A running AWS, reachable with TLS and without.
pub(crate) struct Aws {
    /// Port that speaks TLS.
    pub(crate) tls: u16,
    /// Port that does not.
    pub(crate) plain: u16,
    /// The root that its certificate chains to, as PEM.
    pub(crate) root: String,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    secret: &'static str,
    connections: AtomicUsize,
    calls: Mutex<Vec<String>>,
}

impl Aws {
    /// Serves on free ports until the program ends.
    pub(crate) async fn serve(engine: Engine, secret: &'static str) -> Outcome<Self> {
        let shared = Arc::new(Shared {
            engine,
            secret,
            connections: AtomicUsize::new(0),
            calls: Mutex::default(),
        });
        let (root, config) = certificates()?;
        let tls = listen(Arc::clone(&shared), Some(TlsAcceptor::from(config))).await?;
        let plain = listen(Arc::clone(&shared), None).await?;
        Ok(Self {
            tls,
            plain,
            root,
            shared,
        })
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// The operations called since this was asked before, in order.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        let mut calls = self.shared.calls.lock();
        std::mem::take(calls.as_mut().unwrap_or_else(|e| e.get_mut()))
    }
}

/// A root, and the configuration of a server with a certificate of it, as AWS has: ECDSA.
fn certificates() -> Outcome<(String, Arc<ServerConfig>)> {
    let mut root = CertificateParams::new(Vec::new())?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_key = KeyPair::generate()?;
    let root_pem = root.self_signed(&root_key)?.pem();
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])?;
    let leaf = leaf.signed_by(&key, &Issuer::new(root, root_key))?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)?;
    Ok((root_pem, Arc::new(config)))
}

async fn listen(shared: Arc<Shared>, tls: Option<TlsAcceptor>) -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            shared.connections.fetch_add(1, Ordering::Relaxed);
            let _ = stream.set_nodelay(true);
            let (shared, tls) = (Arc::clone(&shared), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => talk(shared, stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            talk(shared, stream).await;
                        }
                    }
                }
            });
        }
    });
    Ok(port)
}

async fn talk(shared: Arc<Shared>, stream: impl AsyncRead + AsyncWrite + Send + Unpin) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(&shared, request).await) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A function that ends breaks its connection off.
    let _ = connection.await;
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let target = request.headers().get("x-amz-target");
    let target = target
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let (service, operation) = target.split_once('.').unwrap_or_default();
    let (dynamodb, operation) = (service == "DynamoDB_20120810", operation.to_owned());
    let body = request.into_body().collect().await;
    let body = body.map(Collected::to_bytes).unwrap_or_default();
    note(shared, &operation, &body);
    let (status, body) = if dynamodb {
        let answer = shared.engine.answer(&operation, body.to_vec()).await;
        answer.unwrap_or_else(|e| (500, e.to_string().into_bytes()))
    } else {
        secrets_manager(&operation, &body, shared.secret)
    };
    let version = if dynamodb { "1.0" } else { "1.1" };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status.try_into().unwrap_or_default();
    if let Ok(media_type) = format!("application/x-amz-json-{version}").try_into() {
        response.headers_mut().insert("content-type", media_type);
    }
    response
}

/// Keeps what was called; a read of the signing keys by that name.
fn note(shared: &Shared, operation: &str, body: &[u8]) {
    let keys = b"\"SIGNING_KEYS\"";
    let of_keys = operation == "Query" && body.windows(keys.len()).any(|part| part == keys);
    let call = format!("{operation}{}", if of_keys { " SIGNING_KEYS" } else { "" });
    let mut calls = shared.calls.lock().unwrap_or_else(PoisonError::into_inner);
    calls.push(call);
}

fn secrets_manager(operation: &str, asked: &[u8], secret: &str) -> (u16, Vec<u8>) {
    let asked: Value = serde_json::from_slice(asked).unwrap_or_default();
    let asked = asked.get("SecretId").and_then(Value::as_str);
    if operation != "GetSecretValue" || asked != Some(SECRET_ARN) {
        let refusal = json!({"__type": "ResourceNotFoundException"});
        return (400, refusal.to_string().into_bytes());
    }
    let body = json!({
        "ARN": SECRET_ARN,
        "Name": "roster-master",
        "SecretString": secret,
        "VersionId": "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1_767_323_045.0,
    });
    (200, body.to_string().into_bytes())
}
