//! Images that are kept for slides: in which formats, how large, and what they are called.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ImageId;

/// Bytes of an image, as it comes and as it is kept. A Lambda takes and answers 6 MB at most, and binary bodies travel in
/// base64, a third longer: 4 MiB and what is around them fit.
pub const MAX_IMAGE_BYTES: usize = 4 * 1024 * 1024;

/// Pixels of the longer side of an image that is kept: a full screen; what is larger is scaled down.
pub const MAX_SIDE_PIXELS: u32 = 1920;

/// What browsers show and we can draw anew. SVG is a program, not a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    Gif,
    Jpeg,
    Png,
    Webp,
}

impl ImageFormat {
    pub const ALL: [Self; 4] = [Self::Gif, Self::Jpeg, Self::Png, Self::Webp];

    pub const fn extension(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// What an image is called in its URL: 32 hexadecimal digits and the extension. It cannot be guessed, which matters: an
/// audience fetches it without a credential.
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

/// That it is not the name of an image of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseImageFilenameError;

impl FromStr for ImageFilename {
    type Err = ParseImageFilenameError;

    /// One spelling only: an image has one URL in every cache.
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

/// A file name without its extension: what stands in every URL of the image, however it is written.
pub fn file_stem(id: ImageId) -> String {
    id.uuid().simple().to_string()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::UserId;

    #[test]
    fn a_file_name_comes_back() {
        for format in ImageFormat::ALL {
            let name = ImageFilename { id: ImageId::from(Uuid::from_u128(0xa)), format };
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn other_spellings_name_nothing() {
        let id = "0000000000000000000000000000000a";
        assert!(format!("{id}.png").parse::<ImageFilename>().is_ok());
        for wrong in [
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
            assert_eq!(wrong.parse::<ImageFilename>(), Err(ParseImageFilenameError), "{wrong}");
        }
    }

    #[test]
    fn whose_it_is_and_what_it_shows_make_an_image() {
        let (ana, eve) = (UserId::from(Uuid::from_u128(1)), UserId::from(Uuid::from_u128(2)));
        assert_eq!(ImageId::derive(ana, &[1; 32]), ImageId::derive(ana, &[1; 32]));
        assert_ne!(ImageId::derive(ana, &[1; 32]), ImageId::derive(eve, &[1; 32]));
        assert_ne!(ImageId::derive(ana, &[1; 32]), ImageId::derive(ana, &[2; 32]));
    }
}
