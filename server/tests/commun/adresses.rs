//! Every address of the counter, read from the routes' own source: a new one fails the tests that know of each until they
//! know of it too.

use std::collections::BTreeSet;

/// Method and address, with what varies in braces, by the name that the routes give it.
pub(crate) fn counter_addresses() -> BTreeSet<(String, String)> {
    let source = include_str!("../../src/http/route.rs");
    let (_, table) = source.split_once("fn counter_page(").unwrap();
    let (_, table) = table.split_once("match segments {").unwrap();
    let (table, _) = table.split_once("_ => Err(NoRoute::Absent)").unwrap();
    let arms: Vec<&str> = table.split("\n        [").skip(1).collect();
    assert_eq!(arms.len(), table.matches("] =>").count(), "a line of the routes is not understood");
    let mut found = BTreeSet::new();
    for arm in arms {
        let (pattern, page) = arm.split_once("] =>").unwrap();
        let segments = pattern.split(", ").filter(|segment| !segment.is_empty());
        let path: String = segments
            .map(|segment| match segment.strip_prefix('"') {
                Some(literal) => format!("/{}", literal.trim_end_matches('"')),
                None => format!("/{{{segment}}}"),
            })
            .collect();
        let page = page.trim_start_matches(|c: char| c.is_whitespace() || c == '{');
        let methods = match page.split('(').next().unwrap() {
            "get" => ["GET"].as_slice(),
            "post" => &["POST"],
            "both" => &["GET", "POST"],
            other => panic!("the routes know a method « {other} » that this test does not"),
        };
        found.extend(methods.iter().map(|method| ((*method).to_owned(), format!("/guichet{path}"))));
    }
    found
}
