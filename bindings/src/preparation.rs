//! Looking at a file, planning what to do with it, preparing it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use document::{Point, Rotation};
use wire::{MediaType, RubriqueCode, TypeCode, limites as communes};

use crate::{
    Echec, Ecouteur, Stop,
    fils::{StopIfDropped, compute},
};

#[uniffi::remote(Record)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

#[uniffi::remote(Enum)]
pub enum Rotation {
    Aucune,
    Quart,
    Demi,
    TroisQuarts,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Inspection {
    /// Type by content.
    pub media_type: MediaType,
    /// Bytes.
    pub taille: u64,
    /// Pages; 1 for a photo.
    pub pages: u32,
    /// Width as shown upright, in pixels; none for a PDF.
    pub largeur: Option<u32>,
    /// Height, likewise.
    pub hauteur: Option<u32>,
}

/// What is suggested for a file before anything is sent.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Proposition {
    /// Where the sheet lies in a photo, if it was found.
    pub corners: Option<CornersProposes>,
    /// What the person should look at.
    pub avertissements: Vec<Avertissement>,
    /// What the document says of itself by its 2D-Doc.
    pub suggestion: Option<Suggestion>,
    /// Size of the prepared file if nothing is changed, in bytes.
    pub taille_estimee: u64,
}

/// A sheet found in a photo.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct CornersProposes {
    /// Where.
    pub corners: Corners,
    /// From 0 (a guess) to 1 (certain).
    pub confiance: f32,
    /// Whether they may be applied without asking.
    pub sure: bool,
}

/// The sheet's corners in the upright photo: fractions of its width and height, before any rotation of the plan.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct Corners {
    /// Top left.
    pub top_left: Point,
    /// Top right.
    pub top_right: Point,
    /// Bottom right.
    pub bottom_right: Point,
    /// Bottom left.
    pub bottom_left: Point,
}

/// Something that may make the piece hard to use: shown, never a wall.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Avertissement {
    /// Stable: `floue`.
    pub code: String,
    /// What it is and what to do, in French.
    pub phrase: String,
    /// The page that it is about, from 0, where it is about one of a PDF.
    pub page: Option<u32>,
}

/// What a 2D-Doc says of the document that carries it: a suggestion, since nobody checked the signature.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Suggestion {
    /// The document's name, in French.
    pub document: String,
    /// The rubrique that it proves, where the nomenclature has one for it.
    pub rubrique: Option<RubriqueCode>,
    /// The type of piece, likewise.
    pub type_piece: Option<TypeCode>,
    /// The year that it is about.
    pub annee: Option<i32>,
    /// Whom it is about, as written there.
    pub noms: Vec<String>,
    /// What may be said of its signature, in French.
    pub signature: String,
}

/// One piece to prepare: its pages in the order in which the agent will see them. One photo becomes a JPEG, one PDF
/// stays a PDF, several become one PDF.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Plan {
    /// The pages.
    pub pages: Vec<PagePlan>,
}

/// One photo, or one PDF, or one page of a PDF.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct PagePlan {
    /// The file's path.
    pub source: String,
    /// For a PDF: the one page to take, from 0; all of them without it.
    #[uniffi(default = None)]
    pub page: Option<u32>,
    /// How to turn it, clockwise.
    pub rotation: Rotation,
    /// Where the sheet lies in a photo; the whole photo without it.
    #[uniffi(default = None)]
    pub corners: Option<Corners>,
    /// For a photo: make the paper white. Pale writing may go too.
    #[uniffi(default = false)]
    pub clean: bool,
    /// What to blacken.
    #[uniffi(default = [])]
    pub masks: Vec<Mask>,
}

/// A rectangle to blacken, in fractions of the upright picture or page, before any rotation of the plan.
#[derive(Debug, Clone, Copy, PartialEq, uniffi::Record)]
pub struct Mask {
    /// The page it lies on, from 0, where all pages of a PDF are taken; else 0.
    pub page: u32,
    /// One corner.
    pub from: Point,
    /// The opposite corner.
    pub to: Point,
}

/// What was prepared.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PrepareInfo {
    /// Where the file lies until it is queued or dropped: for [`apercu_local`].
    pub chemin: String,
    /// JPEG for one photo, else PDF.
    pub media_type: MediaType,
    /// Bytes.
    pub taille: u64,
    /// Pages; 1 for a photo.
    pub pages: u32,
    /// What the person should know.
    pub avertissements: Vec<Avertissement>,
}

/// A prepared file that is not queued yet. Closed before, it leaves nothing.
#[derive(Debug, uniffi::Object)]
pub struct Prepare {
    info: PrepareInfo,
    draft: Mutex<Option<Draft>>,
}

/// What becomes a deposit.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) brouillon: client::Brouillon,
    pub(crate) prepared: document::Prepared,
}

#[uniffi::export]
impl Prepare {
    /// What was prepared.
    pub fn info(&self) -> PrepareInfo {
        self.info.clone()
    }
}

impl Prepare {
    pub(crate) fn new(brouillon: client::Brouillon, prepared: document::Prepared) -> Self {
        let info = PrepareInfo {
            chemin: brouillon.piece().to_string_lossy().into_owned(),
            media_type: prepared.media_type,
            taille: prepared.taille,
            pages: prepared.pages,
            avertissements: prepared.avertissements.iter().copied().map(Into::into).collect(),
        };
        Self { info, draft: Mutex::new(Some(Draft { brouillon, prepared })) }
    }

    /// Takes it for the queue; a second time there is nothing left.
    pub(crate) fn take(&self) -> Result<Draft, Echec> {
        let mut draft = self.draft.lock().unwrap_or_else(PoisonError::into_inner);
        draft.take().ok_or_else(Echec::interne)
    }
}

/// The limits that screens tell people about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
#[expect(clippy::struct_field_names, reason = "a limit says that it is one, and its unit")]
pub struct Limites {
    /// Largest file that is looked at, in bytes: the limit for copying what another app hands over.
    pub source_bytes_max: u64,
    /// Largest prepared file, in bytes.
    pub upload_bytes_max: u64,
    /// Most pages of one piece.
    pub pages_max: u32,
}

/// The limits in force.
#[uniffi::export]
pub fn limites() -> Limites {
    Limites {
        source_bytes_max: communes::SOURCE_BYTES_MAX,
        upload_bytes_max: communes::UPLOAD_BYTES_MAX,
        pages_max: communes::PAGES_MAX,
    }
}

/// Tells what the file at `path` is, by its content; [`Echec::ADecoder`] where only the platform can say.
#[uniffi::export(async_runtime = "tokio")]
pub async fn inspecter(path: String) -> Result<Inspection, Echec> {
    compute(move || match document::inspecter(path.as_ref())? {
        document::Inspection::Document(constat) => Ok::<_, Echec>(constat.into()),
        document::Inspection::NeedsPlatformDecode => {
            Err(document::ErreurProposition::NeedsPlatformDecode.into())
        }
    })
    .await
}

/// Suggests what to do with the file at `path`: a photo takes a fraction of a second on a desk, some on a phone.
#[uniffi::export(async_runtime = "tokio")]
pub async fn proposer(path: String) -> Result<Proposition, Echec> {
    compute(move || document::proposer(path.as_ref()).map(Proposition::from)).await
}

/// Draws a page (from 1) of a file upright, with a long side of at most `side` pixels, as a JPEG at `out`.
#[uniffi::export(async_runtime = "tokio")]
pub async fn apercu_local(path: String, page: u32, side: u32, out: String) -> Result<(), Echec> {
    compute(move || document::apercu_fichier(path.as_ref(), page, side, out.as_ref()).map(drop)).await
}

/// Prepares into a draft of that client.
pub(crate) async fn prepare(
    client: Arc<client::Client>,
    plan: Plan,
    ecouteur: Arc<dyn Ecouteur>,
    stop: Arc<Stop>,
) -> Result<Arc<Prepare>, Echec> {
    let unless_dropped = StopIfDropped::new(&stop);
    let prepared = compute(move || {
        let brouillon = client.brouillon()?;
        let mut progress = |progres: document::Progres| {
            // Told in passing: a listener that throws must not cost the piece.
            let _ = ecouteur.avance(progres.done.into(), progres.total.into());
        };
        let prepared = document::preparer(&plan.into(), &brouillon.piece(), &mut progress, &stop.computing)?;
        Ok::<_, Echec>(Arc::new(Prepare::new(brouillon, prepared)))
    })
    .await;
    unless_dropped.done();
    prepared
}

impl From<wire::inspection::Constat> for Inspection {
    fn from(constat: wire::inspection::Constat) -> Self {
        Self {
            media_type: constat.media_type,
            taille: constat.taille,
            pages: constat.pages,
            largeur: constat.pixels.map(|(width, _)| width),
            hauteur: constat.pixels.map(|(_, height)| height),
        }
    }
}

impl From<document::Proposition> for Proposition {
    fn from(proposition: document::Proposition) -> Self {
        Self {
            corners: proposition.corners.map(Into::into),
            avertissements: proposition.avertissements.into_iter().map(Into::into).collect(),
            suggestion: proposition.code.map(Into::into),
            taille_estimee: proposition.taille_estimee,
        }
    }
}

impl From<document::CornersProposes> for CornersProposes {
    fn from(proposes: document::CornersProposes) -> Self {
        let [top_left, top_right, bottom_right, bottom_left] = proposes.corners.0;
        Self {
            corners: Corners { top_left, top_right, bottom_right, bottom_left },
            confiance: proposes.confiance,
            sure: proposes.confiance >= document::CornersProposes::CONFIANCE_SURE,
        }
    }
}

impl From<document::Avertissement> for Avertissement {
    fn from(avertissement: document::Avertissement) -> Self {
        let page = match avertissement {
            document::Avertissement::NirVisible { page, .. } => Some(page),
            _ => None,
        };
        Self { code: avertissement.code().to_owned(), phrase: avertissement.to_string(), page }
    }
}

impl From<document::DeuxDDoc> for Suggestion {
    fn from(code: document::DeuxDDoc) -> Self {
        Self {
            // No issuer’s certificate is known to the phone.
            signature: code.signature(&[]).to_string(),
            document: code.document.to_owned(),
            rubrique: code.rubrique,
            type_piece: code.type_piece,
            annee: code.annee,
            noms: code.noms,
        }
    }
}

impl From<Plan> for document::Plan {
    fn from(plan: Plan) -> Self {
        Self::new(plan.pages.into_iter().map(Into::into).collect())
    }
}

impl From<PagePlan> for document::PagePlan {
    fn from(page: PagePlan) -> Self {
        let mut plan = Self::new(PathBuf::from(page.source));
        plan.page = page.page;
        plan.rotation = page.rotation;
        plan.corners = page.corners.map(|corners| {
            document::Corners([
                corners.top_left,
                corners.top_right,
                corners.bottom_right,
                corners.bottom_left,
            ])
        });
        plan.clean = page.clean;
        plan.masks = page
            .masks
            .into_iter()
            .map(|mask| document::Mask { page: mask.page, from: mask.from, to: mask.to })
            .collect();
        plan
    }
}
