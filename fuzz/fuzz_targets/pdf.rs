//! A PDF, whole, keeps every promise, and is no longer active once prepared; one page of it, turned, is a PDF of one page
//! or an answer.
#![no_main]

#[path = "../../core/document/tests/common/promesses.rs"]
mod promesses;

use std::{fs, sync::atomic::AtomicBool};

use document::{Avertissement, ErreurPreparation, PagePlan, Plan, Prepared, Rotation, preparer};
use libfuzzer_sys::fuzz_target;
use promesses::Outcome;

fuzz_target!(|bytes: &[u8]| {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("source");
    // What follows the mark is the fuzzer's: it need not find it again each time.
    let marked = if bytes.starts_with(b"%PDF-") { bytes.to_vec() } else { [b"%PDF-1.7\n", bytes].concat() };
    fs::write(&source, &marked).unwrap();
    let whole = directory.path().join("entier");
    fs::create_dir(&whole).unwrap();
    let carry_out = |page: PagePlan, out: &str| -> Result<Prepared, ErreurPreparation> {
        preparer(&Plan::new(vec![page]), &directory.path().join(out), &mut |_| {}, &AtomicBool::new(false))
    };
    if let Outcome::Accepted = promesses::keep(&source, &whole).unwrap() {
        let again = carry_out(PagePlan::new(whole.join("pret")), "encore").unwrap();
        assert!(!again.avertissements.contains(&Avertissement::ContenuActifRetire));
    }
    let mut page = PagePlan::new(&source);
    page.page = bytes.last().map(|last| u32::from(last % 4));
    page.rotation = Rotation::Quart;
    match carry_out(page, "page") {
        Ok(prepared) => assert_eq!(prepared.pages, 1),
        Err(_) => assert!(!directory.path().join("page").exists()),
    }
});
