//! The package itself: a ZIP in which Android reads the table of resources where it lies: stored, at a multiple of four
//! bytes. Native libraries are compressed to two fifths, for data plans are small; Android unpacks them when it installs.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// What Android reads as 32-bit words, in bytes.
const WORD_BYTES: u16 = 4;

/// One file of the package.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its name there.
    pub(crate) name: String,
    /// Where it comes from.
    pub(crate) file: PathBuf,
}

impl Entry {
    /// A file that keeps its name and lies in no folder.
    pub(crate) fn at_the_top(file: &Path) -> Result<Self> {
        let name = file.file_name().and_then(|name| name.to_str()).context("un fichier sans nom")?;
        Ok(Self { name: name.to_owned(), file: file.to_owned() })
    }
}

/// What lies how in a package: after it was signed too.
#[derive(Debug)]
pub(crate) struct Placed {
    name: String,
    stored: bool,
    offset: u64,
}

/// Adds files to the package that aapt2 made of manifest and resources. Entries carry no date: the same contents make the
/// same package.
pub(crate) fn pack(base: &Path, added: &[Entry], out: &Path) -> Result<()> {
    let mut package = ZipWriter::new(File::create(out)?);
    let mut resources = ZipArchive::new(File::open(base)?)?;
    for index in 0..resources.len() {
        let mut entry = resources.by_index(index)?;
        let name = entry.name()?.into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        let as_is = entry.compression() == CompressionMethod::Stored || is_read_in_place(&name);
        write(&mut package, &name, &bytes, as_is)?;
    }
    for Entry { name, file } in added {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        write(&mut package, name, &bytes, is_read_in_place(name))?;
    }
    package.finish()?;
    Ok(())
}

fn write(package: &mut ZipWriter<File>, name: &str, bytes: &[u8], as_is: bool) -> Result<()> {
    let options = SimpleFileOptions::default();
    let options = if as_is {
        options.compression_method(CompressionMethod::Stored).with_android_alignment(WORD_BYTES)
    } else {
        options.compression_method(CompressionMethod::Deflated).compression_level(Some(9))
    };
    package.start_file(name, options)?;
    package.write_all(bytes)?;
    Ok(())
}

fn is_read_in_place(name: &str) -> bool {
    name == "resources.arsc"
}

/// Reads how everything lies in a package.
pub(crate) fn placed(package: &Path) -> Result<Vec<Placed>> {
    let mut package = ZipArchive::new(File::open(package)?)?;
    (0..package.len())
        .map(|index| {
            let entry = package.by_index_raw(index)?;
            Ok(Placed {
                name: entry.name()?.into_owned(),
                stored: entry.compression() == CompressionMethod::Stored,
                offset: entry.data_start().context("un fichier du paquet n’a pas de place")?,
            })
        })
        .collect()
}

/// Checks that what is read in place can be.
pub(crate) fn check_alignment(placed: &[Placed]) -> Result<()> {
    for Placed { name, stored, offset, .. } in placed {
        ensure!(*stored || !is_read_in_place(name), "« {name} » est comprimé");
        let aligned = u64::from(WORD_BYTES);
        ensure!(!stored || offset % aligned == 0, "« {name} » n’est pas aligné sur {aligned} octets");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(folder: &Path) -> PathBuf {
        let path = folder.join("base.apk");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        for name in ["AndroidManifest.xml", "resources.arsc", "res/a.xml"] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&[7; 1001]).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    fn packed() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some");
        fs::write(&file, [9; 5003]).unwrap();
        let added = ["classes.dex", "lib/x86_64/a.so", "lib/x86_64/b.so"]
            .map(|name| Entry { name: name.to_owned(), file: file.clone() });
        let out = folder.path().join("out.apk");
        pack(&base(folder.path()), &added, &out).unwrap();
        (folder, out)
    }

    #[test]
    fn what_is_read_in_place_is_stored_on_its_boundary() {
        let (_folder, apk) = packed();
        let placed = placed(&apk).unwrap();
        check_alignment(&placed).unwrap();
        let of = |name: &str| placed.iter().find(|entry| entry.name == name).unwrap();
        assert_eq!(of("resources.arsc").offset % 4, 0);
        assert!(of("resources.arsc").stored && !of("classes.dex").stored && !of("lib/x86_64/b.so").stored);
        // The bytes at the place that is told are the file's.
        let bytes = fs::read(&apk).unwrap();
        let start = usize::try_from(of("resources.arsc").offset).unwrap();
        assert_eq!(bytes[start..start + 1001], [7; 1001]);
    }

    #[test]
    fn unaligned_or_compressed_is_found() {
        let entry = |stored, offset| Placed { name: "resources.arsc".to_owned(), stored, offset };
        assert!(check_alignment(&[entry(true, 32_768)]).is_ok());
        assert!(check_alignment(&[entry(true, 4_098)]).is_err());
        assert!(check_alignment(&[entry(false, 32_768)]).is_err());
    }

    #[test]
    fn the_same_contents_make_the_same_package() {
        let ((_a, first), (_b, second)) = (packed(), packed());
        assert_eq!(fs::read(first).unwrap(), fs::read(second).unwrap());
    }
}
