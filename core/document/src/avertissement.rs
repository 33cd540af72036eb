//! What a person should know before sending: a warning, never a wall.

/// Something that may make the piece hard to use. `Display` is the sentence for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Avertissement {
    /// So few pixels that small print is lost.
    #[error(
        "Cette image est petite : les petits caractères risquent d’être illisibles. Reprenez la photo de plus près, ou envoyez le fichier d’origine."
    )]
    ImagePetite,
    /// The file stops before the picture ends: what was there has been kept.
    #[error("Cette photo est incomplète : il en manque une partie. Vérifiez-la, et reprenez-la si besoin.")]
    PhotoIncomplete,
    /// A signed PDF was put together with something else or turned, so that its signature no longer holds.
    #[error(
        "Ce PDF est signé électroniquement : modifié ou assemblé, il perd la valeur de sa signature. Envoyez-le seul et tel quel."
    )]
    SignaturePerdue,
}

impl Avertissement {
    /// Long side below which an 8-point table is lost, in pixels: OCR word recall falls from 61 % at 1600 px to 11 % at
    /// 1200 px.
    pub(crate) const SMALL_SIDE_PIXELS: u32 = 1_400;

    /// The stable code, for scripts.
    pub fn code(self) -> &'static str {
        match self {
            Self::ImagePetite => "image_petite",
            Self::PhotoIncomplete => "photo_incomplete",
            Self::SignaturePerdue => "signature_perdue",
        }
    }
}
