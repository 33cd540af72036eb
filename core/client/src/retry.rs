//! When to try again, and when to stop waiting: pure functions of counts and durations, without clock or chance.
//!
//! What can go wrong here is subtle: tries that never end hold a phone awake; delays that agree between thousands of
//! phones bring a server down again just when it comes back; a timer that is too short kills slow but healthy
//! networks, too long and a dead one looks alive.

use std::time::Duration;

/// How patient the engine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Longest wait for a connection, name resolution and TLS included.
    pub connect: Duration,
    /// Longest wait without one byte moved in either direction.
    pub stall: Duration,
    /// Most failures in a row without progress before the caller gets the matter back.
    pub tries_max: u32,
    /// Delay after the first failure; each further one doubles it.
    pub first_delay: Duration,
}

impl Default for Patience {
    /// For a phone: radio wake-up and a bad cell take 10 s; a train's tunnel stalls for half a minute at most before the
    /// connection is worth renewing; four tries span 5 s, after which the job scheduler knows better.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            tries_max: 4,
            first_delay: Duration::from_millis(300),
        }
    }
}

/// Longest delay that is ever proposed to a caller: a deposit is not forgotten for longer.
pub const DELAY_MAX: Duration = Duration::from_mins(15);

/// First delay proposed to a caller after the engine's own tries.
pub const LONG_DELAY_FIRST: Duration = Duration::from_secs(10);

/// Bytes that may lie in the sender's socket buffer, handed over but not yet on the wire: the usual upper bound of
/// Linux's `tcp_wmem`.
const SOCKET_BUFFER_BYTES_MAX: u64 = 4 << 20;

/// The slowest network on which an upload is still worth its battery: 16 kbit/s, in bytes a second.
const SLOWEST_BYTES_PER_SECOND: u64 = 2_000;

/// The delay after the `failures`th failure in a row (from 1): exponential, at most [`DELAY_MAX`], of which the upper
/// half is left to chance. `chance` is any number, drawn by the caller.
pub fn backoff(first: Duration, failures: u32, chance: u64) -> Duration {
    let doubled = 2_u32.checked_pow(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let whole = first.checked_mul(doubled).unwrap_or(DELAY_MAX).min(DELAY_MAX);
    let half = whole / 2;
    let jitter_ms = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    half + Duration::from_millis(chance % jitter_ms)
}

/// How long to wait for the answer once the last byte of a body has been handed to the system: the usual stall, plus
/// what the socket's buffer may still need on the slowest network.
pub fn reply_allowance(stall: Duration, body_bytes: u64) -> Duration {
    stall + Duration::from_secs(body_bytes.min(SOCKET_BUFFER_BYTES_MAX) / SLOWEST_BYTES_PER_SECOND)
}

/// Counts failures in a row; progress forgives them.
#[derive(Debug, Clone, Default)]
pub struct Tries {
    failures: u32,
    best_offset: u64,
}

impl Tries {
    /// The server holds `offset` bytes. More than ever before: the failures are forgiven.
    pub fn confirm(&mut self, offset: u64) {
        if offset > self.best_offset {
            self.best_offset = offset;
            self.failures = 0;
        }
    }

    /// One more failure: the delay before the next try, or none when the caller should have the matter back.
    pub fn fail(&mut self, patience: &Patience, chance: u64) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        (self.failures < patience.tries_max).then(|| backoff(patience.first_delay, self.failures, chance))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delays_double_between_half_and_whole() {
        let second = Duration::from_secs(1);
        // By hand: after the third failure the whole is 4 s, of which 2 s are sure.
        assert_eq!(backoff(second, 3, 0), Duration::from_secs(2));
        assert_eq!(backoff(second, 3, 2_000), Duration::from_secs(4));
        assert_eq!(backoff(second, 3, 2_001), Duration::from_secs(2));
    }

    #[test]
    fn half_a_megabyte_on_the_slowest_network_is_waited_for() {
        // 500,000 bytes at 2,000 bytes a second: 250 s.
        assert_eq!(reply_allowance(Duration::from_secs(30), 500_000), Duration::from_secs(280));
    }

    proptest! {
        #[test]
        fn delays_are_bounded_and_never_zero_for_long(
            first_ms in 1_u64..1_000_000, failures in 0_u32..=u32::MAX, chance: u64,
        ) {
            let delay = backoff(Duration::from_millis(first_ms), failures, chance);
            prop_assert!(delay <= DELAY_MAX);
            prop_assert!(delay >= (Duration::from_millis(first_ms).min(DELAY_MAX) / 2));
        }

        #[test]
        fn the_sure_half_never_shrinks_as_failures_add_up(first_ms in 1_u64..10_000, failures in 1_u32..64) {
            let first = Duration::from_millis(first_ms);
            prop_assert!(backoff(first, failures, 0) <= backoff(first, failures + 1, 0));
        }

        #[test]
        fn the_answer_is_waited_for_a_bounded_time(stall_s in 1_u64..100, bytes: u64) {
            let wait = reply_allowance(Duration::from_secs(stall_s), bytes);
            prop_assert!(wait >= Duration::from_secs(stall_s));
            prop_assert!(wait <= Duration::from_secs(stall_s) + Duration::from_mins(40));
        }

        #[test]
        fn without_progress_tries_end_and_with_it_they_start_afresh(offsets in proptest::collection::vec(0_u64..50, 0..60)) {
            let patience = Patience::default();
            let (mut tries, mut best, mut in_a_row) = (Tries::default(), 0, 0);
            for offset in offsets {
                if offset > best {
                    (best, in_a_row) = (offset, 0);
                }
                tries.confirm(offset);
                in_a_row += 1;
                prop_assert_eq!(tries.fail(&patience, 7).is_some(), in_a_row < patience.tries_max);
            }
        }
    }
}
