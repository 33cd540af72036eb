//! The process that holds keys and base parses no image and no PDF: no such library is linked into it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read the build's metadata fails"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Words in the names of libraries that read documents. `ma-demande-document` is ours.
const READERS: [&str; 16] = [
    "avif", "document", "gif", "hayro", "heif", "image", "jpeg", "lopdf", "mozjpeg", "pdf", "png", "resvg",
    "rxing", "tiff", "webp", "zune",
];

/// The packages linked into `root`'s library or program.
fn linked_into(root: &str, metadata: &Value) -> BTreeSet<String> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect();
    let (start, _) = names.iter().find(|(_, name)| **name == root).unwrap();
    let (mut todo, mut seen) = (vec![*start], BTreeSet::new());
    while let Some(id) = todo.pop() {
        if seen.insert(id) {
            // A kind of null is a normal dependency; "dev" and "build" are not linked into the program.
            todo.extend(nodes[id]["deps"].as_array().unwrap().iter().filter_map(|dep| {
                let linked = dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
                linked.then(|| dep["pkg"].as_str().unwrap())
            }));
        }
    }
    seen.into_iter().map(|id| names[id].to_owned()).collect()
}

fn readers(packages: &BTreeSet<String>) -> Vec<&String> {
    packages.iter().filter(|name| name.split(['-', '_']).any(|word| READERS.contains(&word))).collect()
}

#[test]
fn the_server_links_no_reader_of_documents() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(readers(&linked_into("ma-demande-server", &metadata)), Vec::<&String>::new());
    // The same look at the inspecteur finds what it should.
    let inspecteur = linked_into("ma-demande-inspecteur", &metadata);
    let found = readers(&inspecteur);
    assert!(
        found.iter().any(|name| *name == "ma-demande-document") && found.iter().any(|name| *name == "lopdf")
    );
}
