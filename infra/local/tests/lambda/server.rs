//! A small HTTP server on a free port of this machine.

use std::{convert::Infallible, future::Future};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

pub(crate) type StubResponse = Response<Full<Bytes>>;

/// Serves until the test ends. Returns `host:port`.
pub(crate) async fn serve<H, F>(handle: H) -> String
where
    H: Fn(http::request::Parts, Value) -> F + Clone + Send + 'static,
    F: Future<Output = StubResponse> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let handle = handle.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let handle = handle.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body =
                        body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                    let body = serde_json::from_slice(&body).unwrap_or_default();
                    Ok::<_, Infallible>(handle(parts, body).await)
                }
            });
            // a killed process closes its connection, which is no error
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    authority
}

pub(crate) fn json_response(status: StatusCode, body: &Value) -> StubResponse {
    let mut answer = Response::new(Full::new(Bytes::from(body.to_string())));
    *answer.status_mut() = status;
    answer
}
