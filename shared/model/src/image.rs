//! The formats, sizes and file names of images for slides.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ImageId;

/// The maximum size of an image in bytes, both uploaded and stored. A Lambda function takes and returns at most 6 MB,
/// and base64 makes binary bodies a third longer. 4 MiB and the rest of the event fit.
pub const MAX_IMAGE_BYTES: usize = 4 * 1024 * 1024;

/// The maximum length of the longer side in pixels, which is a full screen. Larger images are scaled down.
pub const MAX_SIDE_PIXELS: u32 = 1920;

/// An image format that browsers display and that this product can re-encode. SVG is excluded, because it can contain
/// scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    Gif,
    Jpeg,
    Png,
    Webp,
}

impl ImageFormat {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Gif, Self::Jpeg, Self::Png, Self::Webp];

    /// Returns the extension of a file name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// Returns the media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// The file name of an image in its URL. It has 32 hexadecimal digits and the extension. It must not be guessable,
/// because an audience fetches images without a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageFilename {
    pub id: ImageId,
    pub format: ImageFormat,
}

impl fmt::Display for ImageFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", file_stem(self.id), self.format.extension())
    }
}

/// The text is not the file name of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseImageFilenameError;

impl FromStr for ImageFilename {
    type Err = ParseImageFilenameError;

    /// Accepts one spelling only, so that an image has one URL in every cache.
    fn from_str(text: &str) -> Result<Self, ParseImageFilenameError> {
        let (id, extension) = text.split_once('.').ok_or(ParseImageFilenameError)?;
        let format = ImageFormat::ALL.into_iter().find(|format| format.extension() == extension);
        let name = Self {
            id: id.parse().map_err(|_| ParseImageFilenameError)?,
            format: format.ok_or(ParseImageFilenameError)?,
        };
        if name.to_string() == text { Ok(name) } else { Err(ParseImageFilenameError) }
    }
}

/// Returns the file name without its extension, which is part of every URL of the image.
pub fn file_stem(id: ImageId) -> String {
    id.uuid().simple().to_string()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::UserId;

    #[test]
    fn a_file_name_is_parsed_as_it_is_written() {
        for format in ImageFormat::ALL {
            let name = ImageFilename { id: ImageId::from(Uuid::from_u128(0xa)), format };
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn other_spellings_of_a_file_name_are_refused() {
        let id = "0000000000000000000000000000000a";
        assert!(format!("{id}.png").parse::<ImageFilename>().is_ok());
        for invalid in [
            format!("{}.png", id.to_uppercase()),
            format!("{id}.PNG"),
            format!("{id}.jpeg"),
            format!("{id}.svg"),
            format!("{id}.png.png"),
            format!("{id}."),
            id.to_owned(),
            "00000000-0000-0000-0000-00000000000a.png".into(),
            format!("{{{id}}}.png"),
            format!("../{id}.png"),
            ".png".into(),
            String::new(),
        ] {
            assert_eq!(invalid.parse::<ImageFilename>(), Err(ParseImageFilenameError), "{invalid}");
        }
    }

    #[test]
    fn the_owner_and_the_bytes_determine_the_id() {
        let ana = UserId::from(Uuid::from_u128(1));
        let eve = UserId::from(Uuid::from_u128(2));
        assert_eq!(ImageId::derive(ana, &[1; 32]), ImageId::derive(ana, &[1; 32]));
        assert_ne!(ImageId::derive(ana, &[1; 32]), ImageId::derive(eve, &[1; 32]));
        assert_ne!(ImageId::derive(ana, &[1; 32]), ImageId::derive(ana, &[2; 32]));
    }
}
