//! The Lambda function `api-sockets`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(sockets::api).await
}
