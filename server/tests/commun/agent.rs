//! An agent at the counter: a browser's cookie, and the token that its forms carry.

use server::{
    registre::{self, NouvelAgent, Profil},
    secrets,
};
use uuid::Uuid;

use super::{CODE, Reply, Server};

pub(crate) struct Agent<'s> {
    pub(crate) server: &'s Server,
    pub(crate) courriel: String,
    pub(crate) cookie: String,
    pub(crate) jeton: String,
}

impl<'s> Agent<'s> {
    /// A certified agent of the mairie's guichet, signed in.
    pub(crate) fn sign_in(server: &'s Server, profil: Profil) -> Self {
        Self::sign_in_at(server, profil, "10691")
    }

    /// The same of another guichet, which must be there.
    pub(crate) fn sign_in_at(server: &'s Server, profil: Profil, guichet: &str) -> Self {
        let courriel = format!("{}@mairie.example", Uuid::now_v7());
        let agent = NouvelAgent {
            courriel: courriel.clone(),
            nom: "Agent".into(),
            guichet: guichet.parse().unwrap(),
            profil,
            mot_de_passe_hash: secrets::hash_secret(CODE).unwrap(),
        };
        let now = server.clock.now();
        server.write(move |tx| {
            registre::create_agent(tx, &agent, now).unwrap();
            Ok(())
        });
        let reply = connect(server, &courriel, CODE);
        assert_eq!(reply.status, 303, "{}", reply.text());
        let cookie = cookie_of(&reply);
        let mut agent = Self { server, courriel, cookie, jeton: String::new() };
        agent.jeton = hidden(&agent.get("/guichet/compte").text(), "jeton");
        agent
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.server.send("GET", path, &[("Cookie", &self.cookie)], b"")
    }

    /// Sends a form from our own page.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let fields = [("jeton", self.jeton.as_str())].iter().chain(fields).copied().collect::<Vec<_>>();
        self.post_bare(path, &fields)
    }

    /// Sends a form with files, its fields first, as a browser does.
    pub(crate) fn post_files(&self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Reply {
        let mut body = Vec::new();
        for (name, value) in [("jeton", self.jeton.as_str())].iter().chain(fields) {
            body.extend_from_slice(
                format!("--LIMITE\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .as_bytes(),
            );
        }
        for (name, bytes) in files {
            let head = format!(
                "--LIMITE\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"{name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--LIMITE--\r\n");
        let headers = [
            ("Cookie", self.cookie.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "multipart/form-data; boundary=LIMITE"),
        ];
        self.server.send("POST", path, &headers, &body)
    }

    /// A request of an upload from the counter's page: its cookie, its token in a header, its origin.
    pub(crate) fn upload(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut all = vec![
            ("Cookie", self.cookie.as_str()),
            ("X-Jeton", self.jeton.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
            ("Tus-Resumable", "1.0.0"),
        ];
        all.extend_from_slice(headers);
        self.server.send(method, path, &all, body)
    }

    /// The same without the token.
    pub(crate) fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let headers = [("Cookie", self.cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
        self.server.send("POST", path, &headers, form(fields).as_bytes())
    }
}

/// Signs in with an address and a password.
pub(crate) fn connect(server: &Server, courriel: &str, password: &str) -> Reply {
    let body = form(&[("courriel", courriel), ("mot_de_passe", password)]);
    server.send("POST", "/guichet/connexion", &[("Sec-Fetch-Site", "same-origin")], body.as_bytes())
}

pub(crate) fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let begin = format!("name=\"{name}\" value=\"");
    page.split_once(&begin).expect("the field").1.split('"').next().unwrap().to_owned()
}

/// Fields as a browser sends them.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
