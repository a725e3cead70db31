//! A function opens its connections before the first event.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use entry::{App, Clock, Environment, FunctionDependency};
use protocol::job::Queue;
use testkit::function_environment_at;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Starts a service that only counts connections.
async fn counting_service() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(respond(stream));
        }
    });
    (url, connections)
}

async fn respond(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = [0; 8192];
    while stream.read(&mut request).await? > 0 {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
            .await?;
    }
    Ok(())
}

fn environment(table: &str, queues: &str, sockets: &str) -> Environment {
    // the endpoint for all services, which the endpoint of a service overrides
    let mut variables = function_environment_at(queues).unwrap();
    variables.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), table.into());
    variables.insert("SOCKET_ENDPOINT".into(), sockets.into());
    variables.insert("SOCKET_URL".into(), "ws://127.0.0.1:9".into());
    Environment::new(variables, Clock::system())
}

#[tokio::test]
async fn a_function_opens_its_connections_when_it_starts() {
    let (table, at_table) = counting_service().await;
    let (queues, at_queues) = counting_service().await;
    let (sockets, at_sockets) = counting_service().await;
    let environment = environment(&table, &queues, &sockets);
    let counts = || [&at_table, &at_queues, &at_sockets].map(|count| count.load(Ordering::SeqCst));

    let app = App::start(&environment, &[]).await.unwrap();
    assert_eq!(counts(), [1, 0, 0], "a function that uses the table only");
    app.store.check_reachable().await.unwrap();
    assert_eq!(counts(), [1, 0, 0], "the first event finds the connection open");

    App::start(&environment, &[FunctionDependency::Queue(Queue::Ticks), FunctionDependency::Sockets])
        .await
        .unwrap();
    assert_eq!(counts(), [2, 1, 1]);
}

#[tokio::test]
async fn a_function_starts_without_reachable_services() {
    let unreachable = "http://127.0.0.1:9";
    let environment = environment(unreachable, unreachable, unreachable);
    let app =
        App::start(&environment, &[FunctionDependency::Queue(Queue::Ticks), FunctionDependency::Sockets])
            .await
            .unwrap();
    assert_eq!(app.settings.socket_url, "ws://127.0.0.1:9");
}
