//! Ids, codes, dates and digests: one string each in Kotlin, days as `LocalDate`, instants as `Instant`. A string that is
//! none of these is refused as [`Echec::Interne`]: only a fault of the app can make one.

use std::{str::FromStr, time::SystemTime};

use chrono::{DateTime, NaiveDate, Utc};
use wire::{
    DemandeId, DepotId, EvenementId, GuichetCode, JustificatifId, NumeroUnique, PersonneId, PieceDemandeeId,
    RubriqueCode, Sha256, TypeCode,
};

use crate::Echec;

/// An instant, as the server or this device's clock gives it.
pub(crate) type Instant = DateTime<Utc>;

macro_rules! strings {
    ($($name:ident,)*) => {$(
        uniffi::custom_type!($name, String, {
            remote,
            lower: |value| value.to_string(),
            try_lift: |text| Ok(parse(&text)?),
        });
    )*};
}

strings! {
    DemandeId,
    DepotId,
    EvenementId,
    GuichetCode,
    JustificatifId,
    NaiveDate,
    NumeroUnique,
    PersonneId,
    PieceDemandeeId,
    RubriqueCode,
    Sha256,
    TypeCode,
}

uniffi::custom_type!(Instant, SystemTime, {
    remote,
    lower: |instant| instant.into(),
    try_lift: |time| Ok(time.into()),
});

fn parse<T: FromStr>(text: &str) -> Result<T, Echec> {
    text.parse().map_err(|_| Echec::interne())
}
