//! What a person wants done with their files: which pages, in which order, turned how, what hidden.

use std::path::PathBuf;

/// One piece to prepare: its pages in the order in which the agent will see them.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Plan {
    /// The pages. One photo alone becomes a JPEG and one PDF alone stays a PDF; several become one PDF.
    pub pages: Vec<PagePlan>,
}

impl Plan {
    /// A plan of these pages in this order.
    pub fn new(pages: Vec<PagePlan>) -> Self {
        Self { pages }
    }

    /// A plan that takes these files as they are, whole and in this order.
    pub fn of_files<P: Into<PathBuf>>(sources: impl IntoIterator<Item = P>) -> Self {
        Self::new(sources.into_iter().map(PagePlan::new).collect())
    }
}

/// One photo, or one PDF, or one page of a PDF.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PagePlan {
    /// The file it comes from.
    pub source: PathBuf,
    /// For a PDF: the one page to take, from 0. `None` takes them all. A photo has page 0 only.
    pub page: Option<u32>,
    /// How to turn it, after what the photo itself says of its orientation.
    pub rotation: Rotation,
    /// Where the sheet lies in the photo; `None` keeps the whole photo.
    pub corners: Option<Corners>,
    /// For a photo: whether to make the paper white, without shadow or tint. Pale fills and pale writing may go too.
    pub clean: bool,
    /// What to make unreadable.
    pub masks: Vec<Mask>,
}

impl PagePlan {
    /// The whole of `source`, not turned, nothing hidden.
    pub fn new(source: impl Into<PathBuf>) -> Self {
        Self {
            source: source.into(),
            page: None,
            rotation: Rotation::Aucune,
            corners: None,
            clean: false,
            masks: Vec::new(),
        }
    }
}

/// A turn, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Rotation {
    /// 0°.
    #[default]
    Aucune,
    /// 90°.
    Quart,
    /// 180°.
    Demi,
    /// 270°.
    TroisQuarts,
}

impl Rotation {
    /// The turn of this many degrees clockwise, if it is a quarter turn.
    pub fn from_degrees(degrees: i32) -> Option<Self> {
        match degrees.rem_euclid(360) {
            0 => Some(Self::Aucune),
            90 => Some(Self::Quart),
            180 => Some(Self::Demi),
            270 => Some(Self::TroisQuarts),
            _ => None,
        }
    }

    /// Degrees clockwise: 0, 90, 180 or 270.
    pub fn degrees(self) -> u16 {
        match self {
            Self::Aucune => 0,
            Self::Quart => 90,
            Self::Demi => 180,
            Self::TroisQuarts => 270,
        }
    }
}

/// A place in an upright picture, before [`PagePlan::rotation`]: fractions of its width and height, from the top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// 0 is the left edge, 1 the right one.
    pub x: f32,
    /// 0 is the top edge, 1 the bottom one.
    pub y: f32,
}

/// The sheet's corners: top left, top right, bottom right, bottom left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corners(pub [Point; 4]);

/// A rectangle to blacken, in fractions of the upright picture or page, before [`PagePlan::rotation`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mask {
    /// The page it lies on, from 0, where the source is a PDF of which all pages are taken; else 0.
    pub page: u32,
    /// One corner.
    pub from: Point,
    /// The opposite corner.
    pub to: Point,
}
