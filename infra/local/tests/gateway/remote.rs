//! Functions behind an Invoke API, such as that of `cargo lambda watch`.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::stack::{TestStack, client};

/// Returns the path of the event. If the path ends in `throw`, responds as to a thrown error.
async fn invoke_api(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    let (head, event) = loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(event) = serde_json::from_str::<Value>(body)
        {
            break (head.to_owned(), event);
        }
        assert!(read > 0, "the event is incomplete: {text}");
    };
    let asked = head.split(' ').nth(1).unwrap().to_owned();
    let throws = event["rawPath"].as_str().is_some_and(|path| path.ends_with("throw"));
    let (status, body) = if throws {
        ("500 Internal Server Error", json!({"errorType": "x", "errorMessage": "secret detail"}))
    } else {
        ("200 OK", json!({"statusCode": 200, "body": asked}))
    };
    let body = body.to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await
}

#[tokio::test]
async fn functions_can_run_behind_an_invoke_api() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(invoke_api(stream));
        }
    });
    let stack = TestStack::with_options(|options| options.lambda = Some(endpoint.parse().unwrap())).await;
    let get = |path: &str| client().get(format!("{}/v1/things/{path}", stack.local.url())).send();
    assert_eq!(get("1").await.unwrap().text().await.unwrap(), "/2015-03-31/functions/web/invocations");
    let thrown = get("throw").await.unwrap();
    assert_eq!(thrown.status(), 500);
    assert!(!thrown.text().await.unwrap().contains("secret"));
    assert!(stack.seen.all().is_empty());
}
