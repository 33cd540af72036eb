//! The territory, for its gestionnaire: whether its demandeurs see the national events, and the button to ask for it.

use hyper::StatusCode;
use maud::{Markup, html};

use super::{Visite, form, mots, page::page};
use crate::{
    http::respond::Answer,
    registre::{self, AgentConnecte, Ouverture},
    service::Service,
};

/// The page.
pub(super) async fn show(service: &Service, agent: &AgentConnecte) -> Answer {
    let territoire = agent.territoire.clone();
    let ouverture = service.store.read(move |tx| registre::find_ouverture(tx, &territoire)).await?;
    let content = html! {
        h1 { "Territoire " (agent.territoire) }
        h2 { "Évènements nationaux" }
        p { "Les guichets voient tous les évènements d’une demande. Les demandeurs ne voient les évènements nationaux qu’une fois cette visibilité ouverte pour le territoire : le gestionnaire le demande, l’équipe projet nationale l’ouvre." }
        (state(agent, &ouverture))
    };
    Ok(page(StatusCode::OK, "Territoire", Some(agent), &content))
}

/// Asks that demandeurs see them.
pub(super) async fn ask(service: &Service, agent: &AgentConnecte, visite: Visite) -> Answer {
    form::read_signed(agent, &visite.headers, visite.body).await?;
    let (asker, now) = (agent.clone(), service.clock.now());
    service.store.write(move |tx| registre::ask_ouverture(tx, &asker, now)).await?;
    Ok(form::see_other("/guichet/territoire"))
}

fn state(agent: &AgentConnecte, ouverture: &Ouverture) -> Markup {
    html! {
        @match ouverture {
            Ouverture::Cachee => {
                p { span.badge { "Cachés aux demandeurs" } }
                form method="post" action="/guichet/territoire" {
                    (form::jeton(agent))
                    button { "Demander l’ouverture" }
                }
            },
            Ouverture::Demandee(asked) => p {
                span.badge.attente { "Ouverture demandée" } " le " (mots::instant(asked.le)) " par " (asked.agent)
                ", guichet " (asked.guichet) ". D’ici là, ils restent cachés aux demandeurs."
            },
            Ouverture::Ouverte(since) => p {
                span.badge.bon { "Visibles par les demandeurs" } " depuis le " (mots::instant(*since)) "."
            },
        }
    }
}
