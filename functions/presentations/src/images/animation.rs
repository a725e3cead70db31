//! GIFs are written again frame by frame, with their palettes, positions and delays. The alternative, composing frames
//! and choosing colours again, would cost seconds and make the file larger. Comments and other extensions are dropped.
//! A palette is copied unchanged, and its 768 bytes could spell anything, like crafted pixels. `nosniff` and the
//! content security policy of [`super::get`] protect against both.

use gif::{ColorOutput, DecodeOptions, Decoder, Encoder, Frame};
use model::{
    Error,
    image::{ImageFormat, MAX_IMAGE_BYTES, MAX_SIDE_PIXELS},
};

use super::{normalized_image::NormalizedImage, uploaded_file::FILE_FIELD};

/// Limits of frames, and of the pixels of all frames. Such a file is written within a few seconds, and browsers can
/// play it.
const MAX_FRAMES: usize = 1_000;
const MAX_PIXELS: u64 = 100_000_000;

/// Normalizes a GIF. Returns `None` for a GIF that is too large but not animated, which can be scaled like any other
/// image.
///
/// # Errors
/// `Invalid` if the file cannot be decoded, or if it is animated and too large. An animation is not scaled, because
/// scaling would need new palettes.
pub(super) fn normalize_animation(file: &[u8]) -> Result<Option<NormalizedImage>, Error> {
    let mut decoder = decoder(file)?;
    let width = decoder.width();
    let height = decoder.height();
    if width == 0 || height == 0 {
        return Err(damaged_error());
    }
    if u32::from(width.max(height)) > MAX_SIDE_PIXELS {
        let mut has_next_frame =
            || decoder.next_frame_info().map(|frame| frame.is_some()).map_err(|_| damaged_error());
        let is_animated = has_next_frame()? && has_next_frame()?;
        let why =
            format!("is an animation with more than {MAX_SIDE_PIXELS} pixels on a side: use a smaller one");
        return if is_animated { Err(Error::field(FILE_FIELD, why)) } else { Ok(None) };
    }
    let palette = decoder.global_palette().unwrap_or_default().to_vec();
    let mut encoder = Encoder::new(Vec::new(), width, height, &palette).map_err(|_| damaged_error())?;
    let mut frames = 0;
    let mut pixels = 0;
    while let Some(frame) = decoder.read_next_frame().map_err(|_| damaged_error())? {
        frames += 1;
        pixels += u64::from(frame.width) * u64::from(frame.height);
        if frames > MAX_FRAMES || pixels > MAX_PIXELS {
            let why = format!(
                "is an animation with more than {MAX_FRAMES} frames or {MAX_PIXELS} pixels: shorten it"
            );
            return Err(Error::field(FILE_FIELD, why));
        }
        // The decoder has put the lines in order.
        let frame = Frame { interlaced: false, ..frame.clone() };
        if frames == 1 {
            encoder.set_repeat(decoder.repeat()).map_err(Error::internal)?;
        }
        encoder.write_frame(&frame).map_err(|_| damaged_error())?;
    }
    let bytes = encoder.into_inner().map_err(Error::internal)?;
    if frames == 0 {
        return Err(damaged_error());
    }
    if bytes.len() > MAX_IMAGE_BYTES {
        return Err(Error::field(
            FILE_FIELD,
            format!("is an animation of more than {} MB: shorten it", MAX_IMAGE_BYTES / 1024 / 1024),
        ));
    }
    let width = width.into();
    let height = height.into();
    Ok(Some(NormalizedImage { format: ImageFormat::Gif, width, height, bytes }))
}

fn decoder(file: &[u8]) -> Result<Decoder<&[u8]>, Error> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // Frames must be within the canvas, so that a frame takes no more memory than the small canvas.
    options.check_frame_consistency(true);
    options.read_info(file).map_err(|_| damaged_error())
}

fn damaged_error() -> Error {
    Error::field(FILE_FIELD, "is damaged and cannot be decoded: use another file")
}
