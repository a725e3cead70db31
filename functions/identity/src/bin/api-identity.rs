//! `api-identity`: the routes of [`identity`].

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(identity::api).await
}
