//! The page tree (ISO 32000-1, 7.7.3), walked by ourselves: only what is a page counts as one, and what a page
//! inherits from the nodes above it is gathered on the way.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

/// Deepest page tree that is walked; ordinary ones have 2 to 6 levels.
const DEPTH_MAX: usize = 64;

/// What a page may inherit.
const INHERITABLE: [&[u8]; 4] = [b"Resources", b"MediaBox", b"CropBox", b"Rotate"];

/// A page of a document.
#[derive(Debug, Clone)]
pub(crate) struct PageRef {
    /// Its object.
    pub(crate) id: ObjectId,
    /// What it takes from the nodes above it.
    pub(crate) inherited: Dictionary,
}

/// The pages in reading order, `limit` at most.
pub(crate) fn walk(document: &Document, limit: usize) -> Vec<PageRef> {
    let mut found = Vec::new();
    let Some(root) = document
        .catalog()
        .ok()
        .and_then(|catalog| catalog.get(b"Pages").ok())
        .and_then(|r| r.as_reference().ok())
    else {
        return found;
    };
    // What is still to visit, the next on top. A node reached twice is a loop.
    let mut stack = vec![(root, 0, Dictionary::new())];
    let mut seen = HashSet::new();
    while let Some((id, depth, inherited)) = stack.pop() {
        if found.len() >= limit {
            break;
        }
        let Ok(node) = document.get_dictionary(id) else { continue };
        if depth > DEPTH_MAX || !seen.insert(id) {
            continue;
        }
        match node.get_deref(b"Kids", document).and_then(Object::as_array) {
            Ok(kids) => {
                let mut inherited = inherited;
                for key in INHERITABLE {
                    if let Ok(value) = node.get(key) {
                        inherited.set(key, value.clone());
                    }
                }
                let kids = kids.iter().rev().filter_map(|kid| kid.as_reference().ok());
                stack.extend(kids.map(|kid| (kid, depth + 1, inherited.clone())));
            }
            Err(_) if is_page(node) => found.push(PageRef { id, inherited }),
            Err(_) => {}
        }
    }
    found
}

/// A dictionary that says it is a page, or says nothing and has what only a page has.
fn is_page(node: &Dictionary) -> bool {
    match node.get_type() {
        Ok(kind) => kind == b"Page",
        Err(_) => node.has(b"Contents") || node.has(b"MediaBox"),
    }
}
