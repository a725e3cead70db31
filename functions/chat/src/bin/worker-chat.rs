//! The Lambda function `worker-chat`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(chat::worker).await
}
