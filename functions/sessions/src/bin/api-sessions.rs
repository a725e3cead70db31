//! The Lambda function `api-sessions`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(sessions::api).await
}
