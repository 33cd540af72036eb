//! The only source of time: the system's clock, or, in tests, one that is set by hand. And the civil day in France,
//! since dates of law are days there.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Europe::Paris;

/// A source of time. Clones of a set clock stay the same clock.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The system's.
    System,
    /// Stands still, in Unix milliseconds, until it is moved.
    Set(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn set_to(now: DateTime<Utc>) -> Self {
        Self::Set(Arc::new(AtomicI64::new(now.timestamp_millis())))
    }

    /// The time, to the millisecond: what the base can hold.
    pub fn now(&self) -> DateTime<Utc> {
        let millis = match self {
            Self::System => Utc::now().timestamp_millis(),
            Self::Set(millis) => millis.load(Ordering::Relaxed),
        };
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }

    /// Moves a set clock forward; the system's is not ours to move.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Set(millis) = self {
            millis.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
        }
    }
}

/// The civil day in metropolitan France at an instant.
pub fn jour_en_france(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&Paris).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_in_france_changes_before_the_day_in_utc() {
        // Known from the calendar: summer time 2026 ran from 29 March to 25 October.
        for (utc, day) in [
            ("2026-01-31T22:59:59Z", "2026-01-31"),
            ("2026-01-31T23:00:00Z", "2026-02-01"),
            ("2026-07-31T21:59:59Z", "2026-07-31"),
            ("2026-07-31T22:00:00Z", "2026-08-01"),
            ("2026-03-28T23:00:00Z", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
            ("2026-10-24T22:00:00Z", "2026-10-25"),
            ("2026-10-25T22:00:00Z", "2026-10-25"),
            ("2026-10-25T23:00:00Z", "2026-10-26"),
            ("2026-12-31T23:30:00Z", "2027-01-01"),
        ] {
            assert_eq!(jour_en_france(utc.parse().unwrap()).to_string(), day, "{utc}");
        }
    }

    #[test]
    fn a_set_clock_moves_only_by_hand_and_for_all_its_clones() {
        let clock = Clock::set_to("2026-01-01T00:00:00Z".parse().unwrap());
        let other = clock.clone();
        other.advance(TimeDelta::minutes(15));
        assert_eq!(clock.now().to_rfc3339(), "2026-01-01T00:15:00+00:00");
    }
}
