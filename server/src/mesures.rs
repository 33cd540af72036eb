//! What the server counts of itself, for a Prometheus of the operator's. Served by `http::mesures`, at a door of its own.
//!
//! Counting must cost nothing and tell nothing. Bytes and uploads are one atomic addition each; a request is, at its end,
//! two looks into small tables and one short lock of its route's histogram, well under a microsecond. Labels come from closed lists (routes, refusals,
//! kinds of faults), never from what a client sent, so that neither a name nor an id can get there and no client can make
//! the list grow. What lies in the base is counted when it is asked for, and left out where the base does not answer: an
//! old figure would look like a good one.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use prometheus_client::{
    encoding::text::{encode_eof, encode_registry},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use wire::ProblemCode;

use crate::{
    coffre::CoffreError,
    octets::OctetsError,
    registre::{self, Attente},
    service::Service,
    store::StoreError,
};

/// What every name begins with.
const PREFIX: &str = "ma_demande";

/// Upper ends of the histogram's classes, in seconds: a page is a matter of milliseconds, a PATCH on a slow line may take a
/// quarter of an hour.
const CLASSES_SECONDS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0, 900.0];

/// How long the base may take to say what waits. Prometheus itself gives up after ten seconds.
const ASKED_FOR_AT_MOST: Duration = Duration::from_secs(5);

/// The kinds of faults of the base's. All are there from the start, at 0: Prometheus sees a growth only of what it has seen.
const BASE_GENRES: [&str; 8] =
    ["ferme", "occupe", "injoignable", "encodage", "disque_plein", "panique", "contenu", "moteur"];

/// The kinds of faults of the coffre's.
const COFFRE_GENRES: [&str; 10] = [
    "disque_plein",
    "absent",
    "trop_court",
    "altere",
    "sans_cle",
    "injoignable",
    "refuse",
    "reglage",
    "systeme",
    "panique",
];

/// Why an inspection is put off.
const INSPECTION_CAUSES: [&str; 5] = ["coffre", "memoire", "inspecteur", "antivirus", "base"];

/// One label and its value, from a closed list.
type Mot = [(&'static str, &'static str); 1];

/// The counters.
pub(crate) struct Mesures {
    registry: Registry,
    requetes: Family<Mot, Histogram, fn() -> Histogram>,
    reponses: Family<Mot, Counter>,
    commences: Counter,
    attaches: Counter,
    refuses: Family<[(&'static str, String); 1], Counter>,
    octets: Counter,
    connexions: Gauge,
    base: Family<Mot, Counter>,
    coffre: Family<Mot, Counter>,
    inspections: Family<Mot, Counter>,
}

/// A fault of the base's or the coffre's, by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panne {
    /// The base's.
    Base(&'static str),
    /// The coffre's.
    Coffre(&'static str),
}

/// A connection that is open, until it is dropped.
pub(crate) struct Ouverte(Gauge);

impl Drop for Ouverte {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Mesures {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(CLASSES_SECONDS);
        let mut all = Self {
            registry: Registry::with_prefix(PREFIX),
            requetes: Family::new_with_constructor(histogram),
            reponses: Family::default(),
            commences: Counter::default(),
            attaches: Counter::default(),
            refuses: Family::default(),
            octets: Counter::default(),
            connexions: Gauge::default(),
            base: Family::default(),
            coffre: Family::default(),
            inspections: Family::default(),
        };
        for (family, label, values) in [
            (&all.base, "genre", BASE_GENRES.as_slice()),
            (&all.coffre, "genre", &COFFRE_GENRES),
            (&all.inspections, "cause", &INSPECTION_CAUSES),
        ] {
            for value in values {
                drop(family.get_or_create(&[(label, *value)]));
            }
        }
        let to = &mut all.registry;
        to.register_with_unit(
            "requete_duree",
            "From a request's headers to the head of its answer, by route",
            Unit::Seconds,
            all.requetes.clone(),
        );
        to.register("reponses", "Answers, by the class of their status", all.reponses.clone());
        to.register("envois_commences", "Uploads begun", all.commences.clone());
        to.register("envois_attaches", "Uploads acknowledged with a receipt", all.attaches.clone());
        to.register("envois_refuses", "Uploads refused, by the problem's code", all.refuses.clone());
        to.register("octets_recus", "Bytes of documents received", all.octets.clone());
        to.register("connexions_ouvertes", "Connections open", all.connexions.clone());
        to.register("base_pannes", "Faults of the base, by kind", all.base.clone());
        to.register("coffre_pannes", "Faults of the coffre, by kind", all.coffre.clone());
        to.register(
            "inspections_manquees",
            "Inspections put off for a fault of ours, by cause",
            all.inspections.clone(),
        );
        all
    }
}

impl Mesures {
    /// A request was answered.
    pub(crate) fn answered(&self, route: &'static str, status: u16, took: Duration) {
        let class = match status {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        self.requetes.get_or_create(&[("route", route)]).observe(took.as_secs_f64());
        self.reponses.get_or_create(&[("statut", class)]).inc();
    }

    /// An upload was begun.
    pub(crate) fn envoi_commence(&self) {
        self.commences.inc();
    }

    /// An upload is acknowledged.
    pub(crate) fn envoi_attache(&self) {
        self.attaches.inc();
    }

    /// An upload was refused, at its beginning or later.
    pub(crate) fn envoi_refuse(&self, code: ProblemCode) {
        self.refuses.get_or_create(&[("code", code.name())]).inc();
    }

    /// Bytes of a document have come.
    pub(crate) fn octets_recus(&self, count: usize) {
        self.octets.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// A connection was opened.
    pub(crate) fn connexion(&self) -> Ouverte {
        self.connexions.inc();
        Ouverte(self.connexions.clone())
    }

    /// Base or coffre failed.
    pub(crate) fn panne(&self, panne: impl Into<Panne>) {
        match panne.into() {
            Panne::Base(genre) => self.base.get_or_create(&[("genre", genre)]).inc(),
            Panne::Coffre(genre) => self.coffre.get_or_create(&[("genre", genre)]).inc(),
        };
    }

    /// A piece could not be inspected for a fault of ours.
    pub(crate) fn inspection_manquee(&self, cause: &'static str) {
        self.inspections.get_or_create(&[("cause", cause)]).inc();
    }
}

/// Everything, in the OpenMetrics text format.
pub(crate) async fn exposition(service: &Arc<Service>) -> Result<String, std::fmt::Error> {
    let waiting = tokio::time::timeout(ASKED_FOR_AT_MOST, service.store.read(registre::count_attente)).await;
    let waiting = match waiting {
        Ok(Ok(waiting)) => Some(waiting),
        Ok(Err(error)) => {
            service.mesures.panne(&error);
            None
        }
        Err(_) => None,
    };
    let mut text = String::new();
    encode_registry(&mut text, &service.mesures.registry)?;
    encode_registry(&mut text, &facts(waiting, service.clock.now()))?;
    encode_eof(&mut text)?;
    Ok(text)
}

/// What the base says, as gauges of this moment.
fn facts(waiting: Option<Attente>, now: DateTime<Utc>) -> Registry {
    let mut facts = Registry::with_prefix(PREFIX);
    let mut gauge = |name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        facts.register(name, help, gauge);
    };
    gauge("base_repond", "Whether the base said in time what waits", i64::from(waiting.is_some()));
    if let Some(waiting) = waiting {
        gauge("inspection_attente", "Pieces that wait for their inspection", waiting.pieces);
        gauge("courriels_attente", "Mail that waits to be handed over", waiting.courriels);
        let age = waiting.plus_ancienne.map_or(0, |since| (now - since).num_seconds().max(0));
        let oldest: Gauge = Gauge::default();
        oldest.set(age);
        facts.register_with_unit(
            "inspection_plus_ancienne",
            "Age of the piece that has waited longest for its inspection",
            Unit::Seconds,
            oldest,
        );
    }
    facts
}

impl From<&StoreError> for Panne {
    fn from(error: &StoreError) -> Self {
        Self::Base(match error {
            StoreError::Ferme => "ferme",
            StoreError::Occupe => "occupe",
            StoreError::Injoignable => "injoignable",
            StoreError::Encodage => "encodage",
            StoreError::DisquePlein => "disque_plein",
            StoreError::Panique => "panique",
            StoreError::Colonne(_) | StoreError::SansLigne => "contenu",
            StoreError::Moteur(_) => "moteur",
        })
    }
}

impl From<&CoffreError> for Panne {
    fn from(error: &CoffreError) -> Self {
        Self::Coffre(match error {
            CoffreError::DisquePlein { .. } => "disque_plein",
            CoffreError::Absent { .. } => "absent",
            CoffreError::TropCourt { .. } => "trop_court",
            CoffreError::Altere { .. } => "altere",
            CoffreError::SansCle | CoffreError::CleInconnue { .. } => "sans_cle",
            CoffreError::Injoignable { .. } => "injoignable",
            CoffreError::Refuse { .. } | CoffreError::SansBucket { .. } | CoffreError::Acces(_) => "refuse",
            CoffreError::Reglage => "reglage",
            CoffreError::Systeme { .. } => "systeme",
        })
    }
}

impl From<&OctetsError> for Panne {
    fn from(error: &OctetsError) -> Self {
        match error {
            OctetsError::Coffre(error) => error.into(),
            OctetsError::Store(error) => error.into(),
            OctetsError::Interne(_) => Self::Coffre("panique"),
        }
    }
}
