//! The Lambda function `worker-broadcast`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(sockets::broadcast).await
}
