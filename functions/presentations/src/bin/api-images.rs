//! The Lambda function `api-images`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(presentations::images::api).await
}
