//! What must hold of a native library before a phone is asked to load it: it wants only Android's own libraries, every
//! symbol that it asks for exists there, and its parts begin at multiples of 16 KB, the pages of newer phones.

use anyhow::{Context as _, Result, ensure};
use goblin::elf::{Elf, program_header::PT_LOAD, section_header::SHN_UNDEF, sym::STB_WEAK};

use super::bionic::{Bionic, LIBRARIES, Presence};

/// A newer phone's page, in bytes. Google Play asks for it since November 2025; older phones don't mind.
pub(crate) const PAGE_BYTES: u64 = 16_384;

/// Checks one library, given as its bytes.
pub(crate) fn check(library: &[u8], bionic: &Bionic) -> Result<()> {
    let elf = Elf::parse(library).context("ce n’est pas une bibliothèque ELF")?;
    let parts = elf.program_headers.iter().filter(|part| part.p_type == PT_LOAD);
    let unaligned = parts.filter(|part| part.p_align % PAGE_BYTES != 0).count();
    ensure!(unaligned == 0, "{unaligned} segment(s) non alignés sur {PAGE_BYTES} octets");

    let known = |wanted: &str| LIBRARIES.iter().any(|library| wanted.strip_suffix(".so") == Some(library));
    let foreign: Vec<_> = elf.libraries.iter().filter(|wanted| !known(wanted)).collect();
    ensure!(foreign.is_empty(), "bibliothèques que les téléphones n’offrent pas : {foreign:?}");

    let mut missing = Vec::new();
    for symbol in
        elf.dynsyms.iter().filter(|symbol| symbol.st_shndx == SHN_UNDEF as usize && symbol.st_name != 0)
    {
        let name = elf.dynstrtab.get_at(symbol.st_name).context("un symbole sans nom")?;
        let present = match bionic.presence(name) {
            Some(Presence::Always) => true,
            Some(Presence::Weak) => symbol.st_bind() == STB_WEAK,
            None => false,
        };
        if !present {
            missing.push(name);
        }
    }
    ensure!(missing.is_empty(), "symboles absents de la liste de bionic, API 24 : {}", missing.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    /// A library made by the C compiler that Rust links with.
    fn library(source: &str, page: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let (c, so) = (folder.path().join("x.c"), folder.path().join("x.so"));
        fs::write(&c, source).unwrap();
        let page = format!("-Wl,-z,max-page-size={page}");
        let made = Command::new("cc")
            .args(["-shared", "-nostdlib", "-fPIC", "-O1", &page, "-o"])
            .args([&so, &c])
            .status();
        assert!(made.unwrap().success());
        fs::read(so).unwrap()
    }

    fn verdict(source: &str, page: &str) -> Result<(), String> {
        check(&library(source, page), &Bionic::read().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_phones_have_may_be_asked_for() {
        assert_eq!(verdict("void abort(void); void f(void) { abort(); }", "16384"), Ok(()));
    }

    #[test]
    fn a_name_that_is_not_listed_is_named() {
        let said =
            verdict("void explicit_bzero(void); void f(void) { explicit_bzero(); }", "16384").unwrap_err();
        assert!(said.contains("explicit_bzero"), "{said}");
    }

    #[test]
    fn a_name_of_newer_phones_may_only_be_asked_for_weakly() {
        let ask = "int getrandom(void); int f(void) { return getrandom(); }";
        let weak =
            "__attribute__((weak)) int getrandom(void); int f(void) { return getrandom ? getrandom() : 0; }";
        assert!(verdict(ask, "16384").is_err());
        assert_eq!(verdict(weak, "16384"), Ok(()));
    }

    #[test]
    fn a_library_that_phones_do_not_offer_is_named() {
        // A library without a name of its own is wanted under that of its file.
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("libautre.so");
        fs::write(&other, library("int g(void) { return 1; }", "16384")).unwrap();
        let (c, so) = (folder.path().join("x.c"), folder.path().join("x.so"));
        fs::write(&c, "int f(void) { return 1; }").unwrap();
        let made = Command::new("cc")
            .args(["-shared", "-nostdlib", "-fPIC", "-Wl,--no-as-needed", "-Wl,-z,max-page-size=16384", "-o"])
            .args([&so, &c, &other])
            .status();
        assert!(made.unwrap().success());
        let said = check(&fs::read(so).unwrap(), &Bionic::read().unwrap()).unwrap_err().to_string();
        assert!(said.contains("libautre.so"), "{said}");
    }

    #[test]
    fn small_pages_are_refused() {
        assert!(verdict("int f(void) { return 1; }", "4096").unwrap_err().contains("alignés"));
    }

    #[test]
    fn what_is_no_library_is_refused() {
        assert!(check(b"PK\x03\x04", &Bionic::read().unwrap()).is_err());
    }
}
