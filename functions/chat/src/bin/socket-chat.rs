//! The Lambda function `socket-chat`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(chat::socket).await
}
