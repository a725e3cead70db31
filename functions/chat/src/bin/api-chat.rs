//! The Lambda function `api-chat`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(chat::api).await
}
