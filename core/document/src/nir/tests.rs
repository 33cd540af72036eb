//! Expected values: the specimen printed in public documents (2 55 08 14 168 025 38), and two numbers of Corsica whose
//! keys were computed elsewhere by the rule of the key (97 less the rest by 97, 2A counted as 19 and 2B as 18).

use proptest::prelude::*;

use super::contains;

#[test]
fn a_number_with_its_key_is_found_as_it_is_printed() {
    for text in [
        "255081416802538",
        "2550814168025 38",
        "2 55 08 14 168 025 38",
        "2.55.08.14.168.025.38",
        "2 55 08 14 168 025 | 38",
        "2\u{a0}55\u{a0}08\u{a0}14\u{a0}168\u{a0}025\u{a0}38",
        "Matricule 00412\nSalariée\n2 55 08 14 168 025 38\nEmploi",
        "le 01/02/2024 : 2 5 5 0 8 1 4 1 6 8 0 2 5 3 8",
        "N° 2550 814168 02538, née le",
        "12 2 55 08 14 168 025 38 75011",
    ] {
        assert!(contains(text), "{text}");
    }
}

#[test]
fn a_number_of_corsica_is_found() {
    for text in ["1 85 05 2A 123 456 33", "185052B12345660", "1850518123456 60"] {
        assert!(contains(text), "{text}");
    }
    assert!(!contains("185052A12345660"));
}

#[test]
fn a_number_without_its_key_is_found_where_a_word_announces_it() {
    for text in [
        "N° de sécurité sociale : 2 55 08 14 168 025",
        "NUMÉRO DE SÉCURITÉ\nSOCIALE\n2550814168025",
        "N°SS 2550814168025",
        "N° S.S. 2550814168025",
        "NIR 2.55.08.14.168.025",
        "2 55 08 14 168 025 Clé 38",
    ] {
        assert!(contains(text), "{text}");
    }
    assert!(!contains("Référence : 2 55 08 14 168 025"));
}

#[test]
fn other_numbers_are_not() {
    for text in [
        "",
        "2 55 08 14 168 025 37",
        "A255081416802538",
        "2550814168025381",
        "IBAN FR76 3000 4000 0312 3456 7890 143",
        "06 12 34 56 78 - 01 23 45 67 89",
        "057 1215 073903 10691",
        "n° fiscal 30 01 123 456 789",
        "SIRET 552 100 554 00025",
        "2 55 08 14\n168 025 38",
    ] {
        assert!(!contains(text), "{text}");
    }
}

/// Digits that are the same on each run (Marsaglia's xorshift).
struct Digits(u64);

impl Digits {
    fn next(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 7;
                self.0 ^= self.0 << 17;
                char::from(b'0' + u8::try_from((self.0 >> 20) % 10).unwrap())
            })
            .collect()
    }

    /// How many of 20,000 texts of this shape (# is a digit) seem to hold a NIR.
    fn alarms(&mut self, shape: &str) -> usize {
        let text = |digits: &mut Self| -> String {
            shape.chars().map(|c| if c == '#' { digits.next(1) } else { c.to_string() }).collect()
        };
        (0..20_000).filter(|_| contains(&text(self))).count()
    }
}

#[test]
fn false_alarms_are_rare() {
    let mut digits = Digits(0x9E37_79B9_7F4A_7C15);
    for (shape, most) in [
        // What chance alone gives: a sex in 4 of 10, a month in 8 of 10, a key in 1 of 97: 1 in 300 of just these.
        ("###############", 90),
        ("# ## ## ## ### ### ##", 90),
        ("IBAN FR## #### #### #### #### #### ###", 0),
        ("FR#########################", 0),
        ("0# ## ## ## ## / 0# ## ## ## ##", 0),
        ("0## #### ###### #####", 0),
        ("n° fiscal ## ## ### ### ###", 0),
        ("SIRET ### ### ### ##### 01/02/2024", 0),
        ("carte #### #### #### ####", 0),
        ("################", 0),
    ] {
        let alarms = digits.alarms(shape);
        assert!(alarms <= most, "{alarms} of 20,000 in {shape}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_to_its_end(text in "\\PC{0,200}|[0-9 .\nAB-]{0,200}") {
        contains(&text);
    }

    #[test]
    fn a_number_is_found_wherever_it_stands(before in "[a-zé ,:]{0,30}", after in "[a-zé ,:]{0,30}") {
        let text = format!("{before}, 2 55 08 14 168 025 38, {after}");
        prop_assert!(contains(&text));
    }
}
