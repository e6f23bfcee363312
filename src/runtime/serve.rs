//! The two small servers: metrics, and health. Neither asks the API server for anything.

use std::{future::Future, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use tokio::{net::TcpListener, sync::watch};

use super::metrics::Exposition;

/// An address could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{flag} {address}: cannot listen there: {source}")]
pub struct CannotListen {
    flag: &'static str,
    address: SocketAddr,
    source: std::io::Error,
}

/// Takes an address; fails before anything else is begun.
pub(super) async fn listen(
    flag: &'static str,
    address: SocketAddr,
) -> Result<TcpListener, CannotListen> {
    TcpListener::bind(address)
        .await
        .map_err(|source| CannotListen {
            flag,
            address,
            source,
        })
}

pub(super) async fn metrics(
    listener: TcpListener,
    exposition: Exposition,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let exposition = Arc::new(exposition);
    let page = move || {
        let page = exposition.page();
        async move {
            match page {
                Ok(page) => {
                    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                    ([(header::CONTENT_TYPE, kind)], page).into_response()
                }
                Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        }
    };
    serve(listener, Router::new().route("/metrics", get(page)), stop).await;
}

/// `/livez`: the process turns. `/readyz`: its caches are filled.
pub(super) async fn health(
    listener: TcpListener,
    ready: watch::Receiver<bool>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let readyz = move || {
        let ready = *ready.borrow();
        async move {
            if ready {
                (StatusCode::OK, "ok")
            } else {
                (StatusCode::SERVICE_UNAVAILABLE, "caches are not filled yet")
            }
        }
    };
    let router = Router::new()
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(readyz));
    serve(listener, router, stop).await;
}

async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    if let Err(error) = axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await
    {
        tracing::error!(%error, "a server ended");
    }
}
