//! The name under which a person knows a file. It is shown, never used: no path, no identity is made from it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use crate::limites::NOM_AFFICHE_CHARS_MAX;

/// A file's display name: NFC, on one line, without path, control or direction-changing characters, at most
/// [`NOM_AFFICHE_CHARS_MAX`] characters. `Debug` hides it, since people put their names in file names.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct NomAffiche(String);

impl NomAffiche {
    /// Makes any name fit to be shown. What remains of it may be nothing: then it is « document ».
    pub fn new(name: &str) -> Self {
        let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let clean: String = last.nfc().filter(|c| !is_hidden(*c)).take(NOM_AFFICHE_CHARS_MAX).collect();
        let clean = clean.trim().trim_matches('.').trim();
        Self(if clean.is_empty() { "document".to_owned() } else { clean.nfc().collect() })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that would break a line or a header, or show another name than the one that is there.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}' | '\u{E0000}'..='\u{E007F}' | '\u{61C}' | '\u{AD}')
}

impl fmt::Display for NomAffiche {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NomAffiche {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NomAffiche(…)")
    }
}

impl<'de> Deserialize<'de> for NomAffiche {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::new(&name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_stay_readable_and_harmless() {
        let shown = |name| NomAffiche::new(name).to_string();
        assert_eq!(shown("Gru\u{308}ße de l’été.jpg"), "Grüße de l’été.jpg");
        assert_eq!(shown("../../etc/passwd"), "passwd");
        assert_eq!(shown("C:\\Users\\moi\\bulletin.pdf"), "bulletin.pdf");
        assert_eq!(shown("a\r\nSet-Cookie: x"), "aSet-Cookie: x");
        assert_eq!(shown("fiche\u{202E}gpj.exe"), "fichegpj.exe");
        assert_eq!(shown(".."), "document");
        assert_eq!(shown(""), "document");
    }

    proptest! {
        #[test]
        fn every_name_becomes_one_harmless_line_and_stays(name in any::<String>()) {
            let shown = NomAffiche::new(&name);
            prop_assert!(!shown.as_str().is_empty());
            prop_assert!(shown.as_str().chars().count() <= NOM_AFFICHE_CHARS_MAX);
            prop_assert!(!shown.as_str().contains(['/', '\\', '\r', '\n', '\0']));
            prop_assert_eq!(NomAffiche::new(shown.as_str()), shown.clone());
            prop_assert_eq!(serde_json::from_str::<NomAffiche>(&serde_json::to_string(&shown).unwrap()).unwrap(), shown);
        }
    }
}
