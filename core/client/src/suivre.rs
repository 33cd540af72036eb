//! After the receipt: the prepared file stays on the device until the server has inspected the piece. A refused one
//! stays with its reason, for the person to see; nothing stays longer than thirty days.

use chrono::{TimeDelta, Utc};
use reqwest::StatusCode;
use wire::{Controle, DepotEtat, DepotId, api::Recu, limites::DEPOT_KEPT_FOR};

use crate::{Client, Entree, Erreur, Stop, http::Echec, recu};

/// News of a deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suivi {
    /// Which.
    pub depot: DepotId,
    /// What the server says of it now.
    pub recu: Recu,
    /// Whether it has left the device: inspected, or kept long enough.
    pub oublie: bool,
}

impl Client {
    /// Asks what became of the deposited pieces, and lets go of those that are `disponible`.
    pub async fn suivre(&self, stop: &Stop) -> Result<Vec<Suivi>, Erreur> {
        let _verrou = self.file.lock()?;
        tokio::select! {
            biased;
            () = stop.stopped() => Err(Erreur::Interrompu),
            suivis = self.follow_all() => suivis,
        }
    }

    async fn follow_all(&self) -> Result<Vec<Suivi>, Erreur> {
        let demande = self.session().await?.demande;
        let mut suivis = Vec::new();
        for entree in self.file.list()?.entrees {
            if let DepotEtat::Depose { recu } = &entree.etat
                && entree.demande == demande
            {
                suivis.push(self.follow(&entree, recu).await?);
            }
        }
        Ok(suivis)
    }

    async fn follow(&self, entree: &Entree, known: &Recu) -> Result<Suivi, Erreur> {
        let recu = match known.controle {
            Controle::EnVerification => match self.ask_receipt(entree).await {
                Ok(recu) if recu::verify(entree, &recu).is_ok() => recu,
                Err(Echec::Refus { status: StatusCode::NOT_FOUND, .. }) | Ok(_) => known.clone(),
                Err(echec) => return Err(echec.into_erreur()),
            },
            Controle::Disponible | Controle::Refuse { .. } => known.clone(),
        };
        let kept_max = TimeDelta::from_std(DEPOT_KEPT_FOR).unwrap_or(TimeDelta::MAX);
        let oublie = recu.controle == Controle::Disponible || Utc::now() - entree.mis_en_file_le > kept_max;
        if oublie {
            self.file.remove(entree.depot)?;
        } else if &recu != known {
            self.file.update(entree.depot, |entree| {
                entree.etat = DepotEtat::Depose { recu: Box::new(recu.clone()) };
                Ok::<_, std::io::Error>(())
            })?;
        }
        Ok(Suivi { depot: entree.depot, recu, oublie })
    }
}
