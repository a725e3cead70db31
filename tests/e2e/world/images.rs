//! Image files.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// Creates a colour gradient. Two sizes never give the same file.
pub(crate) fn color_gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([byte(x * 255 / width), byte(y * 255 / height), 80]))
}

/// Creates noise, which does not compress.
pub(crate) fn noise(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mixed = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35);
        let [a, b, c, _] = (mixed ^ (mixed >> 15)).to_be_bytes();
        Rgb([a, b, c])
    })
}

/// Creates an image with transparent pixels.
pub(crate) fn transparent_image(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| Rgba([200, byte(x % 256), byte(y % 256), byte((x * y) % 256)]))
}

fn byte(number: u32) -> u8 {
    number.to_le_bytes()[0]
}

pub(crate) fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Creates a small PNG file.
pub(crate) fn small_image() -> Vec<u8> {
    encode(color_gradient(40, 30), ImageFormat::Png)
}

/// Creates an animated GIF with this number of frames.
pub(crate) fn animation(side: u16, frames: u8) -> Vec<u8> {
    let mut encoder = gif::Encoder::new(Vec::new(), side, side, &[0, 0, 0, 255, 0, 0, 0, 255, 0]).unwrap();
    encoder.set_repeat(gif::Repeat::Infinite).unwrap();
    for number in 0..frames {
        let pixels = vec![number % 3; usize::from(side) * usize::from(side)];
        let frame = gif::Frame { delay: 7, ..gif::Frame::from_indexed_pixels(side, side, pixels, None) };
        encoder.write_frame(&frame).unwrap();
    }
    encoder.into_inner().unwrap()
}
