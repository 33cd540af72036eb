//! What pages are seen to use of their document: the objects that their drawing names, and what is in these. Not what
//! lies beside them in a shared dictionary, nor what a field of a form has on other pages.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, content::Content};
use wire::limites;

use crate::pdf::PageRef;

/// Most bytes of drawing that are read of one document, decompressed: a hundred pages of dense text have about 10 MB.
const DRAWING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Longest chain of objects that refer to each other; a font or a form in a form has about 10.
const CHAIN_MAX: usize = 64;

/// What is kept of a page: how it looks, and nothing of what it does or is called.
const PAGE_KEYS: [&[u8]; 8] =
    [b"MediaBox", b"CropBox", b"Rotate", b"UserUnit", b"Group", b"Contents", b"Annots", b"Resources"];

/// Ways out of a page, or up to the whole of a form.
const WAYS_OUT: [&[u8]; 9] =
    [b"Parent", b"P", b"IRT", b"Popup", b"Dest", b"A", b"AA", b"Metadata", b"PieceInfo"];

/// Names that a drawing uses.
type Names = HashSet<Vec<u8>>;

/// The objects that some pages use.
pub(super) struct Extrait<'a> {
    source: &'a Document,
    used: BTreeSet<ObjectId>,
    budget: usize,
}

impl<'a> Extrait<'a> {
    /// Nothing yet.
    pub(super) fn new(source: &'a Document) -> Self {
        Self { source, used: BTreeSet::new(), budget: DRAWING_BYTES_MAX }
    }

    /// Adds what a page uses, and gives what is kept of its dictionary. None where its drawing cannot be followed, or holds
    /// a picture past the limits.
    pub(super) fn page(&mut self, page: &PageRef) -> Option<Dictionary> {
        let source = self.source;
        let own = source.get_dictionary(page.id).ok()?;
        let mut kept = Dictionary::new();
        for key in PAGE_KEYS {
            if let Ok(value) = own.get(key).or_else(|_| page.inherited.get(key)) {
                kept.set(key, value.clone());
                if key != b"Resources" {
                    self.follow(value, 0)?;
                }
            }
        }
        let drawing = source.get_page_content_with_limit(page.id, self.budget).ok()?;
        let names = self.names(&drawing)?;
        if let Ok(resources) = kept.get(b"Resources") {
            self.resources(resources, &names, 0)?;
        }
        Some(kept)
    }

    /// The objects, each with its name.
    pub(super) fn objects(self) -> BTreeMap<ObjectId, Object> {
        let found = |id| Some((id, self.source.objects.get(&id)?.clone()));
        self.used.into_iter().filter_map(found).collect()
    }

    /// Adds what `object` refers to. The parser has bounded how deep it nests.
    fn follow(&mut self, object: &Object, depth: usize) -> Option<()> {
        match object {
            Object::Reference(id) => {
                let source = self.source;
                let Some(object) = source.objects.get(id) else { return Some(()) };
                let kind = object.as_dict().ok().and_then(|dictionary| dictionary.get_type().ok());
                if matches!(kind, Some(b"Page" | b"Pages" | b"Catalog")) || !self.used.insert(*id) {
                    return Some(());
                }
                if depth > CHAIN_MAX { None } else { self.follow(object, depth + 1) }
            }
            Object::Array(items) => items.iter().try_for_each(|item| self.follow(item, depth)),
            Object::Dictionary(dictionary) => {
                self.entries(dictionary, depth)?;
                let Ok(resources) = dictionary.get(b"Resources") else { return Some(()) };
                // A font whose letters are drawings of their own (ISO 32000-1, 9.6.5).
                let mut names = Names::new();
                let letters = dictionary.get_deref(b"CharProcs", self.source).and_then(Object::as_dict);
                for (_, letter) in letters.into_iter().flat_map(Dictionary::iter) {
                    if let Ok((_, Object::Stream(letter))) = self.source.dereference(letter) {
                        names.extend(self.names_of(letter)?);
                    }
                }
                self.resources(resources, &names, depth)
            }
            Object::Stream(stream) => {
                let pixels =
                    |key| stream.dict.get_deref(key, self.source).and_then(Object::as_i64).unwrap_or(0);
                let pixels = pixels(b"Width").saturating_mul(pixels(b"Height"));
                if u64::try_from(pixels).unwrap_or(u64::MAX) > limites::IMAGE_PIXELS_MAX {
                    return None;
                }
                self.entries(&stream.dict, depth)?;
                let Ok(resources) = stream.dict.get(b"Resources") else { return Some(()) };
                let names = self.names_of(stream)?;
                self.resources(resources, &names, depth)
            }
            _ => Some(()),
        }
    }

    fn entries(&mut self, dictionary: &Dictionary, depth: usize) -> Option<()> {
        let inside =
            dictionary.iter().filter(|(key, _)| !WAYS_OUT.contains(&key.as_slice()) && *key != b"Resources");
        inside.map(|(_, value)| value).try_for_each(|value| self.follow(value, depth))
    }

    /// Adds those of a drawing's resources that it names.
    fn resources(&mut self, resources: &Object, names: &Names, depth: usize) -> Option<()> {
        let Some(resources) = self.dictionary(resources) else { return Some(()) };
        for (_, category) in resources {
            let Some(category) = self.dictionary(category) else { continue };
            let drawn = category.iter().filter(|(name, _)| names.contains(*name));
            drawn.map(|(_, value)| value).try_for_each(|value| self.follow(value, depth))?;
        }
        Some(())
    }

    /// The dictionary that `object` is or refers to, which is then used as well.
    fn dictionary<'b>(&mut self, object: &'b Object) -> Option<&'b Dictionary>
    where
        'a: 'b,
    {
        if let Object::Reference(id) = object {
            self.used.insert(*id);
        }
        self.source.dereference(object).ok()?.1.as_dict().ok()
    }

    fn names_of(&mut self, drawing: &Stream) -> Option<Names> {
        let bytes = drawing.decompressed_content_with_limit(self.budget).ok()?;
        self.names(&bytes)
    }

    /// The names among the operands of a drawing; none where it cannot be followed to its end.
    fn names(&mut self, drawing: &[u8]) -> Option<Names> {
        self.budget = self.budget.checked_sub(drawing.len())?;
        let mut names = Names::new();
        for operation in Content::decode_iter(drawing) {
            operation.ok()?.operands.iter().for_each(|operand| gather(operand, &mut names));
        }
        Some(names)
    }
}

fn gather(operand: &Object, names: &mut Names) {
    match operand {
        Object::Name(name) => {
            names.insert(name.clone());
        }
        Object::Array(items) => items.iter().for_each(|item| gather(item, names)),
        Object::Dictionary(dictionary) => dictionary.iter().for_each(|(_, value)| gather(value, names)),
        Object::Stream(inline) => inline.dict.iter().for_each(|(_, value)| gather(value, names)),
        _ => {}
    }
}
