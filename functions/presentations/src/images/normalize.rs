//! Uploaded images are decoded, within limits, and encoded again. Nothing else of a file survives: no page, script or
//! archive that it contains, and no metadata such as the place or the camera.

use std::io::Cursor;

use entry::http::ApiError;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat as DecoderFormat, ImageReader, ImageResult, Limits,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
        webp::WebPEncoder,
    },
    imageops,
    metadata::Orientation,
};
use model::{
    Error,
    image::{ImageFormat, MAX_IMAGE_BYTES, MAX_SIDE_PIXELS},
};
use moxcms::{ColorProfile, Layout, TransformOptions};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{
    animation,
    normalized_image::NormalizedImage,
    uploaded_file::{FILE_FIELD, unsupported_error},
};

/// Limits of an uploaded image, in pixels. They permit any screenshot and most photos of phones. A larger image is
/// refused by its header, before memory is allocated for it. Measured with the most expensive kind of JPEG
/// (progressive, without subsampling): 100 megapixels take 950 MB and 4 s of a whole core. Images within the limits fit
/// into the function's 1,024 MB and 29 s (`template.yaml`).
const MAX_SIDE: u32 = 16_384;
const MAX_MEGAPIXELS: u64 = 64;
/// Bytes of a decoded image, which are its pixels with four channels.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;
/// Contract presentations A1.5.
const JPEG_QUALITY: u8 = 85;

/// Images that this process decodes concurrently. A Lambda instance serves one request at a time. The local cloud
/// serves all of them.
static NORMALIZE_PERMITS: Semaphore = Semaphore::const_new(2);

/// Decodes an uploaded file and encodes it again.
///
/// # Errors
/// 415 if the first bytes are of none of the four formats. `Invalid` if the file cannot be decoded or is too large.
pub(super) async fn normalize_image(file: bytes::Bytes) -> Result<NormalizedImage, ApiError> {
    let running = NORMALIZE_PERMITS.acquire().await.map_err(Error::internal)?;
    let normalized = spawn_blocking(move || normalize_blocking(&file)).await.map_err(Error::internal)?;
    drop(running);
    normalized
}

fn normalize_blocking(file: &[u8]) -> Result<NormalizedImage, ApiError> {
    let format =
        detect_format(file).ok_or_else(|| unsupported_error("send a JPEG, PNG, GIF or WebP image"))?;
    if format == ImageFormat::Gif
        && let Some(picture) = animation::normalize_animation(file)?
    {
        return Ok(picture);
    }
    let picture = decode(file, format).map_err(|error| decode_error(&error))?;
    Ok(encode(picture, format).map_err(Error::internal)?)
}

/// Returns the format by the content. File names and declared types are not reliable.
fn detect_format(file: &[u8]) -> Option<ImageFormat> {
    match image::guess_format(file).ok()? {
        DecoderFormat::Gif => Some(ImageFormat::Gif),
        DecoderFormat::Jpeg => Some(ImageFormat::Jpeg),
        DecoderFormat::Png => Some(ImageFormat::Png),
        DecoderFormat::WebP => Some(ImageFormat::Webp),
        _ => None,
    }
}

fn decode_error(error: &ImageError) -> Error {
    match error {
        ImageError::Limits(_) => {
            let why = format!(
                "has too many pixels: send at most {MAX_SIDE} on a side and {MAX_MEGAPIXELS} million in all"
            );
            Error::field(FILE_FIELD, why)
        }
        _ => Error::field(FILE_FIELD, "is damaged and cannot be decoded: use another file"),
    }
}

/// Decodes an image upright, in sRGB, with eight bits a channel, scaled to the stored size. For an animated PNG or
/// WebP, it returns the first frame.
fn decode(file: &[u8], format: ImageFormat) -> ImageResult<DynamicImage> {
    let format = match format {
        ImageFormat::Gif => DecoderFormat::Gif,
        ImageFormat::Jpeg => DecoderFormat::Jpeg,
        ImageFormat::Png => DecoderFormat::Png,
        ImageFormat::Webp => DecoderFormat::WebP,
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    limits.check_dimensions(width, height)?;
    if u64::from(width) * u64::from(height) > MAX_MEGAPIXELS * 1_000_000 {
        let kind = image::error::LimitErrorKind::DimensionError;
        return Err(ImageError::Limits(image::error::LimitError::from_kind(kind)));
    }
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    // Metadata that cannot be read is ignored.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let whole = DynamicImage::from_decoder(decoder)?;
    let mut picture = to_eight_bits(fit_into(whole, MAX_SIDE_PIXELS));
    if let Some(profile) = profile {
        to_srgb(&mut picture, &profile);
    }
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn fit_into(picture: DynamicImage, side: u32) -> DynamicImage {
    let longest = picture.width().max(picture.height());
    if longest <= side {
        return picture;
    }
    let scaled = |length: u32| ((length * side + longest / 2) / longest).max(1);
    let width = scaled(picture.width());
    let height = scaled(picture.height());
    // The filter reads every pixel many times, so a much larger image is first averaged to twice the size.
    let near = if longest > side * 4 { picture.thumbnail_exact(width * 2, height * 2) } else { picture };
    near.resize_exact(width, height, imageops::FilterType::Lanczos3)
}

/// Converts to eight bits a channel, as screens show images. An opaque alpha channel is dropped.
fn to_eight_bits(picture: DynamicImage) -> DynamicImage {
    let color = picture.color();
    if color.has_alpha() {
        let picture = picture.into_rgba8();
        let opaque = picture.pixels().all(|pixel| pixel.0[3] == u8::MAX);
        let picture = DynamicImage::ImageRgba8(picture);
        return if opaque { picture.into_rgb8().into() } else { picture };
    }
    if color.has_color() { picture.into_rgb8().into() } else { picture.into_luma8().into() }
}

/// Converts to sRGB. Phones take photos in wider colours than sRGB, which would look pale without their profile. An
/// invalid profile is ignored, as browsers do.
fn to_srgb(picture: &mut DynamicImage, profile: &[u8]) {
    let (pixels, layout) = match picture {
        DynamicImage::ImageRgb8(pixels) => (&mut **pixels, Layout::Rgb),
        DynamicImage::ImageRgba8(pixels) => (&mut **pixels, Layout::Rgba),
        _ => return,
    };
    let srgb = ColorProfile::new_srgb();
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default())
    else {
        return;
    };
    let before = pixels.to_vec();
    if transform.transform(&before, pixels).is_err() {
        pixels.copy_from_slice(&before);
    }
}

/// Encodes an image, in its own format if the result is small enough. A photo as PNG may be too large. Then the image
/// becomes smaller until it fits.
fn encode(mut picture: DynamicImage, format: ImageFormat) -> ImageResult<NormalizedImage> {
    loop {
        let (format, bytes) = encode_smallest(&picture, format)?;
        let width = picture.width();
        let height = picture.height();
        if bytes.len() <= MAX_IMAGE_BYTES {
            return Ok(NormalizedImage { format, width, height, bytes });
        }
        picture = fit_into(picture, width.max(height) * 3 / 4);
    }
}

fn encode_smallest(picture: &DynamicImage, format: ImageFormat) -> ImageResult<(ImageFormat, Vec<u8>)> {
    let opaque = !picture.color().has_alpha();
    match format {
        ImageFormat::Jpeg if opaque => Ok((ImageFormat::Jpeg, encode_jpeg(picture)?)),
        ImageFormat::Webp => {
            // As a lossless WebP, the only kind that the encoder writes, a photo has ten times its size.
            let webp = encode_webp(picture)?;
            let jpeg = if opaque { Some(encode_jpeg(picture)?) } else { None };
            match jpeg.filter(|jpeg| jpeg.len() < webp.len()) {
                Some(jpeg) => Ok((ImageFormat::Jpeg, jpeg)),
                None => Ok((ImageFormat::Webp, webp)),
            }
        }
        ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Gif => {
            let png = encode_png(picture)?;
            if png.len() > MAX_IMAGE_BYTES && opaque {
                return Ok((ImageFormat::Jpeg, encode_jpeg(picture)?));
            }
            Ok((ImageFormat::Png, png))
        }
    }
}

fn encode_jpeg(picture: &DynamicImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?;
    Ok(bytes)
}

fn encode_png(picture: &DynamicImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    picture.write_with_encoder(encoder)?;
    Ok(bytes)
}

fn encode_webp(picture: &DynamicImage) -> ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    // The encoder takes colour images only.
    let colored = DynamicImage::ImageRgba8(picture.to_rgba8());
    let picture = if picture.color().has_alpha() { &colored } else { &colored.to_rgb8().into() };
    picture.write_with_encoder(WebPEncoder::new_lossless(&mut bytes))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use image::{ImageEncoder, Rgb, RgbImage};

    use super::*;

    /// A photo of a phone, in the colours of Display P3.
    fn photo() -> Vec<u8> {
        let pixels = RgbImage::from_pixel(32, 32, Rgb([200, 100, 50]));
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
        encoder.set_icc_profile(ColorProfile::new_display_p3().encode().unwrap()).unwrap();
        pixels.write_with_encoder(encoder).unwrap();
        bytes
    }

    #[test]
    fn colours_are_kept_without_their_profile() {
        let photo = photo();
        let normalized = normalize_blocking(&photo).unwrap();
        assert!(normalized.bytes.len() < photo.len(), "the profile is removed");
        let pixel = decode(&normalized.bytes, ImageFormat::Jpeg).unwrap().to_rgb8().get_pixel(16, 16).0;
        let expected = [215, 93, 31];
        let near = pixel.iter().zip(expected).all(|(is, should)| is.abs_diff(should) < 6);
        assert!(near, "{pixel:?} is not near {expected:?}");
    }

    #[test]
    fn a_picture_shrinks_until_it_fits() {
        let picture = RgbImage::from_fn(1000, 4, |x, y| Rgb([x, y, x ^ y].map(|n| n.to_le_bytes()[0])));
        let fits = |side| {
            let picture = fit_into(picture.clone().into(), side);
            (picture.width(), picture.height())
        };
        assert_eq!(fits(1000), (1000, 4));
        assert_eq!(fits(999), (999, 4));
        assert_eq!(fits(100), (100, 1), "a side has at least one pixel");
        assert_eq!(fits(1), (1, 1));
    }
}
