//! Invented people: a household with its demande and its code, and an agent at a guichet. None exists; the names are
//! chosen so that they are found in a log if they should get there.

use std::{fs, net::SocketAddr};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use wire::{
    PersonneId,
    api::{DemandeVue, Identification, Role, Session},
};

use crate::{Phone, Request, Response, Server, Tus};

/// The territory that household number `n` belongs to: a guichet each, so that no two share an agent.
fn territoire(n: u32) -> String {
    format!("{}", 50 + n)
}

/// The code of that territory's guichet.
fn guichet(n: u32) -> String {
    format!("{}", 10_690 + n)
}

/// A household that the server knows.
pub struct Household {
    /// Which one.
    n: u32,
    /// Its numéro unique, as shown on a letter.
    pub numero: String,
    /// Its code télé-demandeur, as issued.
    pub code: String,
    /// Family names and first names of its people.
    pub names: Vec<String>,
}

impl Household {
    /// Makes household number `n` known to the server, with its guichet: a couple with a child. Each number is a
    /// household of its own, in a territory of its own.
    pub fn import(server: &Server, n: u32) -> Result<Self> {
        let (territoire, guichet) = (territoire(n), guichet(n));
        let guichets = server.scratch().join(format!("guichets-{n}.csv"));
        fs::write(
            &guichets,
            format!(
                "code,nom,territoire,contact\n{guichet},Mairie d’Essai,{territoire},guichet@essai.example\n"
            ),
        )?;
        server.admin(&["importer-guichets", &guichets.to_string_lossy()], "")?;

        let numero = format!("0{territoire} 1215 07390{n} {guichet}");
        let names = [
            format!("Quintefeuille{n}"),
            format!("Aldegonde{n}"),
            format!("Barnabé{n}"),
            format!("Capucine{n}"),
        ];
        let [nom, demandeur, conjoint, enfant] = &names;
        let personne = |role: &str, prenom: &str, naissance: &str| json!({ "role": role, "nom": nom, "prenom": prenom, "date_naissance": naissance });
        let demandes = json!([{
            "numero": numero,
            "territoire": territoire,
            "date_depot": "2015-12-03",
            // Renewed lately, as a demande of that age must be to be alive.
            "renouvelee_le": (chrono::Utc::now() - chrono::TimeDelta::days(60)).date_naive(),
            "guichet": guichet,
            "personnes": [
                personne("demandeur", demandeur, "1984-02-29"),
                personne("cotitulaire", conjoint, "1986-07-14"),
                personne("personne_a_charge", enfant, "2016-11-30"),
            ],
        }]);
        let file = server.scratch().join(format!("demandes-{n}.json"));
        fs::write(&file, demandes.to_string())?;
        server.admin(&["importer-demandes", &file.to_string_lossy()], "")?;

        let issued = server.admin(&["emettre-code", "--json"], &format!("{numero}\n"))?;
        let issued: Value = serde_json::from_str(&issued)?;
        let code = issued.get("code").and_then(Value::as_str).context("no code was issued")?.to_owned();
        Ok(Self { n, numero, code, names: names.to_vec() })
    }

    /// Signs in with the API, without the command line.
    pub fn sign_in(&self, addr: SocketAddr) -> Result<Tus> {
        let session = self.session(addr)?;
        Ok(Tus { addr, token: session.access_token, demande: session.demande })
    }

    /// Signs in with the API, and gives all that it answers.
    pub fn session(&self, addr: SocketAddr) -> Result<Session> {
        let body = Identification { numero: self.numero.clone(), code: self.code.clone() };
        Request::new("POST", "/api/v1/session").json(&body)?.send(addr)?.expect(200)?.json()
    }

    /// A device of this household with the command line, signed in to the server at that address.
    pub fn phone(&self, server: &Server, url: &str) -> Result<Phone> {
        let phone = Phone::new(server.scratch().join(format!("telephone-{}", self.n)), url);
        phone.sign_in(&self.numero, &self.code)?;
        Ok(phone)
    }
}

impl Tus {
    /// The household's person in that role.
    pub fn personne(&self, role: Role) -> Result<PersonneId> {
        let demande: DemandeVue =
            self.get(&format!("/api/v1/demandes/{}", self.demande))?.expect(200)?.json()?;
        let personne = demande.personnes.iter().find(|personne| personne.role == role);
        Ok(personne.with_context(|| format!("no {role:?} on the demande"))?.id)
    }
}

/// An agent's browser at the counter.
pub struct Counter {
    addr: SocketAddr,
    /// The agent's e-mail.
    pub courriel: String,
    /// The agent's password, as the server made it.
    pub mot_de_passe: String,
    cookie: String,
    /// What the forms of this session carry.
    jeton: String,
}

impl Counter {
    /// Creates an agent of household `n`'s guichet who may open every piece that is not sensitive, and signs in.
    pub fn open(server: &Server, n: u32) -> Result<Self> {
        Self::open_as(server, n, "guichet")
    }

    /// The same with this profile.
    pub fn open_as(server: &Server, n: u32, profil: &str) -> Result<Self> {
        let courriel = format!("{profil}{n}@essai.example");
        let created = server.admin(
            &["creer-agent", "--json", "--courriel", &courriel, "--guichet", &guichet(n), "--profil", profil],
            "",
        )?;
        let created: Value = serde_json::from_str(&created)?;
        let mot_de_passe =
            created.get("mot_de_passe").and_then(Value::as_str).context("no password was made")?.to_owned();
        let mut counter = Self {
            addr: server.addr()?,
            courriel,
            mot_de_passe,
            cookie: String::new(),
            jeton: String::new(),
        };
        counter.sign_in()?;
        Ok(counter)
    }

    fn sign_in(&mut self) -> Result<()> {
        let fields = [("courriel", self.courriel.as_str()), ("mot_de_passe", &self.mot_de_passe)];
        let answer = self.post("/guichet/connexion", &fields)?.expect(303)?;
        let cookie = answer.header("set-cookie").context("no cookie after signing in")?;
        cookie.split(';').next().unwrap_or_default().clone_into(&mut self.cookie);
        let page = self.get("/guichet/compte")?.expect(200)?.text();
        let jeton = page.split_once("name=\"jeton\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        jeton.context("no form on the page")?.0.clone_into(&mut self.jeton);
        Ok(())
    }

    /// Opens a page or a document.
    pub fn get(&self, path: &str) -> Result<Response> {
        Request::new("GET", path).header("Cookie", &self.cookie).send(self.addr)
    }

    /// Sends a form, as the counter's own pages do.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<Response> {
        let fields: Vec<_> =
            [("jeton", self.jeton.as_str())].into_iter().chain(fields.iter().copied()).collect();
        Request::new("POST", path)
            .header("Cookie", &self.cookie)
            .header("Origin", &format!("http://{}", self.addr))
            .form(&fields)
            .send(self.addr)
    }

    /// Sends a form with these fields and one file.
    pub fn post_file(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        nom: &str,
        bytes: &[u8],
    ) -> Result<Response> {
        let fields = [("jeton", self.jeton.as_str())].into_iter().chain(fields.iter().copied());
        let mut body: Vec<u8> = fields
            .flat_map(|(name, value)| {
                format!("--LIMITE\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .into_bytes()
            })
            .collect();
        let head = format!(
            "--LIMITE\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"{nom}\"\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--LIMITE--\r\n");
        Request::new("POST", path)
            .header("Cookie", &self.cookie)
            .header("Origin", &format!("http://{}", self.addr))
            .header("Content-Type", "multipart/form-data; boundary=LIMITE")
            .body(&body)
            .send(self.addr)
    }

    /// Looks a demande up by its numéro unique, follows to its page and gives it.
    pub fn find(&self, numero: &str) -> Result<Response> {
        let found = self.post("/guichet/recherche", &[("numero", numero)])?.expect(303)?;
        self.get(found.header("location").context("no address of the demande")?)
    }
}
