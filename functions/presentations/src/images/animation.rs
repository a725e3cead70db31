//! A GIF is written anew frame by frame, as it is: palettes, places, delays. Composing its frames and finding colours for
//! them again would cost seconds, and make it larger. Comments and other extensions stay behind. A palette is copied, whatever its
//! 768 bytes may spell: like crafted pixels, that is what `nosniff` and the policy of [`super::show`] are for.

use gif::{ColorOutput, DecodeOptions, Decoder, Encoder, Frame};
use model::{
    Error,
    image::{ImageFormat, MAX_IMAGE_BYTES, MAX_SIDE_PIXELS},
};

use super::{normalized_image::NormalizedImage, uploaded_file::FILE_FIELD};

/// Frames, and pixels of all of them together: what is written anew in a few seconds, and what a browser still plays.
const MAX_FRAMES: usize = 1_000;
const MAX_PIXELS: u64 = 100_000_000;

/// `None` for one that is larger than it is kept, and does not move: that is scaled like any picture.
///
/// # Errors
/// `Invalid` for one that cannot be decoded, or that moves and is too large: nobody scales a palette.
pub(super) fn normalize_animation(file: &[u8]) -> Result<Option<NormalizedImage>, Error> {
    let mut decoder = decoder(file)?;
    let width = decoder.width();
    let height = decoder.height();
    if width == 0 || height == 0 {
        return Err(damaged_error());
    }
    if u32::from(width.max(height)) > MAX_SIDE_PIXELS {
        let mut frame =
            || decoder.next_frame_info().map(|frame| frame.is_some()).map_err(|_| damaged_error());
        let moves = frame()? && frame()?;
        let why = format!("moves, and has more than {MAX_SIDE_PIXELS} pixels a side");
        return if moves { Err(Error::field(FILE_FIELD, why)) } else { Ok(None) };
    }
    let palette = decoder.global_palette().unwrap_or_default().to_vec();
    let mut encoder = Encoder::new(Vec::new(), width, height, &palette).map_err(|_| damaged_error())?;
    let mut frames = 0;
    let mut pixels = 0;
    while let Some(frame) = decoder.read_next_frame().map_err(|_| damaged_error())? {
        frames += 1;
        pixels += u64::from(frame.width) * u64::from(frame.height);
        if frames > MAX_FRAMES || pixels > MAX_PIXELS {
            let why = format!("moves, for more than {MAX_FRAMES} frames or {MAX_PIXELS} pixels");
            return Err(Error::field(FILE_FIELD, why));
        }
        // its lines are in order now
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
            format!("is an animation of more than {} MB", MAX_IMAGE_BYTES / 1024 / 1024),
        ));
    }
    let width = width.into();
    let height = height.into();
    Ok(Some(NormalizedImage { format: ImageFormat::Gif, width, height, bytes }))
}

fn decoder(file: &[u8]) -> Result<Decoder<&[u8]>, Error> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // within the canvas, which is small: a frame takes no more memory than the canvas
    options.check_frame_consistency(true);
    options.read_info(file).map_err(|_| damaged_error())
}

fn damaged_error() -> Error {
    Error::field(FILE_FIELD, "is damaged: it cannot be decoded")
}
