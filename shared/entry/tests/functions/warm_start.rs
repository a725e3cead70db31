//! A function opens its connections before the first event.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use entry::{
    App, AwsConnections, Clock, Environment, FunctionDependency, aws_connections::MAX_CONNECTIONS_PER_SERVICE,
};
use protocol::job::Queue;
use testkit::function_environment_at;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
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
    let process = || environment(&table, &queues, &sockets);
    let counts = || [&at_table, &at_queues, &at_sockets].map(|count| count.load(Ordering::SeqCst));

    let app = App::start(&process(), &[]).await.unwrap();
    assert_eq!(counts(), [1, 0, 0], "a function that uses the table only");
    app.store.check_reachable().await.unwrap();
    assert_eq!(counts(), [1, 0, 0], "the first event finds the connection open");

    App::start(&process(), &[FunctionDependency::Queue(Queue::Ticks), FunctionDependency::Sockets])
        .await
        .unwrap();
    assert_eq!(counts(), [2, 1, 1]);
}

#[tokio::test]
async fn the_functions_of_a_process_share_their_connections() {
    let (table, at_table) = counting_service().await;
    let connections = AwsConnections::default();
    for _ in 0..5 {
        let function = environment(&table, &table, &table).with_connections(connections.clone());
        App::start(&function, FunctionDependency::REALTIME).await.unwrap();
    }
    // a function warms the table, the queues and the sockets concurrently; here all three are one host
    let opened = at_table.load(Ordering::SeqCst);
    assert!((1..=3).contains(&opened), "{opened}");
}

/// A function that signs reads the published keys, and publishes its own in an empty table.
const REQUESTS_OF_THE_START: usize = 2;

/// Starts a service that responds only when `release` permits it, and counts the open connections.
async fn held_service(release: Arc<Semaphore>) -> (String, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (opened, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (connections, received) = (Arc::clone(&opened), Arc::clone(&requests));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            let (release, received) = (Arc::clone(&release), Arc::clone(&received));
            tokio::spawn(async move {
                let mut request = [0; 8192];
                while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                    received.fetch_add(1, Ordering::SeqCst);
                    release.acquire().await.unwrap().forget();
                    let response =
                        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
                    stream.write_all(response).await.unwrap();
                }
            });
        }
    });
    (url, opened, requests)
}

#[tokio::test]
async fn the_connections_to_a_service_are_bounded() {
    let release = Arc::new(Semaphore::new(0));
    let (url, opened, requests) = held_service(Arc::clone(&release)).await;
    release.add_permits(REQUESTS_OF_THE_START);
    let app = App::start(&environment(&url, &url, &url), &[]).await.unwrap();
    let reads = MAX_CONNECTIONS_PER_SERVICE + 36;
    let reading: Vec<_> = (0..reads)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { app.store.check_reachable().await })
        })
        .collect();
    while requests.load(Ordering::SeqCst) < REQUESTS_OF_THE_START + MAX_CONNECTIONS_PER_SERVICE {
        tokio::task::yield_now().await;
    }
    assert_eq!(opened.load(Ordering::SeqCst), MAX_CONNECTIONS_PER_SERVICE, "the other requests wait");
    release.add_permits(reads);
    for read in reading {
        read.await.unwrap().unwrap();
    }
    assert_eq!(opened.load(Ordering::SeqCst), MAX_CONNECTIONS_PER_SERVICE);
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
