//! Expected values: the examples that the public specification prints (annexes « exemples », kinds 04, 06, 01 and 28),
//! with the tables of their data beside them.

use proptest::prelude::*;
use wire::Nomenclature;

use super::*;

const TAX_NOTICE: &str = "DC04FR000001FFFF1FB60401FR432,75\u{1D}44227801234567845202146RETI PATRICK\u{1D}4A310720224163198\u{1D}47300112345678948RETI SOPHIE\u{1D}490701987765432\u{1F}QHA4A6QOV6AZJEBTIUNR7QOBXIN";

const PAYSLIP: &str = "DC03FR00000112511636060110M/EXEMPLE/HENRY\u{1D}5000000000000000510157,55200934,553123154124F5515032012581319,24\u{1D}599894,3\u{1D}\u{1F}FCJYSMOD7KDZON5QGBKV355SCX2MDFOFU743UBY";

const BILL: &str = "DC03FR000001123F1636010126FR247500010MME/SPECIMEN/NATACHA\u{1D}22145 AVENUE DES SPECIMENS\u{1D}\u{1F}FEDMPW5SO5BNZFYP7FIQUYZFV5H3OF6QERDMOBN";

fn code(content: &str) -> DeuxDDoc {
    understand(content).unwrap().code.unwrap()
}

#[test]
fn a_tax_notice_tells_its_year_and_its_declarants() {
    let read = code(TAX_NOTICE);
    assert_eq!(read.document, "Avis d’impôt sur les revenus");
    assert_eq!(read.rubrique.as_ref().unwrap().as_str(), "revenu_fiscal");
    assert_eq!(read.type_piece.as_ref().unwrap().as_str(), "avis_imposition");
    assert_eq!(
        (read.annee, read.noms.as_slice()),
        (Some(2021), ["RETI PATRICK".into(), "RETI SOPHIE".into()].as_slice())
    );
    assert_eq!(read.signature(&[]), Signature::NonVerifiee);
    assert_eq!(read.signature(&[]).to_string(), "non vérifié");
    let shown = format!("{read:?}");
    assert!(!shown.contains("RETI") && shown.contains("2021"), "{shown}");
}

#[test]
fn a_payslip_tells_its_month_s_year_and_its_employee() {
    let read = code(PAYSLIP);
    assert_eq!(read.type_piece.as_ref().unwrap().as_str(), "bulletin_salaire");
    // 124F is 31 October 2012; the slip of the example bears a code of 2015.
    assert_eq!((read.annee, read.noms.as_slice()), (Some(2012), ["M EXEMPLE HENRY".to_owned()].as_slice()));
}

#[test]
fn a_bill_has_no_type_of_ours_and_the_year_in_which_it_was_issued() {
    let read = code(BILL);
    assert_eq!((read.rubrique, read.type_piece, read.annee), (None, None, Some(2012)));
    assert_eq!(read.noms, ["MME SPECIMEN NATACHA"]);
}

#[test]
fn data_that_are_not_known_are_passed_over() {
    let second = "DC04FR000001FFFF25472801FR432,75\u{1D}44227801234567845202146RETI PATRICK\u{1D}4A310720224Y145 RUE JULLIARD/ZASPECIMEN/78320/LEVIS STNOM\u{1D}4163198\u{1D}47300112345678948RETISOPHIE\u{1D}4907019877654324V3542\u{1D}4X3724\u{1D}4Z182\u{1D}\u{1F}MA2KM";
    let read = code(second);
    assert_eq!(
        (read.annee, read.noms),
        (Some(2021), vec!["RETI PATRICK".to_owned(), "RETISOPHIE".to_owned()])
    );
}

#[test]
fn the_first_versions_have_a_shorter_header() {
    for (version, header) in [("01", "DC01FR000001123FFFFF01"), ("02", "DC02FR000001123FFFFF01")] {
        let read = code(&format!("{header}12NATACHA\u{1D}13SPECIMEN\u{1D}"));
        assert_eq!(
            (read.annee, read.noms.clone()),
            (Some(2012), vec!["NATACHA SPECIMEN".to_owned()]),
            "{version}"
        );
        assert_eq!(read.signature(&[]), Signature::Absente);
    }
}

#[test]
fn a_datum_ends_at_its_greatest_length_without_a_separator() {
    let name = "A".repeat(38);
    let read = code(&format!("DC04FR000001FFFFFFFF0401FR46{name}452021"));
    assert_eq!((read.annee, read.noms), (Some(2021), vec![name]));
    let cut = code("DC04FR000001FFFFFFFF0401FR46LONGUE\u{1E}452021");
    assert_eq!((cut.annee, cut.noms), (Some(2021), vec!["LONGUE".to_owned()]));
}

#[test]
fn what_is_no_2d_doc_of_ours_is_not_taken_for_one() {
    for content in [
        "",
        "DC",
        "DC04",
        "https://example.org",
        "DC05FR000001FFFF1FB60401FR",
        // Another perimeter, whose data mean something else.
        "DC04FR000001FFFF1FB60402FR45202",
        "DC04FR000001FFFF1FB604",
        "DC04FRé00001FFFF1FB60401FR",
    ] {
        assert_eq!(understand(content), None, "{content}");
    }
    // A kind of document that we do not know says nothing, but is read.
    assert_eq!(understand("DC04FR000001FFFF1FB6ZZ01FR"), Some(Lu { code: None, nir: false }));
}

#[test]
fn a_social_security_number_in_it_is_seen() {
    assert!(!understand(TAX_NOTICE).unwrap().nir);
    assert!(understand("DC04FR000001FFFF1FB60601FR01255081416802538\u{1D}").unwrap().nir);
}

#[test]
fn the_table_names_rubriques_and_types_that_exist() {
    let nomenclature = Nomenclature::embarquee();
    assert!(SPECIFICATION.documents().len() > 15);
    for document in SPECIFICATION.documents() {
        if document.rubrique.is_empty() {
            assert!(document.type_piece.is_empty());
            continue;
        }
        let rubrique = document.rubrique.parse().unwrap();
        assert!(nomenclature.rubrique(&rubrique).is_some(), "{document:?}");
        let known = || nomenclature.type_piece(&rubrique, &document.type_piece.parse().unwrap()).is_some();
        assert!(document.type_piece.is_empty() || known(), "{document:?}");
    }
}

proptest! {
    #[test]
    fn any_content_is_read_to_its_end(content in "\\PC{0,60}|DC0[0-9A-Z]{20,24}[0-9A-Z\u{1D}\u{1E}\u{1F}é]{0,80}|DC04FR000001FFFF1FB60401FR\\PC{0,80}") {
        understand(&content);
    }

    #[test]
    fn names_and_year_come_back_in_any_order(name in "[A-Z]{1,20}( [A-Z]{1,16})?", year in 2000..2100_i32, first in any::<bool>()) {
        let (name_field, year_field) = (format!("46{name}\u{1D}"), format!("45{year}"));
        let data = if first { name_field + &year_field } else { year_field + &name_field };
        let read = code(&format!("DC04FR000001FFFF1FB60401FR{data}"));
        prop_assert_eq!(read.annee, Some(year));
        prop_assert_eq!(read.noms, vec![name]);
    }
}
