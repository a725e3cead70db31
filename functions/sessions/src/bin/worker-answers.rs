//! The Lambda function `worker-answers`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(sessions::answers).await
}
