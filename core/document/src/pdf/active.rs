//! What a PDF can do beyond being read: scripts, actions that start programs or send data, files and films inside.
//! Every object is looked at, reachable or not, since a reader may find what a tree walk does not.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

/// Kinds of action that do something other than show a place in this document or open a page on the web (ISO 32000-2,
/// table 201).
const ACTIONS: [&[u8]; 11] = [
    b"JavaScript",
    b"Launch",
    b"SubmitForm",
    b"ImportData",
    b"GoToR",
    b"GoToE",
    b"Rendition",
    b"Movie",
    b"Sound",
    b"RichMediaExecute",
    b"GoTo3DView",
];

/// Keys under which scripts and files hang, wherever they stand.
const KEYS: [&[u8]; 6] = [b"JS", b"JavaScript", b"EmbeddedFiles", b"EF", b"AF", b"XFA"];

/// Kinds of annotation that carry a film, a sound, a file or a program.
const ANNOTATIONS: [&[u8]; 6] = [b"RichMedia", b"Screen", b"Movie", b"Sound", b"3D", b"FileAttachment"];

/// Whether the document has any.
pub(crate) fn is_active(document: &Document) -> bool {
    any_dictionary(document, &|dictionary| {
        is_action(dictionary) || is_annotation(dictionary) || KEYS.iter().any(|key| dictionary.has(key))
    })
}

/// Takes all of it out. What only that referred to goes too.
pub(crate) fn remove(document: &mut Document) {
    let annotations: HashSet<ObjectId> = document
        .objects
        .iter()
        .filter(|(_, object)| object.as_dict().is_ok_and(is_annotation))
        .map(|(id, _)| *id)
        .collect();
    for object in document.objects.values_mut() {
        clean(object, &annotations);
    }
    document.prune_objects();
}

/// Whether any dictionary of the document, however deep, is as asked. The parser has bounded how deep they nest.
pub(crate) fn any_dictionary(document: &Document, wanted: &impl Fn(&Dictionary) -> bool) -> bool {
    fn any(object: &Object, wanted: &impl Fn(&Dictionary) -> bool) -> bool {
        match object {
            Object::Array(items) => items.iter().any(|item| any(item, wanted)),
            Object::Dictionary(dictionary) | Object::Stream(lopdf::Stream { dict: dictionary, .. }) => {
                wanted(dictionary) || dictionary.iter().any(|(_, value)| any(value, wanted))
            }
            _ => false,
        }
    }
    document.objects.values().any(|object| any(object, wanted))
}

fn clean(object: &mut Object, annotations: &HashSet<ObjectId>) {
    match object {
        Object::Array(items) => {
            items.retain(|item| match item {
                Object::Reference(id) => !annotations.contains(id),
                Object::Dictionary(dictionary) => !is_annotation(dictionary),
                _ => true,
            });
            for item in items {
                clean(item, annotations);
            }
        }
        Object::Dictionary(dictionary) | Object::Stream(lopdf::Stream { dict: dictionary, .. }) => {
            if is_action(dictionary) {
                // An action without a kind does nothing, whoever refers to it.
                *dictionary = Dictionary::new();
            }
            for key in KEYS {
                dictionary.remove(key);
            }
            dictionary.iter_mut().for_each(|(_, value)| clean(value, annotations));
        }
        _ => {}
    }
}

/// A structure element names its role under the same key.
fn is_action(dictionary: &Dictionary) -> bool {
    name(dictionary, b"S").is_some_and(|kind| ACTIONS.contains(&kind)) && !dictionary.has_type(b"StructElem")
}

fn is_annotation(dictionary: &Dictionary) -> bool {
    name(dictionary, b"Subtype").is_some_and(|kind| ANNOTATIONS.contains(&kind)) && dictionary.has(b"Rect")
}

fn name<'a>(dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
    dictionary.get(key).and_then(Object::as_name).ok()
}
