//! The result of normalizing an upload.

use model::image::ImageFormat;

/// An image as it is stored: upright, in sRGB, without metadata, within `MAX_SIDE_PIXELS` and `MAX_IMAGE_BYTES` of
/// [`model::image`].
#[derive(Debug)]
pub(super) struct NormalizedImage {
    pub(super) format: ImageFormat,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: Vec<u8>,
}
