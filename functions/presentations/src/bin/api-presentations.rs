//! The Lambda function `api-presentations`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(presentations::api).await
}
