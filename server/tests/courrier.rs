//! Mail by SMTP, against a mail server of the test's own that says what it is told to: the message that arrives, what is
//! tried again, what is given up, and what the log says of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should say so and stop"
)]

mod commun;

use std::{
    collections::{BTreeMap, VecDeque},
    io::{BufRead as _, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta};
use commun::{
    Server,
    agent::{Agent, form},
};
use server::{params, registre::Profil};

/// At which command a mail server says something else than yes.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Mail,
    Rcpt,
    Content,
}

/// A mail that was taken.
#[derive(Clone)]
struct Mail {
    from: String,
    to: String,
    /// As on the line, without the dots that the protocol adds.
    content: String,
}

#[derive(Default)]
struct Desk {
    /// What to say next time to a mail for this address; yes where nothing is left.
    refusals: BTreeMap<String, VecDeque<(At, &'static str)>>,
    /// What to say to the next connections instead of a greeting.
    greetings: VecDeque<&'static str>,
    taken: Vec<Mail>,
    /// To whom mail was tried, taken or not.
    tried: Vec<String>,
}

/// A mail server for one client at a time.
struct Smtp {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
}

impl Smtp {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Mutex::new(Desk::default()));
        let shared = Arc::clone(&desk);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that hangs up is one mail that was not taken.
                let _ = serve(&stream.unwrap(), &shared);
            }
        });
        Self { address, desk }
    }

    fn refuse(&self, to: &str, refusals: &[(At, &'static str)]) {
        self.desk.lock().unwrap().refusals.insert(to.to_owned(), refusals.iter().copied().collect());
    }

    /// The first mail taken for this address, once there is one.
    fn mail_for(&self, to: &str) -> Mail {
        wait_until(|| self.desk.lock().unwrap().taken.iter().find(|mail| mail.to == to).cloned())
    }

    fn tries(&self, to: &str) -> usize {
        self.desk.lock().unwrap().tried.iter().filter(|tried| *tried == to).count()
    }
}

/// RFC 5321, as much of it as a client needs.
fn serve(stream: &TcpStream, desk: &Mutex<Desk>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream);
    let say = |text: &str| (&mut (&*stream)).write_all(format!("{text}\r\n").as_bytes());
    let greeting = desk.lock().unwrap().greetings.pop_front();
    say(greeting.unwrap_or("220 essai.example ESMTP"))?;
    let (mut from, mut to, mut refusal) = (String::new(), String::new(), None);
    loop {
        let line = read_line(&mut lines)?;
        let address = || line.split_once('<').unwrap().1.split('>').next().unwrap().to_owned();
        match line.to_uppercase().split([' ', ':']).next().unwrap() {
            "EHLO" => {
                say("250-essai.example")?;
                say("250 8BITMIME")?;
            }
            "MAIL" => {
                from = address();
                // Whom it is for is not known yet: a refusal here is for whoever is next.
                let mut desk = desk.lock().unwrap();
                let here =
                    |queue: &VecDeque<(At, &str)>| queue.front().is_some_and(|(at, _)| *at == At::Mail);
                let found = desk.refusals.iter_mut().find(|(_, queue)| here(queue));
                match found.and_then(|(to, queue)| Some((to.clone(), queue.pop_front()?.1))) {
                    Some((to, text)) => {
                        desk.tried.push(to);
                        say(text)?;
                    }
                    None => say("250 OK")?,
                }
            }
            "RCPT" => {
                to = address();
                let mut desk = desk.lock().unwrap();
                desk.tried.push(to.clone());
                refusal = desk.refusals.get_mut(&to).and_then(VecDeque::pop_front);
                match refusal {
                    Some((At::Rcpt, text)) => say(text)?,
                    _ => say("250 OK")?,
                }
            }
            "DATA" => {
                say("354 Go on")?;
                let mut content = String::new();
                loop {
                    let line = read_line(&mut lines)?;
                    if line == "." {
                        break;
                    }
                    content.push_str(line.strip_prefix('.').unwrap_or(&line));
                    content.push_str("\r\n");
                }
                if let Some((At::Content, text)) = refusal {
                    say(text)?;
                } else {
                    desk.lock().unwrap().taken.push(Mail { from: from.clone(), to: to.clone(), content });
                    say("250 Taken")?;
                }
            }
            "NOOP" | "RSET" => say("250 OK")?,
            "QUIT" => return say("221 Bye"),
            _ => say("502 Unknown")?,
        }
    }
}

/// A line without its end, which must be CR LF and come before 998 bytes (RFC 5321, 4.5.3.1.6); ASCII, since nobody was
/// asked whether more is understood.
fn read_line(lines: &mut BufReader<&TcpStream>) -> std::io::Result<String> {
    let mut line = Vec::new();
    if lines.read_until(b'\n', &mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8(line).unwrap();
    let text = line.strip_suffix("\r\n").expect("a line ends with CR LF");
    assert!(text.len() <= 998 && text.is_ascii() && !text.contains('\r'), "{text:?}");
    Ok(text.to_owned())
}

fn wait_until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never came");
}

/// Everything that the server has logged in this process.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn keep_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing_subscriber::fmt().json().with_writer(|| Sink).init());
}

fn log() -> String {
    String::from_utf8(LOG.lock().unwrap().clone()).unwrap()
}

/// Asks for a link, as anybody may.
fn forget(server: &Server, courriel: &str) {
    let body = form(&[("courriel", courriel)]);
    let headers = [("Sec-Fetch-Site", "same-origin")];
    assert_eq!(server.send("POST", "/guichet/mot-de-passe", &headers, body.as_bytes()).status, 200);
}

/// How often the mail for an address was tried, and in how many seconds it is tried next; none when it waits no more.
fn waiting(server: &Server, courriel: &str) -> Option<(i64, i64)> {
    let (to, now) = (courriel.to_owned(), server.clock.now().timestamp_millis());
    server.write(move |tx| {
        tx.query_opt(
            "SELECT essais, a_envoyer_le FROM courriel WHERE destinataire = $1",
            params![to],
            |row| Ok((row.get(0)?, (row.get::<i64>(1)? - now) / 1_000)),
        )
    })
}

/// The header's value, unfolded and decoded (RFC 2047).
fn header(mail: &Mail, name: &str) -> Option<String> {
    let (head, _) = mail.content.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let found: Vec<_> = head
        .split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .collect();
    assert!(found.len() <= 1, "{name} comes once");
    found.first().map(|(_, value)| {
        // White space between two encoded words is not part of the text.
        let words = value.replace("?= =?", "?==?");
        let mut text = String::new();
        let mut rest = words.as_str();
        while let Some((plain, word)) = rest.split_once("=?") {
            text.push_str(plain);
            let mut parts = word.splitn(4, '?');
            assert!(parts.next().unwrap().eq_ignore_ascii_case("utf-8"));
            let encoding = parts.next().unwrap().to_lowercase();
            let encoded = parts.next().unwrap();
            let bytes = match encoding.as_str() {
                "b" => STANDARD.decode(encoded).unwrap(),
                "q" => quoted_printable(&encoded.replace('_', " ")),
                other => panic!("encoding {other}"),
            };
            text.push_str(&String::from_utf8(bytes).unwrap());
            rest = parts.next().unwrap().strip_prefix('=').unwrap();
        }
        text + rest
    })
}

/// The body, decoded.
fn body(mail: &Mail) -> String {
    let (_, body) = mail.content.split_once("\r\n\r\n").unwrap();
    let bytes = match header(mail, "Content-Transfer-Encoding").as_deref() {
        Some("quoted-printable") => quoted_printable(&body.replace("=\r\n", "")),
        Some("base64") => STANDARD.decode(body.replace("\r\n", "")).unwrap(),
        Some("7bit") => body.as_bytes().to_vec(),
        other => panic!("encoding {other:?}"),
    };
    String::from_utf8(bytes).unwrap()
}

/// RFC 2045, 6.7, after soft line ends.
fn quoted_printable(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = if *first == b'=' {
            let (digits, more) = more.split_at(2);
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap());
            more
        } else {
            bytes.push(*first);
            more
        };
    }
    bytes
}

/// Headers of our mail: nothing of the program, the machine or the request beside.
const HEADERS: [&str; 8] = [
    "content-transfer-encoding",
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "subject",
    "to",
];

#[test]
fn a_message_arrives_well_formed_whatever_stands_in_it() {
    keep_log();
    let smtp = Smtp::start();
    let server = Server::with_smtp(smtp.address);
    let assistance = Agent::sign_in(&server, Profil::AssistanceNationale);
    // An assistant's words become the body: French, long, and lines that the protocol itself would understand.
    let refused = Agent::sign_in(&server, Profil::Guichet);
    server.write_sql("UPDATE agent SET etat = 'a_certifier' WHERE profil = 'guichet'");
    let list = assistance.get("/guichet/comptes").text();
    let id = list.split("href=\"/guichet/comptes/").nth(1).unwrap().split('"').next().unwrap();
    let motif =
        format!("Œuvre : « à l’été »\n.\n..\nRCPT TO:<evil@essai.example>\n{}= fin", "é".repeat(1_200));
    let decided =
        assistance.post(&format!("/guichet/comptes/{id}"), &[("decision", "refuser"), ("motif", &motif)]);
    assert_eq!(decided.status, 303);
    let mail = smtp.mail_for(&refused.courriel);
    let expected = format!(
        "L’assistance nationale n’a pas pu certifier votre compte : {motif}\nConnectez-vous pour corriger votre fiche."
    );
    assert_eq!(body(&mail).trim_end_matches("\r\n"), expected.replace('\n', "\r\n"));
    assert_eq!(header(&mail, "Subject").as_deref(), Some("Votre compte de guichet"));

    // A subject that is not ASCII.
    let known = [("nom", "Claire"), ("courriel", assistance.courriel.as_str()), ("guichet", "10691")];
    let headers = [("Sec-Fetch-Site", "same-origin")];
    let asked = server.send("POST", "/guichet/inscription", &headers, form(&known).as_bytes());
    assert_eq!(asked.status, 200);
    let other = smtp.mail_for(&assistance.courriel);
    assert_eq!(header(&other, "Subject").as_deref(), Some("Vous avez déjà un compte"));
    assert!(body(&other).contains("qui en a déjà un"), "{}", body(&other));

    for (mail, to) in [(&mail, &refused.courriel), (&other, &assistance.courriel)] {
        assert_eq!((mail.from.as_str(), &mail.to), ("essai@exemple.example", to));
        assert_eq!(header(mail, "From").as_deref(), Some("essai@exemple.example"));
        assert_eq!(header(mail, "To").as_ref(), Some(to));
        assert_eq!(header(mail, "MIME-Version").as_deref(), Some("1.0"));
        assert_eq!(header(mail, "Content-Type").as_deref(), Some("text/plain; charset=utf-8"));
        assert!(DateTime::parse_from_rfc2822(&header(mail, "Date").unwrap()).is_ok());
        let head = mail.content.split_once("\r\n\r\n").unwrap().0.to_lowercase();
        let names = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        for name in names.map(|line| line.split(':').next().unwrap()) {
            assert!(HEADERS.contains(&name), "{name}");
        }
    }
    assert_ne!(header(&mail, "Message-ID"), header(&other, "Message-ID"));
    assert_eq!(smtp.desk.lock().unwrap().taken.len(), 2, "one mail each, and none for the line in the text");
}

#[test]
fn what_cannot_be_taken_now_is_tried_again_later() {
    keep_log();
    let smtp = Smtp::start();
    let server = Server::with_smtp(smtp.address);
    // Not now: at the recipient, at the content; and faults of ours that are no fault of the mail.
    let cases = [
        (At::Rcpt, "450 4.2.0 <ADRESSE> greylisted"),
        (At::Content, "452 4.3.1 <ADRESSE> no space"),
        (At::Mail, "530 5.7.0 authentication required"),
    ];
    for (at, text) in cases {
        let agent = Agent::sign_in(&server, Profil::Guichet);
        smtp.refuse(&agent.courriel, &[(at, text)]);
        forget(&server, &agent.courriel);
        let (tries, seconds) =
            wait_until(|| waiting(&server, &agent.courriel).filter(|(tries, _)| *tries == 1));
        assert_eq!((tries, seconds), (1, 120), "{text}: in two minutes");
        assert_eq!(smtp.tries(&agent.courriel), 1);
        server.clock.advance(TimeDelta::minutes(2));
        assert!(body(&smtp.mail_for(&agent.courriel)).contains("/guichet/mot-de-passe/"));
        wait_until(|| waiting(&server, &agent.courriel).is_none().then_some(()));
        assert_eq!(smtp.tries(&agent.courriel), 2, "{text}");
    }
    // The mail server itself is not ready, twice; each wait is twice the one before.
    let agent = Agent::sign_in(&server, Profil::Guichet);
    smtp.desk.lock().unwrap().greetings = ["421 4.3.2 not now"; 2].into();
    forget(&server, &agent.courriel);
    for (tries, seconds) in [(1, 120), (2, 240)] {
        let found = wait_until(|| waiting(&server, &agent.courriel).filter(|(seen, _)| *seen == tries));
        assert_eq!(found.1, seconds);
        server.clock.advance(TimeDelta::seconds(seconds));
    }
    smtp.mail_for(&agent.courriel);
    let log = log();
    assert!(log.contains("a mail was not handed over") && log.contains("\"again\":true"), "{log}");
    for told in [agent.courriel.as_str(), "mairie.example", "greylisted", "ADRESSE"] {
        assert!(!log.contains(told), "the log tells {told}");
    }
}

#[test]
fn what_is_refused_for_good_is_given_up_and_the_log_says_so_without_the_address() {
    keep_log();
    let smtp = Smtp::start();
    let server = Server::with_smtp(smtp.address);
    let gone: Vec<_> =
        [(At::Rcpt, "550 5.1.1 <ADRESSE> user unknown"), (At::Content, "554 5.7.1 <ADRESSE> spam")]
            .into_iter()
            .map(|(at, text)| {
                let agent = Agent::sign_in(&server, Profil::Guichet);
                smtp.refuse(&agent.courriel, &[(at, text)]);
                forget(&server, &agent.courriel);
                wait_until(|| waiting(&server, &agent.courriel).is_none().then_some(()));
                agent.courriel
            })
            .collect();
    // Days later it was not tried again, and others' mail goes out.
    server.clock.advance(TimeDelta::days(3));
    let other = Agent::sign_in(&server, Profil::Guichet);
    forget(&server, &other.courriel);
    smtp.mail_for(&other.courriel);
    for courriel in &gone {
        assert_eq!(smtp.tries(courriel), 1);
        assert!(smtp.desk.lock().unwrap().taken.iter().all(|mail| mail.to != *courriel));
    }
    let log = log();
    for code in ["(550)", "(554)"] {
        let line = log.lines().find(|line| line.contains(code)).expect("a line of the log");
        assert!(line.contains("définitivement") && line.contains("\"again\":false"), "{line}");
        assert!(line.contains("\"WARN\""), "the operator's business, not a fault of ours: {line}");
    }
    for told in ["mairie.example", "user unknown", "mot de passe", "/guichet/mot-de-passe/"] {
        assert!(!log.contains(told), "the log tells {told}");
    }
}
