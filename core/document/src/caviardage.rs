//! Masks on the pages of a PDF. A masked page is drawn into pixels, on white, and its rectangles are blackened there:
//! nothing is left of its text, its pictures or what was filled in on it. The other pages keep their text.
//!
//! What can go wrong: what was hidden could come along by another way. Pages share their resources, forms share their
//! fields, and a PDF keeps old versions of its objects; so the new document is not the old one with a page replaced. It
//! is built of the objects that its kept pages are seen to use, and of nothing else. Where a page's drawing cannot be
//! followed to its end, the document is refused rather than trusted.

mod extrait;
mod rendu;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use wire::{RaisonRefus, limites};

use crate::{
    Mask, PagePlan, pdf,
    pdf::{Facts, PageRef},
    photo,
};
use extrait::Extrait;
use rendu::Page;

/// A PDF whose masked pages are pictures.
pub(crate) struct Caviarde {
    /// The chosen pages only, in the order of the source, not turned.
    pub(crate) bytes: Vec<u8>,
    /// What was seen of the source.
    pub(crate) source: Facts,
}

/// Burns the masks of `plan` into the PDF in `bytes`. A mask on a page that is not there is refused: somebody believes
/// that it hides something. Cancelled, there is none.
pub(crate) fn burn(
    bytes: &[u8],
    plan: &PagePlan,
    cancel: &AtomicBool,
) -> Result<Option<Caviarde>, RaisonRefus> {
    let source = pdf::open(bytes)?;
    let facts = pdf::inspect(&source)?;
    let pages = pdf::pages(&source)?;
    let chosen: Vec<_> = match plan.page {
        None => pages.iter().collect(),
        Some(page) => pages.get(index(page)).into_iter().collect(),
    };
    let mut masks: BTreeMap<usize, Vec<Mask>> = BTreeMap::new();
    for mask in &plan.masks {
        masks.entry(index(mask.page)).or_default().push(*mask);
    }
    if masks.last_key_value().is_some_and(|(last, _)| *last >= chosen.len()) {
        return Err(RaisonRefus::AucunePage);
    }
    let mut made = Made::new(&source);
    let mut kept = Extrait::new(&source);
    for (position, page) in chosen.into_iter().enumerate() {
        if cancel.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if let Some(masks) = masks.get(&position) {
            made.add_picture(&draw(&source, page)?, masks)?;
        } else {
            made.add_page(kept.page(page).ok_or(RaisonRefus::NonVerifiable)?);
        }
    }
    Ok(Some(Caviarde { bytes: made.finish(kept)?, source: facts }))
}

/// The first page of the PDF in `bytes` as a picture; none where it cannot be drawn.
pub(crate) fn first_page(bytes: &[u8]) -> Option<Page> {
    let source = pdf::open(bytes).ok()?;
    draw(&source, pdf::pages(&source).ok()?.first()?).ok()
}

/// Draws a page by itself: another reader of the whole document might count its pages otherwise.
fn draw(source: &Document, page: &PageRef) -> Result<Page, RaisonRefus> {
    let mut used = Extrait::new(source);
    let page = used.page(page).ok_or(RaisonRefus::NonVerifiable)?;
    let mut alone = Made::new(source);
    alone.add_page(page);
    rendu::page(alone.finish(used)?)
}

fn index(page: u32) -> usize {
    usize::try_from(page).unwrap_or(usize::MAX)
}

/// A PDF in the making, whose objects keep the names of their source.
struct Made {
    document: Document,
    tree: ObjectId,
    kids: Vec<Object>,
}

impl Made {
    fn new(source: &Document) -> Self {
        let mut document = Document::with_version("1.7");
        // Above all names of the source: an object that was left behind must stay unfound.
        let highest = source.objects.keys().map(|(number, _)| *number).max().unwrap_or_default();
        document.max_id = highest.max(source.max_id);
        let tree = document.new_object_id();
        Self { document, tree, kids: Vec::new() }
    }

    fn add_page(&mut self, mut page: Dictionary) {
        page.set("Type", "Page");
        page.set("Parent", self.tree);
        let page = self.document.add_object(page);
        self.kids.push(page.into());
    }

    fn add_picture(&mut self, drawn: &Page, masks: &[Mask]) -> Result<(), RaisonRefus> {
        let picture = photo::of_page(drawn.size, drawn.pixels(), masks)?;
        let (width, height) = drawn.points;
        let image = self.document.add_object(Stream::new(
            dictionary! {
                "Type" => "XObject",
                "Subtype" => "Image",
                "Width" => i64::from(picture.size.0),
                "Height" => i64::from(picture.size.1),
                "ColorSpace" => "DeviceRGB",
                "BitsPerComponent" => 8,
                "Filter" => "DCTDecode",
            },
            picture.jpeg,
        ));
        let drawing = format!("q {width} 0 0 {height} 0 0 cm /Page Do Q");
        let contents = self.document.add_object(Stream::new(Dictionary::new(), drawing.into_bytes()));
        self.add_page(dictionary! {
            "MediaBox" => vec![0.into(), 0.into(), width.into(), height.into()],
            "Resources" => dictionary! { "XObject" => dictionary! { "Page" => image } },
            "Contents" => contents,
        });
        Ok(())
    }

    /// The bytes, with the objects that the pages use.
    fn finish(mut self, used: Extrait<'_>) -> Result<Vec<u8>, RaisonRefus> {
        self.document.objects.extend(used.objects());
        let count = i64::try_from(self.kids.len()).unwrap_or(i64::MAX);
        let tree = dictionary! { "Type" => "Pages", "Kids" => self.kids, "Count" => count };
        self.document.objects.insert(self.tree, tree.into());
        let catalog = self.document.add_object(dictionary! { "Type" => "Catalog", "Pages" => self.tree });
        self.document.trailer.set("Root", catalog);
        let mut bytes = Vec::new();
        self.document.save_to(&mut bytes).map_err(|_| RaisonRefus::Illisible)?;
        if bytes.len() as u64 > limites::SOURCE_BYTES_MAX {
            return Err(RaisonRefus::TropVolumineux);
        }
        Ok(bytes)
    }
}
