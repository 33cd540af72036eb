//! Several photos and PDFs made one PDF. A photo's JPEG is embedded as it is, on a page of its own proportions; a PDF's
//! page is copied with all it refers to, and nothing else of its document.

use std::{collections::HashMap, sync::atomic::AtomicBool};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use wire::{RaisonRefus, limites};

use super::{Facts, PageRef, active, count_pages, inspect, open, pages, recompress, save};
use crate::Rotation;

/// Long side of a photo's page, in points of 1/72 inch: that of A4.
const LONG_SIDE_POINTS: f32 = 842.0;

/// A PDF in the making.
pub(crate) struct Assembly {
    document: Document,
    tree: ObjectId,
    kids: Vec<Object>,
}

impl Assembly {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let mut document = Document::with_version("1.7");
        let tree = document.new_object_id();
        Self { document, tree, kids: Vec::new() }
    }

    /// Adds a photo as a page.
    pub(crate) fn add_photo(
        &mut self,
        jpeg: Vec<u8>,
        (width, height): (u32, u32),
        grey: bool,
    ) -> Result<(), RaisonRefus> {
        self.check_room(1)?;
        let points = |side: u32| {
            #[expect(clippy::cast_precision_loss, reason = "sides have 16 bits")]
            let share = side as f32 / width.max(height).max(1) as f32;
            share * LONG_SIDE_POINTS
        };
        let image = self.document.add_object(Stream::new(
            dictionary! {
                "Type" => "XObject",
                "Subtype" => "Image",
                "Width" => i64::from(width),
                "Height" => i64::from(height),
                "ColorSpace" => if grey { "DeviceGray" } else { "DeviceRGB" },
                "BitsPerComponent" => 8,
                "Filter" => "DCTDecode",
            },
            jpeg,
        ));
        let drawing = format!("q {} 0 0 {} 0 0 cm /Photo Do Q", points(width), points(height));
        let contents = self.document.add_object(Stream::new(Dictionary::new(), drawing.into_bytes()));
        let page = self.document.add_object(dictionary! {
            "Type" => "Page",
            "Parent" => self.tree,
            "MediaBox" => vec![0.into(), 0.into(), points(width).into(), points(height).into()],
            "Resources" => dictionary! { "XObject" => dictionary! { "Photo" => image } },
            "Contents" => contents,
        });
        self.kids.push(page.into());
        Ok(())
    }

    /// Adds a PDF's pages, or the one of this index, turned. Nothing active comes with them. Returns what was seen.
    pub(crate) fn add_pdf(
        &mut self,
        bytes: &[u8],
        page: Option<u32>,
        rotation: Rotation,
        cancel: &AtomicBool,
    ) -> Result<Facts, RaisonRefus> {
        let mut source = open(bytes)?;
        let facts = inspect(&source)?;
        if facts.active {
            active::remove(&mut source);
        }
        recompress::shrink_photographs(&mut source, cancel);
        let source = &source;
        let mut chosen = pages(source)?;
        if let Some(page) = page {
            let index = usize::try_from(page).unwrap_or(usize::MAX);
            chosen = vec![chosen.into_iter().nth(index).ok_or(RaisonRefus::AucunePage)?];
        }
        self.check_room(chosen.len())?;
        // The pages' new names come first: what refers to one of them must find it, and to another, nothing.
        let mut copy =
            Copy { source, target: &mut self.document, names: HashMap::new(), waiting: Vec::new() };
        let names: Vec<ObjectId> = chosen.iter().map(|page| copy.name_page(page.id)).collect();
        for (page, name) in chosen.iter().zip(&names) {
            copy.page(page, *name, self.tree, rotation);
        }
        copy.rest();
        self.kids.extend(names.into_iter().map(Object::from));
        Ok(facts)
    }

    /// The PDF's bytes and its number of pages, which a second reading has confirmed.
    pub(crate) fn finish(mut self) -> Result<(Vec<u8>, u32), RaisonRefus> {
        let count = i64::try_from(self.kids.len()).unwrap_or(i64::MAX);
        let tree = dictionary! { "Type" => "Pages", "Kids" => self.kids, "Count" => count };
        self.document.objects.insert(self.tree, tree.into());
        let catalog = self.document.add_object(dictionary! { "Type" => "Catalog", "Pages" => self.tree });
        self.document.trailer.set("Root", catalog);
        let bytes = save(self.document)?;
        if bytes.len() as u64 > limites::UPLOAD_BYTES_MAX {
            return Err(RaisonRefus::TropVolumineux);
        }
        let pages = count_pages(&open(&bytes)?)?;
        if i64::from(pages) == count { Ok((bytes, pages)) } else { Err(RaisonRefus::Illisible) }
    }

    fn check_room(&self, more: usize) -> Result<(), RaisonRefus> {
        let limit = usize::try_from(limites::PAGES_MAX).unwrap_or(usize::MAX);
        if self.kids.len().saturating_add(more) > limit { Err(RaisonRefus::TropDePages) } else { Ok(()) }
    }
}

/// Objects on their way from one document to another.
struct Copy<'a> {
    source: &'a Document,
    target: &'a mut Document,
    /// Each object's name in the target.
    names: HashMap<ObjectId, ObjectId>,
    /// Named in the target, not copied yet.
    waiting: Vec<ObjectId>,
}

impl Copy<'_> {
    fn name_page(&mut self, old: ObjectId) -> ObjectId {
        let new = self.target.new_object_id();
        self.names.insert(old, new);
        new
    }

    /// Copies one page, with what it inherits.
    fn page(&mut self, page: &PageRef, name: ObjectId, tree: ObjectId, rotation: Rotation) {
        let mut copy = page.inherited.clone();
        if let Ok(own) = self.source.get_dictionary(page.id) {
            copy.extend(own);
        }
        // Threads and structure belong to the document left behind.
        for key in [b"Parent".as_slice(), b"B", b"StructParents"] {
            copy.remove(key);
        }
        let turned = copy.get_deref(b"Rotate", self.source).and_then(Object::as_i64).unwrap_or(0);
        let mut copy = Object::Dictionary(copy);
        self.rename(&mut copy);
        if let Object::Dictionary(copy) = &mut copy {
            copy.set("Type", "Page");
            copy.set("Parent", tree);
            copy.set("Rotate", (turned.rem_euclid(360) + i64::from(rotation.degrees())) % 360);
        }
        self.target.objects.insert(name, copy);
    }

    /// Copies all that the pages refer to.
    fn rest(&mut self) {
        while let Some(old) = self.waiting.pop() {
            let Some(new) = self.names.get(&old).copied() else { continue };
            let mut object = self.source.objects.get(&old).cloned().unwrap_or(Object::Null);
            self.rename(&mut object);
            self.target.objects.insert(new, object);
        }
    }

    /// Makes the references in `object` those of the target. The parser has bounded how deep it nests.
    fn rename(&mut self, object: &mut Object) {
        match object {
            Object::Reference(id) => match self.name(*id) {
                Some(new) => *id = new,
                None => *object = Object::Null,
            },
            Object::Array(items) => items.iter_mut().for_each(|item| self.rename(item)),
            Object::Dictionary(dictionary) => dictionary.iter_mut().for_each(|(_, value)| self.rename(value)),
            Object::Stream(stream) => stream.dict.iter_mut().for_each(|(_, value)| self.rename(value)),
            _ => {}
        }
    }

    /// The target's name of an object; none for a page that was not chosen, nor for the tree above.
    fn name(&mut self, old: ObjectId) -> Option<ObjectId> {
        if let Some(new) = self.names.get(&old) {
            return Some(*new);
        }
        let object = self.source.objects.get(&old)?;
        let kind = object.as_dict().ok().and_then(|dictionary| dictionary.get_type().ok());
        if matches!(kind, Some(b"Page" | b"Pages" | b"Catalog")) {
            return None;
        }
        let new = self.target.new_object_id();
        self.names.insert(old, new);
        self.waiting.push(old);
        Some(new)
    }
}
