//! A small OpenID Connect provider over real sockets: its description, its keys, its sign-in and its tokens. It checks
//! what a provider has to check (secret, code once, PKCE, the address that it sends back to), and may be told to lie.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use server::clock::Clock;
use sha2::{Digest as _, Sha256};

use crate::commun::{Reply, head};

pub(crate) const CLIENT: &str = "guichet&demande";
pub(crate) const SECRET: &str = "secret+du guichet";

/// What a lie does to a token: its header, then its claims.
type Lie = Box<dyn Fn(&mut Value, &mut Value) + Send>;

/// What a path answers instead.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// This status, with a body of another kind.
    Status(u16),
    /// Another address of the provider's.
    Redirect,
    /// Nothing, with the connection left open.
    Silence,
    /// More than anybody reads.
    Endless,
}

pub(crate) enum Key {
    P256(Box<EcdsaKeyPair>),
    Rsa(Box<rsa::RsaPrivateKey>),
}

impl Key {
    pub(crate) fn p256() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
        Self::P256(Box::new(pair.unwrap()))
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(Box::new(rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap()))
    }

    fn algorithm(&self) -> &'static str {
        if matches!(self, Self::P256(_)) { "ES256" } else { "RS256" }
    }

    fn public(&self, kid: &str) -> Value {
        match self {
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": text(x), "y": text(y) })
            }
            Self::Rsa(key) => {
                let (n, e) = (key.n().to_bytes_be(), key.e().to_bytes_be());
                json!({ "kty": "RSA", "use": "sig", "kid": kid, "n": text(&n), "e": text(&e) })
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Rsa(key) => {
                // RFC 8017, 9.2: the name of SHA-256 before its digest.
                let mut named = vec![0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01];
                named.extend([0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20]);
                named.extend(Sha256::digest(message));
                key.sign(rsa::Pkcs1v15Sign::new_unprefixed(), &named).unwrap()
            }
        }
    }
}

/// Who signs in there, and what the provider does with it.
pub(crate) struct State {
    pub(crate) sujet: String,
    pub(crate) courriel: String,
    pub(crate) key: Key,
    pub(crate) kid: String,
    pub(crate) lie: Option<Lie>,
    pub(crate) faults: HashMap<&'static str, Fault>,
    /// How often each path was asked for.
    pub(crate) asked: HashMap<String, u32>,
    codes: HashMap<String, Begun>,
    clock: Clock,
    given: u32,
}

struct Begun {
    redirect: String,
    nonce: String,
    challenge: String,
}

pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Provider {
    pub(crate) fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            sujet: "sujet-1".into(),
            courriel: String::new(),
            key: Key::p256(),
            kid: "1".into(),
            lie: None,
            faults: HashMap::new(),
            asked: HashMap::new(),
            codes: HashMap::new(),
            clock,
            given: 0,
        }));
        let shared = Arc::clone(&state);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state) = (stream.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || answer(stream, address, &state));
            }
        });
        Self { address, state }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn lie(&self, lie: impl Fn(&mut Value, &mut Value) + Send + 'static) {
        self.set().lie = Some(Box::new(lie));
    }

    /// Somebody signs in at the address that the service gave: the address that the provider sends the browser back to.
    pub(crate) fn sign_in(&self, location: &str) -> String {
        let path = location.strip_prefix(&self.issuer()).expect("an address of the provider");
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(&head("GET", path, &[], 0)).unwrap();
        let reply = Reply::read(&mut stream);
        assert_eq!(reply.status, 302, "{}", reply.text());
        reply.header("location").unwrap().to_owned()
    }
}

fn answer(stream: TcpStream, address: SocketAddr, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length, mut authorization) = (String::new(), 0, String::new());
    reader.read_line(&mut line).unwrap();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or_default() == 0 || header == "\r\n" {
            break;
        }
        let (name, value) = header.trim().split_once(": ").unwrap_or_default();
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "authorization" => value.clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut stream = reader.into_inner();
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (reply, fault) = {
        let mut state = state.lock().unwrap();
        *state.asked.entry(path.to_owned()).or_default() += 1;
        let fault = state.faults.get(path).copied();
        (fault.is_none().then(|| state.answer(path, query, &body, &authorization, address)), fault)
    };
    let reply = match (reply, fault) {
        (Some(reply), _) => reply,
        (None, Some(Fault::Silence)) => {
            // Until whoever asked has gone.
            let _ = stream.read(&mut [0]);
            return;
        }
        (None, Some(Fault::Endless)) => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
            while stream.write_all(&[b' '; 4_096]).is_ok() {}
            return;
        }
        (None, Some(Fault::Redirect)) => {
            format!("HTTP/1.1 307 x\r\nLocation: http://{address}/ailleurs\r\nContent-Length: 0\r\n\r\n")
        }
        (None, Some(Fault::Status(status))) => {
            format!("HTTP/1.1 {status} x\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nnon.")
        }
        (None, None) => unreachable!(),
    };
    let _ = stream.write_all(reply.as_bytes());
}

impl State {
    fn answer(
        &mut self,
        path: &str,
        query: &str,
        body: &[u8],
        authorization: &str,
        address: SocketAddr,
    ) -> String {
        let issuer = format!("http://{address}");
        match path {
            "/.well-known/openid-configuration" => reply(
                200,
                &json!({
                    "issuer": issuer,
                    "authorization_endpoint": format!("{issuer}/authorize"),
                    "token_endpoint": format!("{issuer}/token"),
                    "jwks_uri": format!("{issuer}/jwks"),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    // Claims what must not be taken all the same.
                    "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
                }),
            ),
            "/jwks" => reply(200, &json!({ "keys": [self.key.public(&self.kid)] })),
            "/authorize" => self.authorize(query),
            "/token" => self.token(body, authorization, &issuer),
            _ => reply(404, &json!({})),
        }
    }

    fn authorize(&mut self, query: &str) -> String {
        let fields = fields(query.as_bytes());
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        assert_eq!(field("client_id"), CLIENT);
        assert_eq!((field("response_type"), field("code_challenge_method")), ("code".into(), "S256".into()));
        assert!(field("scope").split(' ').any(|scope| scope == "openid"), "{}", field("scope"));
        self.given += 1;
        let code = format!("code-{}", self.given);
        let redirect = field("redirect_uri");
        let mut location = format!("{redirect}?code={code}");
        let state = form_urlencoded::byte_serialize(field("state").as_bytes()).collect::<String>();
        write!(location, "&state={state}").unwrap();
        self.codes
            .insert(code, Begun { redirect, nonce: field("nonce"), challenge: field("code_challenge") });
        format!("HTTP/1.1 302 x\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
    }

    fn token(&mut self, body: &[u8], authorization: &str, issuer: &str) -> String {
        let fields = fields(body);
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        // RFC 6749, 2.3.1: both encoded as in a form.
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let basic = STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET)));
        if authorization != format!("Basic {basic}") {
            return reply(401, &json!({ "error": "invalid_client" }));
        }
        let begun = self.codes.remove(&field("code"));
        let challenge = text(&Sha256::digest(field("code_verifier")));
        let fits =
            begun.filter(|begun| begun.challenge == challenge && begun.redirect == field("redirect_uri"));
        let Some(begun) = fits else { return reply(400, &json!({ "error": "invalid_grant" })) };
        let now = self.clock.now().timestamp();
        let mut header = json!({ "alg": self.key.algorithm(), "kid": self.kid });
        let mut claims = json!({
            "iss": issuer, "aud": CLIENT, "sub": self.sujet, "iat": now, "exp": now + 300, "nonce": begun.nonce,
            "email": self.courriel, "email_verified": true,
        });
        if let Some(lie) = &self.lie {
            lie(&mut header, &mut claims);
        }
        let message =
            format!("{}.{}", text(header.to_string().as_bytes()), text(claims.to_string().as_bytes()));
        let signature = match header["alg"].as_str() {
            Some("none") => Vec::new(),
            Some("HS256") => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            _ => self.key.sign(message.as_bytes()),
        };
        let id_token = format!("{message}.{}", text(&signature));
        reply(200, &json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token }))
    }
}

fn fields(form: &[u8]) -> HashMap<String, String> {
    form_urlencoded::parse(form).into_owned().collect()
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn reply(status: u16, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
}
