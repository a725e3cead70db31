//! The Lambda function `socket-sessions`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(sessions::socket).await
}
