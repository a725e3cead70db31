//! `api-admin`: the routes of [`identity`] for staff.

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    entry::run(identity::admin_api).await
}
