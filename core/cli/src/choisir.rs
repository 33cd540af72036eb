//! From what a person typed to the facts of a piece: which rubrique, which type, of whom. Whatever is missing or
//! unknown is answered by the list of what there is.

use wire::{
    Nomenclature, PersonneId, Portee, Rubrique, RubriqueCode, TypeCode, TypePiece,
    api::{PersonneVue, Role},
};

use crate::sortie::Echec;

/// Finds the rubrique of this code.
pub(crate) fn rubrique<'a>(nomenclature: &'a Nomenclature, typed: &str) -> Result<&'a Rubrique, Echec> {
    let code = code_of(typed);
    nomenclature.rubriques.iter().find(|rubrique| rubrique.code.as_str() == code).ok_or_else(|| {
        let choices = nomenclature.rubriques.iter().map(|r| (r.code.as_str(), r.libelle.as_str()));
        unknown("rubrique", typed, "--rubrique", choices)
    })
}

/// Finds the type of this code within a rubrique; without one, the only type there is.
pub(crate) fn type_piece<'a>(rubrique: &'a Rubrique, typed: Option<&str>) -> Result<&'a TypePiece, Echec> {
    let choices = || rubrique.types.iter().map(|t| (t.code.as_str(), t.libelle.as_str()));
    match (typed, rubrique.types.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(missing("le type de la pièce", "--type", choices())),
        (Some(typed), known) => {
            let code = code_of(typed);
            let found = known.iter().find(|t| t.code.as_str() == code);
            found.ok_or_else(|| unknown("type de pièce", typed, "--type", choices()))
        }
    }
}

/// Finds whom a piece of this rubrique concerns.
pub(crate) fn personne(
    rubrique: &Rubrique,
    personnes: &[PersonneVue],
    typed: Option<&str>,
) -> Result<Option<PersonneId>, Echec> {
    let choices = || {
        personnes
            .iter()
            .map(|personne| (personne.prenom.as_str(), role_name(personne.role)))
            .collect::<Vec<_>>()
    };
    match (rubrique.portee, typed, personnes) {
        (Portee::Menage, None, _) => Ok(None),
        (Portee::Menage, Some(_), _) => Err(Echec::usage(format!(
            "La rubrique « {} » concerne tout le ménage : n’indiquez pas --personne.",
            rubrique.libelle
        ))),
        (Portee::Demandeur, None, _) => {
            Ok(personnes.iter().find(|personne| personne.role == Role::Demandeur).map(|personne| personne.id))
        }
        (_, None, [only]) => Ok(Some(only.id)),
        (_, None, _) => Err(missing("de qui est la pièce", "--personne", choices().into_iter())),
        (_, Some(typed), _) => match matching(personnes, typed).as_slice() {
            [one] => Ok(Some(one.id)),
            [] => Err(unknown("personne", typed, "--personne", choices().into_iter())),
            several => {
                let ids = several.iter().map(|p| (p.id.to_string(), p.prenom.clone())).collect::<Vec<_>>();
                let ids = ids.iter().map(|(id, prenom)| (id.as_str(), prenom.as_str()));
                Err(missing("laquelle de ces personnes", "--personne", ids))
            }
        },
    }
}

fn matching<'a>(personnes: &'a [PersonneVue], typed: &str) -> Vec<&'a PersonneVue> {
    if let Ok(id) = typed.parse::<PersonneId>() {
        return personnes.iter().filter(|personne| personne.id == id).collect();
    }
    let role = match code_of(typed).as_str() {
        "demandeur" => Some(Role::Demandeur),
        "cotitulaire" | "conjoint" => Some(Role::Cotitulaire),
        "personne_a_charge" => Some(Role::PersonneACharge),
        _ => None,
    };
    let name = typed.trim().to_lowercase();
    let fits = |personne: &&PersonneVue| match role {
        Some(role) => personne.role == role,
        None => personne.prenom.to_lowercase() == name,
    };
    personnes.iter().filter(fits).collect()
}

/// How a role is typed and shown.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Demandeur => "demandeur",
        Role::Cotitulaire => "cotitulaire",
        Role::PersonneACharge => "personne_a_charge",
    }
}

/// The label of a rubrique and of a type, or their codes where this nomenclature does not know them.
pub(crate) fn labels(
    nomenclature: &Nomenclature,
    rubrique: &RubriqueCode,
    type_piece: &TypeCode,
) -> (String, String) {
    (
        nomenclature.rubrique(rubrique).map_or(rubrique.to_string(), |r| r.libelle.clone()),
        nomenclature.type_piece(rubrique, type_piece).map_or(type_piece.to_string(), |t| t.libelle.clone()),
    )
}

/// As codes are written, whatever the case and the hyphens.
fn code_of(typed: &str) -> String {
    typed.trim().to_lowercase().replace(['-', ' '], "_")
}

fn missing<'a>(what: &str, option: &str, choices: impl Iterator<Item = (&'a str, &'a str)>) -> Echec {
    Echec::usage(format!("Précisez {what} avec {option} :{}", list(choices)))
}

fn unknown<'a>(
    what: &str,
    typed: &str,
    option: &str,
    choices: impl Iterator<Item = (&'a str, &'a str)>,
) -> Echec {
    Echec::usage(format!(
        "Il n’y a pas de {what} « {typed} ». Choix possibles pour {option} :{}",
        list(choices)
    ))
}

fn list<'a>(choices: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    choices.fold(String::new(), |list, (code, label)| format!("{list}\n  {code:<30} {label}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn household() -> Vec<PersonneVue> {
        let personne = |id: u128, role, prenom: &str| PersonneVue {
            id: PersonneId(format!("01913b5c-5b8f-7c3e-9f1a-{id:012x}").parse::<PersonneId>().unwrap().0),
            role,
            nom: "EXEMPLE".to_owned(),
            prenom: prenom.to_owned(),
        };
        vec![
            personne(1, Role::Demandeur, "Inès"),
            personne(2, Role::Cotitulaire, "Karim"),
            personne(3, Role::PersonneACharge, "Lou"),
            personne(4, Role::PersonneACharge, "Élie"),
        ]
    }

    fn rubrique_of(code: &str) -> &'static Rubrique {
        rubrique(Nomenclature::embarquee(), code).unwrap()
    }

    fn who(rubrique: &str, typed: Option<&str>) -> Result<Option<String>, String> {
        let household = household();
        personne(rubrique_of(rubrique), &household, typed)
            .map(|id| id.map(|id| household.iter().find(|p| p.id == id).unwrap().prenom.clone()))
            .map_err(|echec| echec.phrase)
    }

    #[test]
    fn people_are_found_by_id_role_or_first_name() {
        for (typed, found) in [
            ("demandeur", "Inès"),
            ("Conjoint", "Karim"),
            ("01913b5c-5b8f-7c3e-9f1a-000000000003", "Lou"),
            ("ÉLIE", "Élie"),
        ] {
            assert_eq!(who("identite", Some(typed)), Ok(Some(found.to_owned())));
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_answered_by_the_choices() {
        assert!(who("identite", None).unwrap_err().contains("Karim"));
        assert!(who("identite", Some("Paul")).unwrap_err().contains("Karim"));
        let several = who("identite", Some("personne_a_charge")).unwrap_err();
        assert!(several.contains("000000000003") && several.contains("000000000004"));
        assert!(
            rubrique(Nomenclature::embarquee(), "logement").unwrap_err().phrase.contains("logement_actuel")
        );
        let echec = type_piece(rubrique_of("identite"), None).unwrap_err();
        assert!(echec.phrase.contains("passeport"));
        assert!(type_piece(rubrique_of("identite"), Some("bail")).is_err());
    }

    #[test]
    fn a_household_piece_names_nobody() {
        assert_eq!(who("situation_familiale", None), Ok(None));
        assert!(who("situation_familiale", Some("Karim")).unwrap_err().contains("ménage"));
    }

    #[test]
    fn codes_are_read_in_any_case_and_with_hyphens() {
        assert_eq!(rubrique_of("Revenu-Fiscal").code.as_str(), "revenu_fiscal");
        assert_eq!(
            type_piece(rubrique_of("identite"), Some("Titre-Sejour")).unwrap().code.as_str(),
            "titre_sejour"
        );
    }
}
