//! The Lambda function `api-admin`, which serves [`identity`]'s operations for moderators and admins.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(identity::admin_api).await
}
