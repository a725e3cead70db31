//! The Lambda function `api-identity`, which serves the other operations of [`identity`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(identity::api).await
}
