//! Sending the queue: each deposit on its own, from wherever it stands to its verified receipt.
//!
//! The journal moves before or after each request so that any state on disk can be taken up again:
//!
//! | on disk | what may be true on the server | what is done |
//! | --- | --- | --- |
//! | en_attente | nothing, or an upload whose address was lost | `POST`: the deposit id finds it again |
//! | en_cours | fewer, as many or more bytes; or attached; or expired | `HEAD`, then `PATCH` from the server's offset |
//! | confirmation | attached, or not | the receipt; absent: `POST` again |
//! | annule | anything | the receipt; absent: `DELETE`, then the directory goes |
//!
//! What can go wrong, and what then: a cut or a stall (`HEAD`, go on); a lost answer (the same, or the receipt); another
//! connection still holds the upload (short tries); the upload failed or expired (a new `POST`, same deposit id); other
//! bytes arrived (three times over, then blocked); the session ended (renewed once, then the whole queue waits); the
//! server refuses the piece (it is blocked with its reason, the others go on). After a few tries without progress
//! the caller has the matter back, with a delay. Stopping drops the connection and leaves the journal as it is.

use std::{collections::HashSet, sync::atomic::Ordering, time::Duration};

use wire::{DepotEtat, DepotId, RaisonBlocage};

use crate::{
    Client, DernierEchec, Entree, Erreur, Genre, Stop,
    empreinte::empreinte_of,
    http::{Echec, chance, pause},
    reaction::{Etape, Reaction, on_echec},
    recu,
    retry::{LONG_DELAY_FIRST, Tries, backoff},
    tus,
};

/// How many times the server may receive other bytes than those prepared before the person is asked.
const EMPREINTES_DIFFERENTES_MAX: u32 = 3;

/// How soon to look again when another program of this device is sending.
const OCCUPIED_DELAY: Duration = Duration::from_secs(5);

/// What is left after sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Envoi {
    /// Nothing: everything of this demande is deposited.
    Vide,
    /// Something that will pass by itself: call again after this delay, or when the network is back.
    Reprendre(Duration),
    /// Nothing moves before the person acts.
    Bloque(RaisonBlocage),
}

/// How far a deposit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progression {
    /// Which.
    pub depot: DepotId,
    /// Bytes handed to the network or confirmed by the server. May step back after a cut.
    pub envoyes: u64,
    /// Bytes in all.
    pub taille: u64,
}

/// Hears of progress, about ten times a second.
pub type Progres<'a> = &'a (dyn Fn(Progression) + Send + Sync);

/// What became of one deposit.
enum Issue {
    /// Deposited, given up or blocked: nothing more to do for it now.
    Done,
    /// Later; others may go on.
    Later,
    /// Later, and so the others.
    AllLater,
    /// No session: nothing of the queue can move.
    NoSession,
}

/// One request made: what it taught.
enum Pas {
    /// The server holds this many bytes.
    Offset(u64),
    /// The journal moved; look at it.
    Moved,
    /// The deposit left the queue.
    Gone,
}

/// Why a step did not succeed.
enum Arret {
    React(Reaction),
    Session(Erreur),
    Local(Erreur),
}

impl From<std::io::Error> for Arret {
    fn from(error: std::io::Error) -> Self {
        Self::Local(error.into())
    }
}

impl Arret {
    fn at(etape: Etape) -> impl Fn(Echec) -> Self {
        move |echec| match echec {
            Echec::Session(erreur) => Self::Session(erreur),
            echec => Self::React(on_echec(etape, &echec)),
        }
    }
}

impl Client {
    /// Sends what is in the queue, until all is deposited, blocked or must wait. Ends within a second of `stop`.
    pub async fn envoyer(&self, stop: &Stop, progres: Progres<'_>) -> Result<Envoi, Erreur> {
        let _verrou = match self.file.lock() {
            Err(Erreur::FileOccupee) => return Ok(Envoi::Reprendre(OCCUPIED_DELAY)),
            verrou => verrou?,
        };
        // Every journal write is one synchronous step, so dropping the work between two of them is a clean stop.
        tokio::select! {
            biased;
            () = stop.stopped() => Ok(Envoi::Reprendre(Duration::ZERO)),
            envoi = self.send_all(progres) => envoi,
        }
    }

    async fn send_all(&self, progres: Progres<'_>) -> Result<Envoi, Erreur> {
        let mut seen = HashSet::new();
        let mut later = false;
        // Read anew each time: deposits may be added while others are under way.
        while let Some(entree) = self.next(&seen)? {
            seen.insert(entree.depot);
            match self.send_unless_cancelled(entree.depot, progres).await? {
                Issue::Done => {}
                Issue::Later => later = true,
                Issue::AllLater => {
                    later = true;
                    break;
                }
                Issue::NoSession => return Ok(Envoi::Bloque(RaisonBlocage::SessionExpiree)),
            }
        }
        if later {
            let failures = self.echecs.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            return Ok(Envoi::Reprendre(backoff(LONG_DELAY_FIRST, failures, chance())));
        }
        self.echecs.store(0, Ordering::Relaxed);
        Ok(self.first_block()?.map_or(Envoi::Vide, Envoi::Bloque))
    }

    /// The oldest deposit that can move and was not tried yet.
    fn next(&self, seen: &HashSet<DepotId>) -> Result<Option<Entree>, Erreur> {
        let entrees = self.file.list()?.entrees;
        Ok(entrees.into_iter().find(|entree| entree.is_active() && !seen.contains(&entree.depot)))
    }

    fn first_block(&self) -> Result<Option<RaisonBlocage>, Erreur> {
        Ok(self.file.list()?.entrees.into_iter().find_map(|entree| match entree.etat {
            DepotEtat::Bloque { raison } => Some(raison),
            _ => None,
        }))
    }

    async fn send_unless_cancelled(&self, id: DepotId, progres: Progres<'_>) -> Result<Issue, Erreur> {
        let cancelled_before = self.file.read(id)?.etat == DepotEtat::Annule;
        if !cancelled_before {
            tokio::select! {
                biased;
                () = self.file.cancelled(id) => {}
                issue = self.send_one(id, progres) => return issue,
            }
        }
        self.send_one(id, progres).await
    }

    /// Takes one deposit as far as it goes.
    async fn send_one(&self, id: DepotId, progres: Progres<'_>) -> Result<Issue, Erreur> {
        let mut tries = Tries::default();
        let mut renewed = false;
        let mut offset = None;
        loop {
            let entree = self.file.read(id)?;
            let step = match &entree.etat {
                DepotEtat::Depose { .. } | DepotEtat::Bloque { .. } => return Ok(Issue::Done),
                DepotEtat::EnAttente => self.open(&entree).await,
                DepotEtat::EnCours { .. } => self.send_rest(&entree, offset.take(), progres).await,
                DepotEtat::Confirmation => self.confirm(&entree).await,
                DepotEtat::Annule => self.give_up(&entree).await,
            };
            let reaction = match step {
                Ok(Pas::Gone) => return Ok(Issue::Done),
                Ok(Pas::Moved) => {
                    renewed = false;
                    continue;
                }
                Ok(Pas::Offset(confirmed)) => {
                    renewed = false;
                    tries.confirm(confirmed);
                    progres(Progression { depot: id, envoyes: confirmed, taille: entree.taille });
                    offset = Some(confirmed);
                    continue;
                }
                Err(Arret::Session(erreur)) => return self.without_session(&entree, &erreur),
                Err(Arret::Local(erreur)) => return Err(erreur),
                Err(Arret::React(reaction)) => reaction,
            };
            if reaction == Reaction::RenewSession {
                match self.renew_once(&mut renewed).await {
                    Ok(()) => continue,
                    Err(Echec::Session(erreur)) => return self.without_session(&entree, &erreur),
                    // Neither renewed nor refused: as if nothing passed.
                    Err(_) => {}
                }
            } else if !self.apply(&entree, &reaction)?.is_active() {
                return Ok(Issue::Done);
            }
            let Some(delay) = tries.fail(self.http.patience(), chance()) else {
                self.remember(id, Genre::Reseau)?;
                let alone = matches!(reaction, Reaction::Wait | Reaction::Restart | Reaction::AskReceipt);
                return Ok(if alone { Issue::Later } else { Issue::AllLater });
            };
            pause(delay).await;
        }
    }

    /// Moves the journal as a refusal asks.
    fn apply(&self, entree: &Entree, reaction: &Reaction) -> Result<Entree, Erreur> {
        let moved = self.advance(entree.depot, |entree| match reaction {
            Reaction::Block(raison) => entree.etat = DepotEtat::Bloque { raison: raison.clone() },
            Reaction::Restart => entree.restart(),
            Reaction::RestartAfterMismatch => {
                entree.restart();
                entree.empreintes_differentes += 1;
                if entree.empreintes_differentes >= EMPREINTES_DIFFERENTES_MAX {
                    entree.etat = DepotEtat::Bloque { raison: RaisonBlocage::EmpreinteDifferente };
                }
            }
            Reaction::AskReceipt => entree.etat = DepotEtat::Confirmation,
            Reaction::RenewSession | Reaction::AskOffset | Reaction::Wait | Reaction::WaitAll => {}
        })?;
        Ok(moved)
    }

    async fn renew_once(&self, renewed: &mut bool) -> Result<(), Echec> {
        if std::mem::replace(renewed, true) {
            return Err(Echec::Session(Erreur::SessionExpiree));
        }
        let session = self.compte.session(&self.http).await.map_err(Echec::Session)?;
        self.compte.renew(&self.http, &session.access_token).await
    }

    /// Nothing can move without a session; only a deposit that was given up needs none to go.
    fn without_session(&self, entree: &Entree, erreur: &Erreur) -> Result<Issue, Erreur> {
        if entree.etat == DepotEtat::Annule {
            self.file.remove(entree.depot)?;
            return Ok(Issue::Done);
        }
        match erreur {
            Erreur::NonConnecte | Erreur::SessionExpiree => {
                self.remember(entree.depot, Genre::Session)?;
                Ok(Issue::NoSession)
            }
            _ => Ok(Issue::AllLater),
        }
    }

    /// The access token, if this deposit is of the demande signed in to.
    async fn token_for(&self, entree: &Entree) -> Result<String, Arret> {
        let session = self.compte.session(&self.http).await.map_err(Arret::Session)?;
        if session.demande == entree.demande {
            Ok(session.access_token)
        } else {
            Err(Arret::Session(Erreur::NonConnecte))
        }
    }

    /// en_attente → en_cours. The prepared file is read once more before a byte is announced.
    async fn open(&self, entree: &Entree) -> Result<Pas, Arret> {
        let token = self.token_for(entree).await?;
        match empreinte_of(self.file.piece(entree.depot)).await {
            Ok(seen) if (seen.taille, seen.sha256) == (entree.taille, entree.sha256) => {}
            _ => return Err(Arret::React(Reaction::Block(RaisonBlocage::FichierPerdu))),
        }
        let opened = tus::open(&self.http, &token, entree).await.map_err(Arret::at(Etape::Ouverture))?;
        let known = opened.offset.filter(|offset| *offset <= entree.taille);
        self.advance(entree.depot, |entree| {
            entree.upload = Some(opened.upload);
            entree.etat = DepotEtat::EnCours { offset: known.unwrap_or(0) };
        })?;
        Ok(known.map_or(Pas::Moved, Pas::Offset))
    }

    /// en_cours → en_cours or confirmation. Without a fresh offset from the server, asks for it first.
    async fn send_rest(
        &self,
        entree: &Entree,
        offset: Option<u64>,
        progres: Progres<'_>,
    ) -> Result<Pas, Arret> {
        let token = self.token_for(entree).await?;
        let Some(upload) = entree.upload else { return Err(Arret::React(Reaction::Restart)) };
        let Some(offset) = offset else {
            let offset =
                tus::ask_offset(&self.http, &token, upload).await.map_err(Arret::at(Etape::Envoi))?;
            if offset > entree.taille {
                return Err(Arret::React(Reaction::Restart));
            }
            self.advance(entree.depot, |entree| entree.etat = DepotEtat::EnCours { offset })?;
            return Ok(Pas::Offset(offset));
        };
        // With every byte there already this sends none: the server then attaches what a crash kept it from attaching.
        let piece = self.file.piece(entree.depot);
        let report = |envoyes| progres(Progression { depot: entree.depot, envoyes, taille: entree.taille });
        let reached = tus::send_rest(&self.http, &token, entree, (upload, &piece, offset), &report)
            .await
            .map_err(Arret::at(Etape::Envoi))?;
        if reached == entree.taille {
            // A small file is gone between two looks at its progress: without this its bar would never be full.
            report(reached);
            self.advance(entree.depot, |entree| entree.etat = DepotEtat::Confirmation)?;
            return Ok(Pas::Moved);
        }
        self.advance(entree.depot, |entree| entree.etat = DepotEtat::EnCours { offset: reached })?;
        Ok(Pas::Offset(reached))
    }

    /// confirmation → depose, once the receipt says what was sent.
    async fn confirm(&self, entree: &Entree) -> Result<Pas, Arret> {
        self.token_for(entree).await?;
        let recu = self.ask_receipt(entree).await.map_err(Arret::at(Etape::Recu))?;
        if recu::verify(entree, &recu).is_err() {
            return Err(Arret::React(Reaction::Block(RaisonBlocage::EmpreinteDifferente)));
        }
        self.advance(entree.depot, |entree| {
            entree.etat = DepotEtat::Depose { recu: Box::new(recu) };
            entree.dernier_echec = None;
        })?;
        Ok(Pas::Moved)
    }

    /// annule → gone; or depose, when the server had attached it before.
    async fn give_up(&self, entree: &Entree) -> Result<Pas, Arret> {
        if let Some(upload) = entree.upload {
            let token = self.token_for(entree).await?;
            match self.ask_receipt(entree).await {
                Ok(recu) if recu::verify(entree, &recu).is_ok() => {
                    self.file.update(entree.depot, |entree| {
                        entree.etat = DepotEtat::Depose { recu: Box::new(recu) };
                        Ok::<_, Arret>(())
                    })?;
                    return Ok(Pas::Moved);
                }
                Err(echec @ (Echec::Reseau | Echec::Session(_))) => {
                    return Err(Arret::at(Etape::Recu)(echec));
                }
                Ok(_) | Err(_) => {}
            }
            match tus::abandon(&self.http, &token, upload).await {
                // Refused or unreadable: the upload expires by itself, the person's wish is carried out here.
                Ok(()) | Err(Echec::Refus { .. } | Echec::Illisible) => {}
                Err(echec) => return Err(Arret::at(Etape::Recu)(echec)),
            }
        }
        self.file.remove(entree.depot)?;
        Ok(Pas::Gone)
    }

    /// Moves the journal, unless the person has given the deposit up meanwhile.
    fn advance(&self, id: DepotId, change: impl FnOnce(&mut Entree)) -> Result<Entree, std::io::Error> {
        self.file.update(id, |entree| {
            if entree.etat != DepotEtat::Annule {
                change(entree);
            }
            Ok(())
        })
    }

    fn remember(&self, id: DepotId, genre: Genre) -> Result<(), Erreur> {
        let echec = DernierEchec { le: chrono::Utc::now(), genre };
        self.advance(id, |entree| entree.dernier_echec = Some(echec))?;
        Ok(())
    }
}
