//! The Lambda function `api-docs`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(docs::api).await
}
