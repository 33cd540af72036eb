//! Networks that cut: whatever breaks, and wherever, there is exactly one piece in the end, and it is the file.

use std::time::Duration;

use anyhow::{Context as _, Result};
use harness::{CuttingProxy, Facts, Fault, Household, Random, Server, Tus, sample, sha256};

const LETTRE: Facts<'_> =
    Facts { rubrique: "motif", type_piece: "photos_logement", personne: None, nom: "salle de bains.jpg" };

/// More cuts than any real sending meets.
const CUTS: u64 = 12;

#[test]
fn an_upload_cut_at_random_offsets_continues_where_the_server_says() -> Result<()> {
    cut_at_random_offsets(&Server::start()?)
}

#[test]
fn an_enciphered_upload_cut_at_random_offsets_continues_where_the_server_says() -> Result<()> {
    cut_at_random_offsets(&Server::start_with_key()?)
}

fn cut_at_random_offsets(server: &Server) -> Result<()> {
    let mut random = Random::seeded("coupures");
    let proxy = CuttingProxy::start(server.addr()?)?;
    let phone = Household::import(server, 1)?.sign_in(proxy.addr())?;
    let bytes = std::fs::read(sample("A_12.jpg"))?;
    let metadata = phone.metadata(&LETTRE, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;

    let mut offset = 0;
    for cut in 1..=CUTS {
        // Somewhere in the head, in the first kilobyte (the type is told there) or anywhere in a twelfth of the file.
        let reach = if random.below(4) == 0 { 1_500 } else { bytes.len() as u64 / (CUTS + 1) };
        let at = 1 + random.below(reach);
        proxy.arm(Fault::CutRequest { method: "PATCH", bytes: at });
        let rest = bytes.get(usize::try_from(offset)?..).context("offset beyond the file")?;
        let answer = phone.patch(&path, offset, rest).send(proxy.addr());
        assert!(answer.is_err(), "cut {cut} at {at}: the client got an answer, {answer:?}");
        assert_eq!(u64::try_from(proxy.struck())?, cut, "the proxy did not cut");
        let before = offset;
        offset = settled_offset(&phone, &path)?;
        println!("cut {cut} after {at} bytes of the request: {before} → {offset}");
        assert!(
            (before..before + at).contains(&offset),
            "the server says {offset} after {before} and {at} sent"
        );
    }

    phone.finish(&path, &bytes)?.expect(204)?;
    let recu = phone.recu(metadata.depot)?;
    assert_eq!((recu.taille, recu.sha256), (bytes.len() as u64, sha256(&bytes)));
    assert_eq!(phone.list()?.len(), 1);
    Ok(())
}

/// Where the server stands once the cut connection's last bytes have arrived: until then it still counts them, and a
/// HEAD rightly tells only what is durable.
fn settled_offset(phone: &Tus, path: &str) -> Result<u64> {
    let mut before = phone.offset(path)?;
    loop {
        std::thread::sleep(Duration::from_millis(200));
        let now = phone.offset(path)?;
        if now == before {
            return Ok(now);
        }
        before = now;
    }
}

#[test]
fn a_lost_answer_to_the_last_patch_leaves_exactly_one_piece() -> Result<()> {
    let server = Server::start()?;
    let proxy = CuttingProxy::start(server.addr()?)?;
    let phone = Household::import(&server, 1)?.sign_in(proxy.addr())?;
    let bytes = std::fs::read(sample("A_12.jpg"))?;
    let metadata = phone.metadata(&LETTRE, &bytes)?;
    let path = phone.begin(&metadata, bytes.len() as u64)?;
    proxy.arm(Fault::LoseResponse { method: "PATCH" });
    assert!(phone.patch(&path, 0, &bytes).send(proxy.addr()).is_err());
    assert_eq!(proxy.struck(), 1);

    // All that a client can do next is harmless: ask where it is, end what is ended, begin again.
    assert_eq!(phone.offset(&path)?, bytes.len() as u64);
    phone.patch(&path, bytes.len() as u64, &[]).send(proxy.addr())?.expect(204)?;
    assert_eq!(phone.begin(&metadata, bytes.len() as u64)?, path);
    assert_eq!(phone.recu(metadata.depot)?.sha256, sha256(&bytes));
    assert_eq!(phone.list()?.len(), 1);
    Ok(())
}

#[test]
fn a_lost_answer_to_the_creation_leaves_exactly_one_piece() -> Result<()> {
    let server = Server::start()?;
    let proxy = CuttingProxy::start(server.addr()?)?;
    let phone = Household::import(&server, 1)?.sign_in(proxy.addr())?;
    let bytes = std::fs::read(sample("B_12.jpg"))?;
    let metadata = phone.metadata(&LETTRE, &bytes)?;
    proxy.arm(Fault::LoseResponse { method: "POST" });
    assert!(phone.create(&metadata, bytes.len() as u64).is_err());
    assert_eq!(proxy.struck(), 1);

    let path = phone.begin(&metadata, bytes.len() as u64)?;
    assert_eq!(phone.begin(&metadata, bytes.len() as u64)?, path, "two uploads for one deposit");
    phone.patch(&path, 0, &bytes).send(proxy.addr())?.expect(204)?;
    assert_eq!(phone.list()?.len(), 1);
    Ok(())
}

#[test]
fn the_command_line_survives_each_fault_by_itself() -> Result<()> {
    let server = Server::start()?;
    let proxy = CuttingProxy::start(server.addr()?)?;
    let household = Household::import(&server, 1)?;
    let phone = household.phone(&server, &proxy.url())?;
    let faults = [
        Fault::LoseResponse { method: "POST" },
        Fault::CutRequest { method: "PATCH", bytes: 40_000 },
        Fault::LoseResponse { method: "PATCH" },
    ];
    for fault in faults.clone() {
        proxy.arm(fault);
    }
    let photo = sample("A_12.jpg");
    let arguments = ["deposer", "--rubrique", "motif", "--type", "photos_logement"].map(Into::into);
    phone.run(arguments.into_iter().chain([photo.into_os_string()]))?.expect(0)?;
    assert_eq!(proxy.struck(), faults.len(), "a fault did not strike");
    assert_eq!(household.sign_in(server.addr()?)?.list()?.len(), 1);
    Ok(())
}
