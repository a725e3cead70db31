//! The Lambda function `cron-clock`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(clock::cron).await
}
