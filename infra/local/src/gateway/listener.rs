//! The listener that accepts clients. It routes each request to the page, to the sockets or to the HTTP API.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use emulator::AcceptFailures;
use http::{Request, StatusCode, uri::Authority};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::watch};

use super::context::GatewayContext;
use crate::{
    http::{
        handle_request,
        response::{GatewayResponse, message_response},
        routes::RouteTable,
    },
    page,
    sockets::{handshake::handshake, socket_gateway::SocketGateway},
};

/// API Gateway, with the HTTP API and the WebSocket API.
pub(crate) struct ApiGateway {
    pub(crate) context: Arc<GatewayContext>,
    pub(crate) routes: RouteTable,
    pub(crate) sockets: Option<Arc<SocketGateway>>,
}

/// Accepts connections until `stop` is true. Each open connection may then finish its request.
pub(crate) async fn serve(listener: TcpListener, gateway: Arc<ApiGateway>, mut stop: watch::Receiver<bool>) {
    let mut failures = AcceptFailures::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                failures.pause_after(error).await;
                continue;
            }
        };
        failures.end();
        // Nagle's algorithm would delay a frame by 40 ms while the last one is not acknowledged
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve_connection(TokioIo::new(stream), peer, Arc::clone(&gateway), stop.clone()));
    }
}

async fn serve_connection(
    io: TokioIo<tokio::net::TcpStream>,
    peer: SocketAddr,
    gateway: Arc<ApiGateway>,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(route_request(gateway, request, peer.ip()).await) }
    });
    let serving =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service).with_upgrades();
    tokio::pin!(serving);
    let stopping = async { drop(stop.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        ended = serving.as_mut() => Some(ended),
        () = stopping => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        serving.as_mut().graceful_shutdown();
        serving.await
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

async fn route_request(
    gateway: Arc<ApiGateway>,
    request: Request<Incoming>,
    peer: IpAddr,
) -> GatewayResponse {
    let host = request.headers().get(http::header::HOST).map(|host| Authority::try_from(host.as_bytes()));
    let Some(Ok(host)) = host else { return message_response(StatusCode::BAD_REQUEST, "Bad Request") };
    if request.uri().path().starts_with("/_local") {
        let open_sockets = gateway.sockets.as_ref().map(|sockets| sockets.open_sockets());
        return page::handle_request(&gateway.context, open_sockets.unwrap_or_default(), request, &host)
            .await;
    }
    if let Some(sockets) = &gateway.sockets
        && let Some(path) = sockets.requested_path(&request)
    {
        return handshake(Arc::clone(sockets), request, peer, path).await;
    }
    handle_request(&gateway.context, &gateway.routes, request, peer).await
}
