//! Signing in and out, and making the client that all other commands use.

use std::{
    fs,
    io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
};

use client::{Client, FileSecrets, Options, Patience};
use serde::Serialize;
use wire::{DemandeId, NumeroUnique, api::Identification};

use crate::{
    args::Arguments,
    sortie::{Echec, Sortie, dire, print_json},
};

/// Most bytes read from the standard input for the numéro and the code.
const INPUT_BYTES_MAX: u64 = 4_096;

/// Largest file of certificates, in bytes: a bundle of all public authorities has about 250 kB.
const CA_BYTES_MAX: u64 = 1_000_000;

#[derive(Serialize)]
struct Connecte<'a> {
    resultat: &'static str,
    demande: DemandeId,
    token: &'a str,
}

#[derive(Serialize)]
struct Deconnecte {
    resultat: &'static str,
}

/// Makes the client from the global options.
pub(crate) fn open_client(arguments: &Arguments) -> Result<Client, Echec> {
    let serveur = arguments.serveur.clone().ok_or_else(|| {
        Echec::usage(
            "Indiquez l’adresse du service : --serveur https://…, ou la variable MA_DEMANDE_SERVEUR.",
        )
    })?;
    let dossier = arguments.dossier.clone().or_else(default_directory).ok_or_else(|| {
        Echec::usage("Aucun dossier personnel n’a été trouvé : indiquez où garder l’état avec --dossier.")
    })?;
    let autorite_pem = arguments.ca.as_deref().map(read_ca).transpose()?;
    let secrets = Box::new(FileSecrets::new(&dossier.join("session.json")));
    Ok(Client::new(Options { serveur, dossier, secrets, autorite_pem, patience: Patience::default() })?)
}

/// Signs in with what is asked for or read from the standard input.
pub(crate) async fn sign_in(client: &Client, json: bool) -> Result<Sortie, Echec> {
    let identification = ask()?;
    if let Err(error) = identification.numero.parse::<NumeroUnique>() {
        let code = "numero_invalide".to_owned();
        return Err(Echec { sortie: Sortie::Session, code, phrase: error.to_string() });
    }
    let session = client.connecter(&identification).await?;
    if json {
        print_json(&Connecte {
            resultat: "connecte",
            demande: session.demande,
            token: &session.access_token,
        });
    } else {
        dire!("Vous êtes connecté.");
    }
    Ok(Sortie::Fait)
}

/// Signs out.
pub(crate) async fn sign_out(client: &Client, force: bool, json: bool) -> Result<Sortie, Echec> {
    client.deconnecter(force).await?;
    if json {
        print_json(&Deconnecte { resultat: "deconnecte" });
    } else {
        dire!("Vous êtes déconnecté ; cet appareil ne garde plus rien de votre demande.");
    }
    Ok(Sortie::Fait)
}

fn ask() -> Result<Identification, Echec> {
    if io::stdin().is_terminal() {
        eprint!("Numéro unique : ");
        io::stderr().flush()?;
        let numero = read_lines(1)?.pop().unwrap_or_default();
        let code = rpassword::prompt_password("Code (il ne s’affiche pas) : ")?;
        return Ok(Identification { numero, code });
    }
    let mut lines = read_lines(2)?.into_iter();
    match (lines.next(), lines.next()) {
        (Some(numero), Some(code)) if !code.is_empty() => Ok(Identification { numero, code }),
        _ => Err(Echec::usage(
            "Deux lignes sont attendues sur l’entrée standard : le numéro unique, puis le code.",
        )),
    }
}

fn read_lines(count: usize) -> Result<Vec<String>, Echec> {
    let lines = io::stdin().lock().take(INPUT_BYTES_MAX).lines().take(count);
    let lines = lines.map(|line| line.map(|line| line.trim().to_owned()));
    Ok(lines.collect::<Result<_, _>>()?)
}

fn read_ca(path: &Path) -> Result<Vec<u8>, Echec> {
    let unreadable = |_| Echec::usage("Le certificat d’autorité (--ca) ne peut pas être lu.");
    if fs::metadata(path).map_err(unreadable)?.len() > CA_BYTES_MAX {
        return Err(Echec::usage("Le fichier donné à --ca est trop volumineux pour être un certificat."));
    }
    fs::read(path).map_err(unreadable)
}

/// The user's data directory (XDG Base Directory Specification).
fn default_directory() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("ma-demande"))
}
