//! Asking for an account, and for a password, which anybody may do without one; and changing the own password. Attempts are counted like those to sign
//! in, so that nobody fills the mailboxes of others or tries links.

use std::net::IpAddr;

use wire::{AgentId, DemandeId, GuichetCode, limites::SECRET_BYTES_MAX};

use super::{Identite, IdentiteError, agent::TOKEN_BYTES, attempts::Attempt};
use crate::{
    params,
    registre::{self, AgentConnecte, CompteError, Lien, normalise_courriel},
    secrets::{hash_secret, hash_token, new_code, normalise_code, random_bytes, token_bytes, token_text},
    store::StoreError,
};

/// Bytes of a link's token.
const LINK_BYTES: usize = 32;

/// Shortest password, in characters: long enough that no rule about digits and signs is needed (NIST SP 800-63B, 5.1.1.2;
/// CNIL, délibération 2022-100).
pub const PASSWORD_CHARS_MIN: usize = 12;

/// Shorter names than this stand in too many honest passwords.
const NAME_CHARS_MIN: usize = 4;

/// Long passwords that everybody thinks of, in lower case.
const COMMON: [&str; 10] = [
    "motdepasse123",
    "motdepasse1234",
    "azertyuiop123",
    "123456789012",
    "1234567890123",
    "azertyuiopqs",
    "qwertyuiop12",
    "logementsocial",
    "password1234",
    "administrateur",
];

/// Why a password is not taken. `Display` is for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("Le mot de passe compte au moins {PASSWORD_CHARS_MIN} caractères : une suite de mots convient.")]
    Court,
    /// Too long to be hashed.
    #[error("Le mot de passe est trop long : {SECRET_BYTES_MAX} octets au plus.")]
    Long,
    /// Others would think of it first.
    #[error(
        "Ce mot de passe est trop facile à deviner : n’y mettez ni votre adresse, ni votre guichet, ni une suite connue."
    )]
    Facile,
    /// The two are not the same.
    #[error("Les deux mots de passe ne sont pas les mêmes.")]
    Differents,
}

/// Why a link did not set a password.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Used, expired, or never sent.
    #[error("Ce lien n’est plus valable. Demandez-en un autre depuis la page de connexion.")]
    Perime,
    /// The password is not taken.
    #[error(transparent)]
    MotDePasse(#[from] PasswordError),
    /// Attempts, secrets or the store.
    #[error(transparent)]
    Identite(#[from] IdentiteError),
}

/// Why an agent's own password was not changed. `Display` is for the person.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The password that it gave is not the account's.
    #[error("Le mot de passe actuel n’est pas le bon.")]
    Actuel,
    /// The new one is not taken.
    #[error(transparent)]
    MotDePasse(#[from] PasswordError),
    /// Attempts, secrets or the store.
    #[error(transparent)]
    Identite(#[from] IdentiteError),
}

impl Identite {
    /// Asks for an account; `adresse` is where the service is reached from outside.
    pub async fn register(
        &self,
        courriel: &str,
        nom: &str,
        guichet: GuichetCode,
        adresse: &str,
        from: IpAddr,
    ) -> Result<Result<(), CompteError>, IdentiteError> {
        let (lien, now) = (link(adresse)?, self.clock.now());
        let attempt = Attempt::new(&normalise_courriel(courriel), from, now);
        let (courriel, nom) = (courriel.to_owned(), nom.to_owned());
        self.store.write(move |tx| attempt.count(tx)).await?;
        let registered = self
            .store
            .write(move |tx| registre::register_agent(tx, &courriel, &nom, guichet, &lien, now))
            .await;
        match registered {
            Err(CompteError::Store(error)) => Err(error.into()),
            registered => Ok(registered),
        }
    }

    /// Asks for a new password.
    pub async fn forget(&self, courriel: &str, adresse: &str, from: IpAddr) -> Result<(), IdentiteError> {
        let (lien, now) = (link(adresse)?, self.clock.now());
        let attempt = Attempt::new(&normalise_courriel(courriel), from, now);
        let courriel = courriel.to_owned();
        self.store
            .write(move |tx| {
                attempt.count(tx)?;
                Ok::<_, IdentiteError>(registre::forget_password(tx, &courriel, &lien, now)?)
            })
            .await
    }

    /// Sets the password of a link's account.
    pub async fn choose_password(&self, token: &str, password: &str, again: &str) -> Result<(), LinkError> {
        let token: [u8; LINK_BYTES] = token_bytes(token).ok_or(LinkError::Perime)?;
        let (hash, now) = (hash_token(&token), self.clock.now());
        let found = self.store.read(move |tx| registre::find_link(tx, hash, now)).await;
        let found = found.map_err(IdentiteError::from)?;
        let (courriel, guichet) = found.ok_or(LinkError::Perime)?;
        check_password(password, again, &courriel, guichet.as_str())?;
        let hashed = self.hash(password.to_owned()).await?;
        let set = self.store.write(move |tx| registre::set_password(tx, hash, &hashed, now)).await;
        if set.map_err(IdentiteError::from)? { Ok(()) } else { Err(LinkError::Perime) }
    }

    /// Changes an agent's own password. Whoever sits down at an open desk does not know it: a wrong one counts like one
    /// typed to sign in. The session of this token goes on, the agent's others end, and so does a link.
    pub async fn change_password(
        &self,
        agent: AgentId,
        token: &str,
        actuel: &str,
        [nouveau, confirmation]: [&str; 2],
        from: IpAddr,
    ) -> Result<(), ChangeError> {
        let session: [u8; TOKEN_BYTES] = token_bytes(token).ok_or(IdentiteError::SessionExpiree)?;
        let now = self.clock.now();
        let (courriel, guichet, before) = self
            .store
            .read(move |tx| {
                let row = tx.query_one(
                    "SELECT courriel, guichet, mot_de_passe_hash FROM agent WHERE id = $1",
                    params![agent],
                    |row| {
                        Ok((row.get::<String>(0)?, row.get::<GuichetCode>(1)?, row.get::<Option<String>>(2)?))
                    },
                );
                row.map_err(IdentiteError::from)
            })
            .await?;
        check_password(nouveau, confirmation, &courriel, guichet.as_str())?;
        let attempt = Attempt::new(&courriel, from, now);
        self.store.write(move |tx| attempt.count(tx)).await?;
        if !self.fits(actuel.to_owned(), before.clone()).await? {
            return Err(ChangeError::Actuel);
        }
        let after = self.hash(nouveau.to_owned()).await?;
        let changed = self
            .store
            .write(move |tx| {
                attempt.take_back(tx)?;
                let before = before.unwrap_or_default();
                registre::change_password(tx, agent, &before, &after, hash_token(&session))
                    .map_err(IdentiteError::from)
            })
            .await?;
        if changed { Ok(()) } else { Err(ChangeError::Actuel) }
    }

    /// Gives a demande a new code télé-demandeur and returns it, the only time that it is in clear; none when the demande is
    /// not the agent's to see.
    pub async fn reissue_code(
        &self,
        agent: &AgentConnecte,
        demande: DemandeId,
        document: &str,
    ) -> Result<Option<String>, IdentiteError> {
        let code = new_code()?;
        let hash = self.hash(normalise_code(&code)).await?;
        let (agent, document, now) = (agent.clone(), document.to_owned(), self.clock.now());
        let issued = self
            .store
            .write(move |tx| registre::reissue_code(tx, &agent, demande, &hash, &document, now))
            .await?;
        Ok(issued.then_some(code))
    }

    /// The hash of a password or a code; as many at once as [`Self::fits`].
    async fn hash(&self, password: String) -> Result<String, IdentiteError> {
        let permit = std::sync::Arc::clone(&self.hashing).acquire_owned().await;
        let permit = permit.map_err(|_| IdentiteError::Store(StoreError::Ferme))?;
        let hashed = tokio::task::spawn_blocking(move || {
            let hashed = hash_secret(&password);
            drop(permit);
            hashed
        });
        Ok(hashed.await.map_err(|_| IdentiteError::Store(StoreError::Panique))??)
    }
}

/// A new link, below the address at which the service is reached.
fn link(adresse: &str) -> Result<Lien, IdentiteError> {
    let token: [u8; LINK_BYTES] = random_bytes()?;
    let adresse = format!("{adresse}/guichet/mot-de-passe/{}", token_text(&token));
    Ok(Lien { hash: hash_token(&token), adresse })
}

/// Whether a password is taken.
fn check_password(password: &str, again: &str, courriel: &str, guichet: &str) -> Result<(), PasswordError> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Err(PasswordError::Court);
    }
    if password.len() > SECRET_BYTES_MAX {
        return Err(PasswordError::Long);
    }
    let lower = password.to_lowercase();
    let name = courriel.split('@').next().unwrap_or(courriel);
    let first = lower.chars().next();
    let easy = COMMON.iter().any(|common| lower.starts_with(common))
        || (name.chars().count() >= NAME_CHARS_MIN && lower.contains(name))
        || lower.contains(&guichet.to_lowercase())
        || lower.chars().all(|c| Some(c) == first);
    if easy {
        return Err(PasswordError::Facile);
    }
    if password == again { Ok(()) } else { Err(PasswordError::Differents) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_what_everybody_thinks_of() {
        let check =
            |password: &str| check_password(password, password, "claire.moreau@mairie.example", "10691");
        assert_eq!(check("trois mots au hasard"), Ok(()));
        assert_eq!(check("onze lettre"), Err(PasswordError::Court));
        assert_eq!(check(&"é".repeat(SECRET_BYTES_MAX)), Err(PasswordError::Long));
        for easy in ["MotDePasse1234!", "claire.moreau2026", "guichet 10691 metz", "aaaaaaaaaaaaaa"] {
            assert_eq!(check(easy), Err(PasswordError::Facile), "{easy}");
        }
        let typed = check_password("trois mots au hasard", "trois mots au hazard", "a@b.c", "10691");
        assert_eq!(typed, Err(PasswordError::Differents));
    }
}
