//! A list of who should have access, as it is pasted from a spreadsheet: a line for each agent, with address, name and
//! profile. Every line that does not read is named with what is wrong with it, so that all can be corrected at once.

use std::collections::HashMap;

use super::{access::normalise_courriel, compte::is_address, types::Profil};

/// Most agents of one guichet's list. The largest guichets have some dozens.
pub const LIGNES_MAX: usize = 300;

/// Longest list, in characters: its lines at some sixty each. As a form sends it, with names full of accents, it takes half of
/// what a form may.
pub const LISTE_CHARS_MAX: usize = 20_000;

/// Longest name, in characters.
const NOM_CHARS_MAX: usize = 120;

/// The profiles that a guichet can ask for: all but the assistance's own.
pub const PROFILS_DEMANDES: [Profil; 5] = [
    Profil::Guichet,
    Profil::ConsultantSimple,
    Profil::ConsultantDemande,
    Profil::ConsultantSensible,
    Profil::GestionnaireTerritorial,
];

/// One agent of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LigneAcces {
    /// With what the agent signs in.
    pub courriel: String,
    /// What the agent is called.
    pub nom: String,
    /// What the agent should see.
    pub profil: Profil,
}

/// What is wrong with a list. `Display` is for the person; it is shown beside what was typed and goes nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListeInvalide {
    /// Nothing in it: that would say that nobody should have access.
    #[error("La liste est vide.")]
    Vide,
    /// Longer than [`LISTE_CHARS_MAX`].
    #[error("La liste dépasse {LISTE_CHARS_MAX} caractères.")]
    TropLongue,
    /// More than [`LIGNES_MAX`] lines.
    #[error("La liste dépasse {LIGNES_MAX} lignes.")]
    TropDeLignes,
    /// A line that does not read.
    #[error("Ligne {ligne} : {erreur}")]
    Ligne {
        /// From 1, empty ones included.
        ligne: u64,
        /// Why.
        erreur: LigneInvalide,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LigneInvalide {
    /// Not three columns.
    #[error("il faut trois colonnes (adresse ; nom ; profil), il y en a {0}.")]
    Colonnes(usize),
    /// Not an address.
    #[error("« {0} » n’est pas une adresse électronique bien formée.")]
    Courriel(String),
    /// No name, or too long.
    #[error("le nom manque, ou dépasse {NOM_CHARS_MAX} caractères.")]
    Nom,
    /// No profile that can be asked for.
    #[error("« {0} » n’est pas un profil : {profils}.", profils = profils())]
    Profil(String),
    /// The address stands on an earlier line.
    #[error("cette adresse figure déjà à la ligne {0}.")]
    Double(u64),
}

fn profils() -> String {
    PROFILS_DEMANDES.map(Profil::libelle).join(", ")
}

/// Reads a list. Columns are parted by tabs, semicolons or commas, as the first line has them; a line of titles and empty
/// lines are passed over.
pub fn read_liste(text: &str) -> Result<Vec<LigneAcces>, Vec<ListeInvalide>> {
    if text.chars().count() > LISTE_CHARS_MAX {
        return Err(vec![ListeInvalide::TropLongue]);
    }
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let separator = ['\t', ';'].into_iter().find(|separator| first.contains(*separator)).unwrap_or(',');
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, u64> = HashMap::new();
    for (ligne, line) in (1..).zip(text.lines()) {
        let cells = cells(line, separator);
        let titles = lines.is_empty() && wrong.is_empty() && cells.first().is_some_and(|cell| is_title(cell));
        if titles || cells.iter().all(String::is_empty) {
            continue;
        }
        if lines.len() + wrong.len() == LIGNES_MAX {
            return Err(vec![ListeInvalide::TropDeLignes]);
        }
        let read = read_line(&cells).and_then(|read| match seen.insert(read.courriel.clone(), ligne) {
            Some(earlier) => Err(LigneInvalide::Double(earlier)),
            None => Ok(read),
        });
        match read {
            Ok(read) => lines.push(read),
            Err(erreur) => wrong.push(ListeInvalide::Ligne { ligne, erreur }),
        }
    }
    match (lines.is_empty(), wrong.is_empty()) {
        (_, false) => Err(wrong),
        (true, true) => Err(vec![ListeInvalide::Vide]),
        (false, true) => Ok(lines),
    }
}

/// The list as [`read_liste`] reads it again.
pub fn write_liste(lines: &[LigneAcces]) -> String {
    let cell = |text: &str| {
        if text.contains([';', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    let lines = lines
        .iter()
        .map(|line| format!("{};{};{}\n", cell(&line.courriel), cell(&line.nom), line.profil.libelle()));
    lines.collect()
}

/// The cells of a line, without spaces around them. A quoted one may hold the separator, and a quote twice (RFC 4180); no
/// cell goes on to the next line, so that a forgotten quote spoils its own line only.
fn cells(line: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let (mut quoted, mut last) = (false, separator);
    for c in line.chars() {
        let Some(cell) = cells.last_mut() else { break };
        match c {
            '"' if quoted => quoted = false,
            // The second of two quotes stands for one.
            '"' if last == '"' => {
                cell.push('"');
                quoted = true;
            }
            '"' if cell.trim().is_empty() => quoted = true,
            c if c == separator && !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
        last = c;
    }
    cells.into_iter().map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn is_title(cell: &str) -> bool {
    ["courriel", "adresse", "e-mail", "email", "mail"].contains(&cell.to_lowercase().as_str())
}

fn read_line(cells: &[String]) -> Result<LigneAcces, LigneInvalide> {
    let [courriel, nom, profil] = cells else { return Err(LigneInvalide::Colonnes(cells.len())) };
    let address = normalise_courriel(courriel);
    if !is_address(&address) {
        return Err(LigneInvalide::Courriel(courriel.clone()));
    }
    if nom.is_empty() || nom.chars().count() > NOM_CHARS_MAX {
        return Err(LigneInvalide::Nom);
    }
    let known = PROFILS_DEMANDES.into_iter().find(|known| known.libelle() == profil.to_lowercase());
    let profil = known.ok_or_else(|| LigneInvalide::Profil(profil.clone()))?;
    Ok(LigneAcces { courriel: address, nom: nom.clone(), profil })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(courriel: &str, nom: &str, profil: Profil) -> LigneAcces {
        LigneAcces { courriel: courriel.into(), nom: nom.into(), profil }
    }

    #[test]
    fn a_list_reads_however_a_spreadsheet_parts_it() {
        let expected = [
            line("claire@mairie.example", "Claire Moreau", Profil::Guichet),
            line("ali@mairie.example", "Ali Ben Saïd", Profil::ConsultantSensible),
        ];
        for text in [
            "claire@mairie.example;Claire Moreau;guichet\nali@mairie.example;Ali Ben Saïd;consultant sensible",
            "Courriel\tNom\tProfil\r\n Claire@Mairie.example\tClaire  Moreau\tGuichet\r\n\r\nali@mairie.example\tAli Ben Saïd\tCONSULTANT SENSIBLE\r\n",
            "claire@mairie.example,\"Claire Moreau\",guichet\n,,\nali@mairie.example, Ali Ben Saïd ,consultant sensible\n",
        ] {
            assert_eq!(read_liste(text).unwrap(), expected, "{text:?}");
        }
        let quoted = read_liste("a@b.example;\"Moreau; dite \"\"Clo\"\"\";guichet").unwrap();
        assert_eq!(quoted, [line("a@b.example", "Moreau; dite \"Clo\"", Profil::Guichet)]);
    }

    #[test]
    fn every_bad_line_is_named_with_what_is_wrong() {
        let text = "a@b.example;A;guichet\n\npas une adresse;B;guichet\nc@d.example;;guichet\ne@f.example;E;chef\n\
                    g@h.example;G\nA@B.example;A;guichet\n\"i@j.example;I;guichet\nk@l.example;K;assistance nationale\n";
        let said: Vec<String> = read_liste(text).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 7, "{said:?}");
        for (said, expected) in said.iter().zip([
            "Ligne 3 : « pas une adresse »",
            "Ligne 4 : le nom manque",
            "Ligne 5 : « chef » n’est pas un profil : guichet, consultant simple, consultant demande, consultant sensible, gestionnaire territorial.",
            "Ligne 6 : il faut trois colonnes (adresse ; nom ; profil), il y en a 2.",
            "Ligne 7 : cette adresse figure déjà à la ligne 1.",
            "Ligne 8 : il faut trois colonnes (adresse ; nom ; profil), il y en a 1.",
            "Ligne 9 : « assistance nationale »",
        ]) {
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[test]
    fn a_list_has_its_limits() {
        let of = |count: usize| {
            (0..count).map(|n| format!("a{n}@b.example;A;guichet\n")).collect::<Vec<_>>().concat()
        };
        assert_eq!(read_liste(&of(300)).unwrap().len(), 300);
        assert_eq!(read_liste(&of(301)), Err(vec![ListeInvalide::TropDeLignes]));
        assert_eq!(read_liste(&"x".repeat(20_001)), Err(vec![ListeInvalide::TropLongue]));
        assert_eq!(read_liste(" \n;;\ncourriel;nom;profil"), Err(vec![ListeInvalide::Vide]));
        let long = format!("a@b.example;{};guichet", "é".repeat(121));
        assert!(read_liste(&long).is_err() && read_liste(&long.replacen('é', "", 1)).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_was_read_reads_the_same_again(text in "[ab@.;\",\t\n é]{0,80}|.{0,200}") {
            if let Ok(lines) = read_liste(&text) {
                prop_assert_eq!(read_liste(&write_liste(&lines)).unwrap(), lines);
            }
        }

        #[test]
        fn any_name_survives_being_written(nom in "[^\\s\\p{C}]{1,20}( [^\\s\\p{C}]{1,20}){0,2}") {
            let lines = [line("a@b.example", &nom, Profil::Guichet)];
            prop_assert_eq!(&read_liste(&write_liste(&lines)).unwrap()[..], &lines[..]);
        }
    }
}
