//! The command line as a script meets it: the real binary, its exit codes and its JSON.

#![expect(clippy::unwrap_used, reason = "in a test, helpers included, a panic is the report")]

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

/// A PDF of one empty page, written by hand: the smallest that readers accept, without a table of references.
const PDF: &str = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n";

/// The PDF with the table of references that its bytes call for.
fn pdf() -> Vec<u8> {
    let offset = |number: u8| PDF.find(&format!("{number} 0 obj")).unwrap();
    let entries = [1, 2, 3].map(|number| format!("{:010} 00000 n \n", offset(number))).concat();
    let xref = PDF.len();
    format!("{PDF}xref\n0 4\n0000000000 65535 f \n{entries}trailer<</Size 4/Root 1 0 R>>\nstartxref\n{xref}\n%%EOF\n")
        .into_bytes()
}

fn ma_demande(dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ma-demande"))
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .env("XDG_DATA_HOME", dir.join("etat"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<serde_json::Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn preparer_says_one_line_per_file_and_a_refused_one_does_not_stop_the_others() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bail.pdf"), pdf()).unwrap();
    fs::write(dir.path().join("vide.pdf"), b"").unwrap();
    fs::write(dir.path().join("note.txt"), b"Un texte assez long pour ne pas etre vide.").unwrap();
    let files = ["vide.pdf", "note.txt", "absent.pdf", "bail.pdf"];
    let output = ma_demande(dir.path(), &[&["preparer", "--json", "-o", "sortie"], &files[..]].concat(), "");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let lines = lines(&output);
    let told: Vec<_> =
        lines.iter().map(|line| (line["source"].as_str().unwrap(), &line["resultat"])).collect();
    assert_eq!(
        told,
        [
            ("vide.pdf", &"refus".into()),
            ("note.txt", &"refus".into()),
            ("absent.pdf", &"erreur".into()),
            ("bail.pdf", &"prepare".into()),
        ]
    );
    assert_eq!((&lines[0]["code"], &lines[1]["code"]), (&"vide".into(), &"type_inconnu".into()));
    assert!(lines[0]["phrase"].as_str().unwrap().contains("vide"));
    let prepared = &lines[3];
    assert_eq!(prepared["media_type"], "application/pdf");
    assert_eq!((&prepared["pages"], &prepared["octets"]), (&1.into(), &pdf().len().into()));
    // A PDF is passed on unchanged, so that its digest is the original's.
    assert_eq!(prepared["sha256"], prepared["sha256_original"]);
    assert_eq!(fs::read(dir.path().join(prepared["fichier"].as_str().unwrap())).unwrap(), pdf());
    assert_eq!(fs::read_dir(dir.path().join("sortie")).unwrap().count(), 1);
}

#[test]
fn preparer_never_overwrites() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("bail.pdf"), pdf()).unwrap();
    for name in ["bail-2.pdf", "bail-3.pdf"] {
        let output = ma_demande(dir.path(), &["preparer", "--json", "bail.pdf", "-o", "."], "");
        assert_eq!(output.status.code(), Some(0));
        assert!(lines(&output)[0]["fichier"].as_str().unwrap().ends_with(name));
    }
}

/// A photo of the project's samples: a payslip on a desk, and the same for a tax notice's code.
fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name).to_string_lossy().into_owned()
}

#[test]
fn a_sheet_that_is_surely_found_is_laid_flat_unless_refused() {
    let dir = tempfile::tempdir().unwrap();
    let photo = sample("tests/samples/B_12.jpg");
    let prepare = |options: &[&str]| {
        let output = ma_demande(dir.path(), &[&["preparer", &photo, "-o", "."], options].concat(), "");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        output
    };
    let flat = &lines(&prepare(&["--json"]))[0];
    assert_eq!(flat["redressees"], 1);
    // The sheet fills 84 % of the photo's height, and now the whole of it.
    assert_eq!(flat["pixels"][1], 2000);
    let whole = &lines(&prepare(&["--json", "--sans-redressement"]))[0];
    assert_eq!((&whole["redressees"], &whole["pixels"]), (&0.into(), &serde_json::json!([1512, 2016])));
    let told = String::from_utf8(prepare(&[]).stdout).unwrap();
    assert!(told.contains("feuille redressée"), "{told}");
}

#[test]
fn a_code_is_told_as_a_suggestion_that_nobody_checked() {
    let dir = tempfile::tempdir().unwrap();
    let photo = sample("core/document/tests/donnees/2d-doc.png");
    let output = ma_demande(dir.path(), &["preparer", "--json", &photo, "-o", "."], "");
    let suggestion = &lines(&output)[0]["suggestions"][0];
    assert_eq!(
        (&suggestion["rubrique"], &suggestion["type"]),
        (&"revenu_fiscal".into(), &"avis_imposition".into())
    );
    assert_eq!((&suggestion["annee"], &suggestion["signature"]), (&2021.into(), &"non vérifié".into()));
    assert_eq!(suggestion["noms"], serde_json::json!(["RETI PATRICK", "RETI SOPHIE"]));
    let told = ma_demande(dir.path(), &["preparer", &photo, "-o", "."], "");
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("(non vérifié) : Avis d’impôt sur les revenus, 2021, RETI PATRICK"), "{told}");
    assert!(told.contains("--rubrique revenu_fiscal --type avis_imposition"), "{told}");
}

/// The public key of the certificate FR00 0001, with which the specification's examples are signed.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqY8NfM1igIiTvsTUNuedGDSh1uAB
1w8cTNzNnZ4v4in3JAUU6N3AypjQx0QMnMSShJoPvac/w5L02grgf4TCPA==
-----END PUBLIC KEY-----
";

/// Another's.
const OTHER_KEY: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEzIzvtLS0ncTEvWI0jCNom7/NzJ9OV5br
c8LX3sVPoXahhtkAw3FtHyoeisob8rPOSOwrOFCWSy4DVZQuaGaEsdr2jgFITxyt
gbjuvKHqkMTRAzk74IazI8oNzZGVINj/
-----END PUBLIC KEY-----
";

#[test]
fn a_code_s_signature_is_checked_with_a_key_that_is_given() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [("cle.pem", KEY), ("autre.pem", OTHER_KEY), ("vide.pem", "")] {
        fs::write(dir.path().join(name), content).unwrap();
    }
    let photo = sample("core/document/tests/donnees/2d-doc.png");
    let prepare = |certificate: &str| {
        ma_demande(dir.path(), &["preparer", "--json", &photo, "-o", ".", "--certificat", certificate], "")
    };
    for (certificate, said) in [
        ("FR000001=cle.pem", "signature vérifiée"),
        ("FR000001=autre.pem", "signature fausse"),
        ("FR000002=cle.pem", "non vérifié"),
    ] {
        let output = prepare(certificate);
        assert_eq!(
            lines(&output)[0]["suggestions"][0]["signature"],
            said,
            "{certificate}: {}",
            stderr(&output)
        );
    }
    for unusable in ["cle.pem", "FR01=cle.pem", "FR000001=vide.pem", "FR000001=absent.pem"] {
        let output = prepare(unusable);
        assert_eq!(output.status.code(), Some(2), "{unusable}: {}", stderr(&output));
    }
}

#[test]
fn a_rectangle_is_blackened_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let photo = sample("tests/samples/B_12.jpg");
    let masked =
        ["preparer", "--json", &photo, "-o", ".", "--sans-redressement", "--masque", "1:30,40,20,10"];
    let output = ma_demande(dir.path(), &masked, "");
    let picture =
        image::open(dir.path().join(lines(&output)[0]["fichier"].as_str().unwrap())).unwrap().to_luma8();
    let at = |x: u32, y: u32| picture.get_pixel(x * picture.width() / 100, y * picture.height() / 100).0[0];
    for (x, y) in [(31, 41), (49, 41), (31, 49), (49, 49), (40, 45)] {
        assert!(at(x, y) < 12, "{x}, {y}: {}", at(x, y));
    }
    let inside = |x: u32, y: u32| {
        (30..50).contains(&(x * 100 / picture.width())) && (40..50).contains(&(y * 100 / picture.height()))
    };
    let outside = picture.enumerate_pixels().filter(|(x, y, _)| !inside(*x, *y));
    let (count, dark) =
        outside.fold((0, 0), |(count, dark), (.., pixel)| (count + 1, dark + u32::from(pixel.0[0] < 12)));
    assert!(dark * 100 < count, "{dark} black pixels of {count} outside of the rectangle");
}

#[test]
fn a_mask_that_hides_nothing_is_never_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let photo = sample("tests/samples/B_12.jpg");
    fs::write(dir.path().join("bail.pdf"), pdf()).unwrap();
    let prepare =
        |arguments: &[&str]| ma_demande(dir.path(), &[&["preparer", "-o", "s"], arguments].concat(), "");
    // Two files: on which of them?
    let output = prepare(&[&photo, "bail.pdf", "--masque", "1:10,10,10,10"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("un seul fichier"), "{}", stderr(&output));
    // No such page.
    assert_eq!(prepare(&["bail.pdf", "--masque", "2:10,10,10,10"]).status.code(), Some(3));
    assert_eq!(prepare(&[&photo, "--masque", "2:10,10,10,10"]).status.code(), Some(3));
    // Not on the page.
    let output = prepare(&["bail.pdf", "--masque", "1:95,10,10,10"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("pour cent"), "{}", stderr(&output));
    assert!(!dir.path().join("s").exists() || fs::read_dir(dir.path().join("s")).unwrap().count() == 0);
}

#[test]
fn a_malformed_command_ends_with_2_and_says_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (&["lister"][..], "--serveur"),
        (&["lister", "--serveur", "http://exemple.fr"], "https"),
        (&["deposer", "a.jpg"], "--rubrique"),
        (&["preparer", "a.jpg"], "--sortie"),
        (&["telecharger", "pas-un-id", "-o", "x"], "pas-un-id"),
        (&["inconnue"], "inconnue"),
        (&["connexion", "--numero", "057"], "--numero"),
    ] {
        let output = ma_demande(dir.path(), arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn messages_are_french() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in
        [&["--help"][..], &["deposer", "--help"], &["preparer"], &["inconnue"], &["lister", "--bof"]]
    {
        let output = ma_demande(dir.path(), arguments, "");
        let said = String::from_utf8(output.stdout.clone()).unwrap() + &stderr(&output);
        for english in ["Usage", "error", "Options", "Commands", "Arguments", "Print", "required", "try "] {
            assert!(!said.contains(english), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn the_version_is_told() {
    let output = ma_demande(tempfile::tempdir().unwrap().path(), &["--version"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_help_lists_the_exit_codes() {
    let dir = tempfile::tempdir().unwrap();
    let output = ma_demande(dir.path(), &["--help"], "");
    let help = String::from_utf8(output.stdout).unwrap();
    for code in 0..=7 {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))), "{code}");
    }
}

#[test]
fn without_session_the_code_is_4_and_a_malformed_numero_is_named_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    // Port 9 (discard) of this machine: nothing listens, and nothing must be asked of it.
    let serveur = "http://127.0.0.1:9";
    fs::write(dir.path().join("bail.pdf"), pdf()).unwrap();
    let deposer = ["deposer", "bail.pdf", "--rubrique", "situation_familiale", "--type", "pacs"];
    let output = ma_demande(dir.path(), &[&deposer[..], &["--json", "--serveur", serveur]].concat(), "");
    assert_eq!((output.status.code(), &lines(&output)[0]["code"]), (Some(4), &"session".into()));

    let input = "057 1315 073903 10691\nABCDE\n";
    let output = ma_demande(dir.path(), &["connexion", "--json", "--serveur", serveur], input);
    assert_eq!((output.status.code(), &lines(&output)[0]["code"]), (Some(4), &"numero_invalide".into()));
    assert!(lines(&output)[0]["phrase"].as_str().unwrap().contains("13"));

    let input = "057 1215 073903 10691\nABCDE\n";
    let output = ma_demande(dir.path(), &["connexion", "--json", "--serveur", serveur], input);
    assert_eq!((output.status.code(), &lines(&output)[0]["code"]), (Some(5), &"reseau".into()));
}
