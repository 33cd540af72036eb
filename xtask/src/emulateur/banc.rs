//! The bench: the real server, the line to it that breaks, and a port where the phone asks for what only this machine can
//! do. One question a connection: a line, answered by `ok` and what was asked for, or by what is wrong.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};
use harness::{CuttingProxy, Fault, Household, Server, sample};

/// The longest question: a command and a reason in words.
const QUESTION_BYTES_MAX: u64 = 1_000;

/// Households that a server of the harness can tell apart.
const HOUSEHOLDS_MAX: u32 = 9;

pub(super) struct Banc {
    port: u16,
    line_port: u16,
}

struct State {
    server: Server,
    line: CuttingProxy,
    household: Option<Household>,
    households: u32,
    /// Cuts before the current household's journey.
    struck_before: usize,
}

impl Banc {
    /// Starts all three; they end with this process.
    pub(super) fn start() -> Result<Self> {
        let server = Server::start()?;
        let line = CuttingProxy::start(server.addr()?)?;
        let line_port = line.addr().port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a port for the bench")?;
        let port = listener.local_addr()?.port();
        let state = State { server, line, household: None, households: 0, struck_before: 0 };
        let state = Arc::new(Mutex::new(state));
        thread::spawn(move || {
            for asking in listener.incoming().flatten() {
                // A question that cannot be read, or whose answer nobody takes, is the journey's failure, shown there.
                let _ = answer(&state, asking);
            }
        });
        Ok(Self { port, line_port })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn line_port(&self) -> u16 {
        self.line_port
    }
}

fn answer(state: &Mutex<State>, mut asking: TcpStream) -> Result<()> {
    let mut question = String::new();
    BufReader::new((&asking).take(QUESTION_BYTES_MAX)).read_line(&mut question)?;
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    match state.answer(question.trim_end()) {
        Ok(bytes) => {
            asking.write_all(b"ok\n")?;
            asking.write_all(&bytes)?;
        }
        Err(error) => writeln!(asking, "non : {error:#}")?,
    }
    Ok(())
}

impl State {
    fn answer(&mut self, question: &str) -> Result<Vec<u8>> {
        let (word, rest) = question.split_once(' ').unwrap_or((question, ""));
        match word {
            "neuf" => self.new_household()?,
            "foyer" => {
                let household = self.household.as_ref().context("pas encore de foyer")?;
                return Ok(format!("{}\n{}", household.numero, household.code).into_bytes());
            }
            "couper" => {
                let (method, bytes) = rest.split_once(' ').context("couper MÉTHODE OCTETS")?;
                ensure!(method == "PATCH", "seule la ligne d’un PATCH se coupe");
                self.line.arm(Fault::Disconnect { method: "PATCH", bytes: bytes.parse()? });
            }
            "retablir" => self.line.reconnect(),
            "coupures" => return Ok((self.line.struck() - self.struck_before).to_string().into_bytes()),
            "refuser" => {
                let (piece, raison) = rest.split_once(' ').context("refuser PIÈCE RAISON")?;
                self.server.admin(&["juger", piece, "inexploitable", "--raison", raison], "")?;
            }
            "exemple" => {
                ensure!(!rest.contains('/'), "un nom, pas un chemin");
                return Ok(fs::read(sample(rest))?);
            }
            _ => bail!("question inconnue"),
        }
        Ok(Vec::new())
    }

    fn new_household(&mut self) -> Result<()> {
        self.households += 1;
        ensure!(self.households <= HOUSEHOLDS_MAX, "trop de foyers pour un serveur d’essai");
        self.line.reconnect();
        self.struck_before = self.line.struck();
        self.household = Some(Household::import(&self.server, self.households)?);
        Ok(())
    }
}
