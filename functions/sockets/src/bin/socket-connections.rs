//! The Lambda function `socket-connections`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(sockets::connections).await
}
