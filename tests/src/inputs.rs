//! Files that should not become a justificatif, and one that may: made byte by byte, from the formats' own texts.

use std::fmt::Write as _;

/// A PDF of that many empty A4 pages (ISO 32000-1, 7.5: objects, cross-reference table, trailer).
pub fn pdf(pages: usize) -> Vec<u8> {
    pdf_with_trailer(pages, &[], "")
}

/// The same with these bytes in it, so that no two are alike.
pub fn pdf_with_weight(pages: usize, bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    let length = digits.len();
    let stream = format!("<< /Length {length} /Filter /ASCIIHexDecode >>\nstream\n{digits}\nendstream");
    pdf_with_trailer(pages, &[stream], "")
}

/// A PDF that cannot be opened without its password: the standard handler's entries (ISO 32000-1, 7.6.3) hold the
/// check values of a password that nobody has, so that the empty one does not fit.
pub fn pdf_with_password() -> Vec<u8> {
    let check = "<4D61446D616E646520646573206F6374657473207175656C636F6E71756573AA>";
    let handler = format!("<< /Filter /Standard /V 1 /R 2 /Length 40 /O {check} /U {check} /P -4 >>");
    let id = "<00112233445566778899AABBCCDDEEFF>";
    pdf_with_trailer(1, &[handler], &format!("/Encrypt 4 0 R /ID [{id} {id}]"))
}

/// Objects: 1 the catalogue, 2 the tree of pages, 3 one page, from 4 on what is given.
fn pdf_with_trailer(pages: usize, more: &[String], trailer: &str) -> Vec<u8> {
    let kids = vec!["3 0 R"; pages].join(" ");
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{kids}] /Count {pages} >>"),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>".to_owned(),
    ];
    objects.extend_from_slice(more);
    let mut file = String::from("%PDF-1.4\n");
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in objects.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        let _ = write!(file, "{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let start = file.len();
    let size = objects.len() + 1;
    let _ =
        write!(file, "{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

/// The first bytes of a JPEG and nothing that a decoder could use: passes for a photo until somebody opens it.
pub fn jpeg_in_name_only(bytes: usize) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xE0];
    file.resize(bytes.max(4), 0x20);
    file
}

/// Text: of no type that a justificatif may have.
pub fn text() -> Vec<u8> {
    b"Bonjour, voici une simple lettre dans un simple fichier de texte.\n".repeat(20)
}
