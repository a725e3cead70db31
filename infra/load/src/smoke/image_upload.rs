//! Checks the upload of an image: the only binary bodies, and the function that decodes them.

use anyhow::{Context, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    checklist::{CheckOutcome, Checklist},
    smoke_client::{SmokeClient, text_field},
};

/// A PNG of one pixel.
const PIXEL_PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

pub(super) async fn check_image(list: &mut Checklist<'_>, owner: &SmokeClient, anyone: &SmokeClient) {
    list.check("image", "the log of the function api-images", upload_and_download(owner, anyone)).await;
}

async fn upload_and_download(owner: &SmokeClient, anyone: &SmokeClient) -> anyhow::Result<CheckOutcome> {
    let pixel = BASE64_STANDARD.decode(PIXEL_PNG).context("cannot decode the PNG")?;
    let image = owner.upload("/v1/upload/image", pixel).await?.ok(201)?;
    let url = text_field(&image, "url")?;
    let shown = anyone.get(url).await?;
    ensure!(shown.status == 200, "the uploaded image is served with status {}", shown.status);
    ensure!(
        shown.header("content-type") == Some("image/png"),
        "the image is served as {:?}",
        shown.header("content-type")
    );
    ensure!(
        image["size"] == shown.bytes.len() && shown.bytes.starts_with(b"\x89PNG"),
        "the image of {} bytes is served with {} bytes",
        image["size"],
        shown.bytes.len()
    );
    owner.delete(url, None).await?.ok(204)?;
    anyone.get(url).await?.refused(404, "RESOURCE_NOT_FOUND")?;
    Ok(CheckOutcome::with_summary("uploaded, shown, deleted"))
}
