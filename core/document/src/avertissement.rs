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
    /// Scripts, files or actions inside a PDF were taken out.
    #[error(
        "Ce PDF contenait des éléments actifs (script, pièce jointe ou formulaire automatique) : ils ont été retirés. Vérifiez que rien d’utile ne manque."
    )]
    ContenuActifRetire,
    /// Out of focus, or the camera moved.
    #[error(
        "Cette photo semble floue. Reprenez-la en tenant le téléphone à deux mains, et touchez le texte à l’écran pour faire la mise au point."
    )]
    Floue,
    /// So little light that ink and paper come close.
    #[error("Cette photo est très sombre. Reprenez-la près d’une fenêtre ou sous une lampe.")]
    Sombre,
    /// A lamp's reflection hides part of the text.
    #[error(
        "Un reflet cache une partie du texte. Reprenez la photo sans flash, en inclinant un peu le document ou en vous écartant de la lampe."
    )]
    Reflet,
    /// Letters of few pixels.
    #[error(
        "Le texte est très petit sur cette photo. Reprenez-la de plus près, pour que la page remplisse l’écran."
    )]
    TextePetit,
    /// Text runs over the picture's edge.
    #[error("Le bord de la page semble coupé. Reprenez la photo en gardant les quatre coins visibles.")]
    PageCoupee,
    /// There is nothing to read.
    #[error(
        "Aucun texte n’est visible sur cette image. Si c’est bien ce que vous voulez envoyer, continuez ; sinon, vérifiez que la page n’est pas à l’envers."
    )]
    SansTexte,
    /// A numéro de sécurité sociale can be read in the document; a guichet must not file it.
    #[error("{}", nir_visible(*page, *autres))]
    NirVisible {
        /// The first page that shows it, from 0.
        page: u32,
        /// How many other pages show one.
        autres: u32,
    },
    /// The document's 2D-Doc holds a numéro de sécurité sociale.
    #[error(
        "Le code carré (2D-Doc) de ce document contient un numéro de sécurité sociale. Masquez ce code avant d’envoyer : le guichet n’en a pas besoin."
    )]
    NirDansCode,
}

/// The sentence for [`Avertissement::NirVisible`].
fn nir_visible(page: u32, autres: u32) -> String {
    let page = page.saturating_add(1);
    let aussi = match autres {
        0 => String::new(),
        1 => " (et une autre page)".to_owned(),
        autres => format!(" (et {autres} autres pages)"),
    };
    format!(
        "Un numéro de sécurité sociale est visible à la page {page}{aussi}. Masquez-le avant d’envoyer : le guichet n’en a pas besoin."
    )
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
            Self::ContenuActifRetire => "contenu_actif_retire",
            Self::Floue => "floue",
            Self::Sombre => "sombre",
            Self::Reflet => "reflet",
            Self::TextePetit => "texte_petit",
            Self::PageCoupee => "page_coupee",
            Self::SansTexte => "sans_texte",
            Self::NirVisible { .. } => "nir_visible",
            Self::NirDansCode => "nir_dans_code",
        }
    }
}
