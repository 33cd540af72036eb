//! How the base finds what people look for all day: a demande's pieces by the index of demandes, what agents work through by
//! walking an index that holds just these rows in the order in which they are shown. The plans are those of the text that the verbs run. SQLite makes them from the schema alone, since
//! nothing here gathers statistics: they are the same on an empty base and on a full one.

use super::*;
use crate::{
    registre::{find_by_name, piece, work_list},
    store::Value,
};

/// The engine's plan of a statement, a step a line; asked where the schema is changed, since asking for a plan does not
/// look whether it was.
fn plan(base: &Base, sql: &str, params: &[Value]) -> Vec<String> {
    let (sql, params) = (format!("EXPLAIN QUERY PLAN {sql}"), params.to_vec());
    base.write(move |tx| tx.query_all(&sql, &params, |row| row.get(3))).unwrap()
}

/// What is wrong with a plan that should walk this index of this table, from there, and touch other tables by their key
/// only. Steps that name a subquery of ours read nothing of their own.
fn fault(plan: &[String], table: &str, index: &str, from: &str) -> Option<String> {
    let walk = format!("SEARCH {table} USING INDEX {index} (");
    let walks = |step: &&String| step.starts_with(&walk);
    // Another table by its key, or the same in a subquery.
    let by_key = |step: &&String| {
        let rest = step.strip_prefix("SEARCH ").and_then(|rest| rest.split_once(" USING INDEX "));
        rest.is_some_and(|(other, index)| index == format!("sqlite_autoindex_{other}_1 (id=?)"))
    };
    let ours = |step: &&String| {
        matches!(step.as_str(), "CO-ROUTINE waiting" | "SCAN waiting")
            || step.starts_with("CORRELATED SCALAR SUBQUERY ")
    };
    let walking: Vec<_> = plan.iter().filter(walks).collect();
    let other = plan.iter().find(|step| !walks(step) && !by_key(step) && !ours(step));
    match (walking.as_slice(), other) {
        ([step], None) if step.ends_with(&format!(" ({from})")) => None,
        ([step], None) => Some(format!("does not begin at {from}: {step}")),
        _ => Some(plan.join("\n")),
    }
}

/// Every filter, alone and together with the others.
fn filters() -> Vec<Filtre> {
    let rubriques = [None, Some("identite".parse().unwrap())];
    let both = [false, true];
    let choices =
        rubriques.iter().flat_map(|rubrique| both.map(|jamais_ouvertes| (rubrique.clone(), jamais_ouvertes)));
    choices
        .flat_map(|(rubrique, jamais_ouvertes)| {
            both.map(|en_retard| Filtre {
                rubrique: rubrique.clone(),
                jamais_ouvertes,
                en_retard,
                territoire: None,
            })
        })
        .collect()
}

const WAITING: &str = "justificatif_a_examiner";

const NAMES: &str = "territoire=? AND nom_cle>? AND nom_cle<?";

#[test]
fn the_work_list_and_its_count_walk_the_index_of_what_waits() {
    let base = Base::in_file();
    let now = base.clock.now();
    let later = Apres { depose_le: now, id: JustificatifId(Uuid::now_v7()) };
    for profil in [Profil::Guichet, Profil::ConsultantSensible] {
        let agent = base.agent(profil, "10691", "57");
        for filtre in filters() {
            let until = if filtre.en_retard { " AND depose_le<?" } else { "" };
            for (apres, from) in [(None, ""), (Some(later), " AND (depose_le,id)>(?,?)")] {
                let (sql, params) = work_list::page_statement(&agent, &filtre, apres, now);
                let from = format!("territoire=?{from}{until}");
                let fault = fault(&plan(&base, &sql, &params), "justificatif", WAITING, &from);
                assert_eq!(fault, None, "{profil:?} {filtre:?} {apres:?}");
            }
            let (sql, params) = work_list::count_statement(&agent, &filtre, now);
            let plan = plan(&base, &sql, &params);
            assert_eq!(
                fault(&plan, "justificatif", WAITING, &format!("territoire=?{until}")),
                None,
                "{filtre:?}"
            );
        }
    }
}

/// The few rows of one demande are put in order once they are found.
const OF_DEMANDE: [&str; 2] =
    ["SEARCH justificatif USING INDEX justificatif_demande (demande=?)", "USE TEMP B-TREE FOR ORDER BY"];

#[test]
fn the_list_of_a_demande_finds_its_pieces_by_their_index() {
    let base = Base::in_file();
    let demande = DemandeId(Uuid::now_v7());
    let plan = plan(&base, &piece::of_demande_statement(), params![demande]);
    assert_eq!(plan, OF_DEMANDE);
}

#[test]
fn a_search_by_name_walks_the_index_of_names() {
    let base = Base::in_file();
    let (sql, params) = find_by_name::statement("57", "mar");
    assert_eq!(fault(&plan(&base, sql, &params), "personne", "personne_nom", NAMES), None);
}

#[test]
fn without_their_indexes_these_plans_are_at_fault() {
    let base = Base::in_file();
    base.write(|tx| {
        tx.execute("DROP INDEX justificatif_a_examiner", &[])?;
        tx.execute("DROP INDEX justificatif_demande", &[])?;
        tx.execute("DROP INDEX personne_nom", &[]).map(drop)
    })
    .unwrap();
    let agent = base.agent(Profil::Guichet, "10691", "57");
    let (sql, params) = work_list::page_statement(&agent, &Filtre::default(), None, base.clock.now());
    let page = plan(&base, &sql, &params);
    assert!(fault(&page, "justificatif", WAITING, "territoire=?").is_some(), "{page:?}");
    let list = plan(&base, &piece::of_demande_statement(), params![DemandeId(Uuid::now_v7())]);
    assert_ne!(list, OF_DEMANDE);
    let (sql, params) = find_by_name::statement("57", "mar");
    let search = plan(&base, sql, &params);
    assert!(fault(&search, "personne", "personne_nom", NAMES).is_some(), "{search:?}");
}
