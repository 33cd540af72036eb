//! The journal, for the gestionnaire of a territory: read page by page, taken home as a file.

use hyper::{
    StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue},
};
use maud::{Markup, html};

use super::{Visite, form, mots, page::page};
use crate::{
    http::respond::{Answer, Response, full},
    registre::{self, Acte, AgentConnecte, LINES_PER_PAGE, Ligne, LigneLue},
    service::Service,
    store::StoreError,
};

/// Lines of one file: what a spreadsheet still opens; older ones are in the file before.
const EXPORTED_LINES_MAX: usize = 100_000;

/// A page of the journal; `avant` in the query is the number of the line before which it begins.
pub(super) async fn show(service: &Service, agent: &AgentConnecte, query: &str) -> Answer {
    let before = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "avant")
        .and_then(|(_, value)| value.parse().ok());
    let territoire = agent.territoire.clone();
    let lines = service.store.read(move |tx| registre::read_journal(tx, &territoire, before)).await?;
    let older = lines.last().filter(|_| lines.len() == LINES_PER_PAGE as usize).map(|line| line.rang);
    let content = html! {
        h1 { "Journal du territoire " (agent.territoire) }
        p { "Chaque consultation d’une pièce y est inscrite avant que le document ne soit transmis, refus compris." }
        form method="post" action="/guichet/journal/export" {
            (form::jeton(agent))
            button.secondaire { "Exporter (CSV)" }
        }
        @if lines.is_empty() {
            p { "Rien n’a encore été inscrit." }
        } @else {
            div.cadre tabindex="0" role="region" aria-label="Journal" {
                table {
                    thead { tr {
                        th scope="col" { "Date" } th scope="col" { "Acte" } th scope="col" { "Agent" }
                        th scope="col" { "Guichet" } th scope="col" { "Objet" }
                    } }
                    tbody { @for line in &lines { (ligne(line)) } }
                }
            }
        }
        @if let Some(older) = older {
            p { a href={ "/guichet/journal?avant=" (older) } { "Lignes plus anciennes" } }
        }
    };
    Ok(page(StatusCode::OK, "Journal", Some(agent), &content))
}

fn ligne(line: &LigneLue) -> Markup {
    html! {
        tr {
            th scope="row" { (mots::instant(line.le)) }
            td data-titre="Acte" { (mots::acte(line.acte)) @if let Some(details) = &line.details { br; span.doux { (details) } } }
            td data-titre="Agent" { (auteur(line)) }
            td data-titre="Guichet" { @match line.guichet { Some(code) => (code), None => "—" } }
            td data-titre="Objet" {
                @match (line.justificatif, line.demande) {
                    (Some(piece), _) => a href={ "/guichet/justificatifs/" (piece) } { "Pièce" },
                    (None, Some(demande)) => a href={ "/guichet/demandes/" (demande) } { "Demande" },
                    (None, None) => "—",
                }
            }
        }
    }
}

/// Who did it, where no agent did.
fn auteur(line: &LigneLue) -> &str {
    let other = if line.acte == Acte::DepotPartenaire { "Partenaire" } else { "Exploitant" };
    line.agent.as_deref().unwrap_or(other)
}

/// The journal as a file. That it was taken is a line of it; the file ends with the head of the chain, by which the whole
/// can be verified later.
pub(super) async fn export(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    form::read_signed(agent, &visite.headers, visite.body).await?;
    let (asker, now) = (agent.clone(), service.clock.now());
    let (lines, head) = service
        .store
        .write(move |tx| {
            registre::record(tx, Acte::Export, &Ligne::by(&asker), now)?;
            let mut lines: Vec<LigneLue> = Vec::new();
            loop {
                let before = lines.last().map(|line| line.rang);
                let more = registre::read_journal(tx, &asker.territoire, before)?;
                if more.is_empty() || lines.len() + more.len() > EXPORTED_LINES_MAX {
                    break;
                }
                lines.extend(more);
            }
            Ok::<_, StoreError>((lines, registre::journal_head(tx)?))
        })
        .await?;
    let mut file = String::from("\u{feff}ligne;date;acte;agent;guichet;demande;piece;details\r\n");
    for line in &lines {
        let cells = [
            line.rang.to_string(),
            line.le.to_rfc3339(),
            mots::acte(line.acte).to_owned(),
            line.agent.clone().unwrap_or_default(),
            line.guichet.map(|code| code.to_string()).unwrap_or_default(),
            line.demande.map(|id| id.to_string()).unwrap_or_default(),
            line.justificatif.map(|id| id.to_string()).unwrap_or_default(),
            line.details.clone().unwrap_or_default(),
        ];
        file.push_str(&cells.map(|cell| quoted(&cell)).join(";"));
        file.push_str("\r\n");
    }
    if let Some(head) = head {
        file.push_str("tête;");
        file.push_str(&head.to_string());
        file.push_str("\r\n");
    }
    let mut response = Response::new(full(file));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"journal.csv\""));
    Ok(response)
}

/// A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection") or for two cells.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_neither_a_formula_nor_two_cells() {
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("a;b\r\nc"), "\"a;b\r\nc\"");
        for begin in ['+', '-', '@', '\t'] {
            assert!(quoted(&format!("{begin}1")).starts_with("\"'"), "{begin:?}");
        }
    }
}
