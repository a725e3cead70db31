//! The Lambda function `worker-mail`.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(mail::worker).await
}
