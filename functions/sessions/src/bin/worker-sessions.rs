//! The Lambda function `worker-sessions`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(sessions::worker).await
}
