//! A photo, whole, keeps every promise; and with a plan that the last bytes choose, it is a photo of ours or an answer.
#![no_main]

#[path = "../../core/document/tests/common/promesses.rs"]
mod promesses;

use std::{fs, sync::atomic::AtomicBool};

use document::{Corners, Inspection, Mask, PagePlan, Plan, Point, Rotation, inspecter, preparer};
use libfuzzer_sys::fuzz_target;
use wire::MediaType;

fuzz_target!(|bytes: &[u8]| {
    if matches!(wire::sniff(bytes), wire::Sniff::Known(MediaType::Pdf)) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("source");
    fs::write(&source, bytes).unwrap();
    let whole = directory.path().join("entier");
    fs::create_dir(&whole).unwrap();
    promesses::keep(&source, &whole).unwrap();

    let mut page = PagePlan::new(&source);
    // A reader of pictures looks at the end last, if at all.
    let Some((_, choice)) = bytes.split_last_chunk::<12>() else { return };
    // From a quarter outside the picture to a quarter outside on the other side.
    let place = |x: u8, y: u8| Point { x: f32::from(x) / 170.0 - 0.25, y: f32::from(y) / 170.0 - 0.25 };
    let [turn, a, b, c, d, e, f, g, h, i, j, k] = *choice;
    page.rotation = Rotation::from_degrees(i32::from(turn) * 90).unwrap_or_default();
    page.clean = turn & 4 != 0;
    page.corners = (turn & 8 != 0).then(|| Corners([place(a, b), place(c, d), place(e, f), place(g, h)]));
    page.masks = vec![Mask { page: 0, from: place(i, j), to: place(k, a) }];
    let out = directory.path().join("pret");
    match preparer(&Plan::new(vec![page]), &out, &mut |_| {}, &AtomicBool::new(false)) {
        Ok(prepared) => {
            promesses::bare(&fs::read(&out).unwrap()).unwrap();
            let Ok(Inspection::Document(constat)) = inspecter(&out) else { panic!("refused") };
            assert_eq!((constat.pixels, constat.sha256), (prepared.pixels, prepared.sha256));
        }
        Err(_) => assert!(!out.exists()),
    }
});
