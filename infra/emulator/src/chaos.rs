//! Injected faults. The same seed gives the same sequence of faults.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The faults and how often they happen. Rates are probabilities from 0 to 1.
#[derive(Clone, Debug)]
pub struct Chaos {
    pub seed: u64,
    /// A queue message is delivered again although the consumer deleted it in time.
    pub duplicate: f64,
    /// A message of a standard queue becomes visible later, by at most `max_delay`.
    pub delay: f64,
    pub max_delay: Duration,
    /// A receive from a standard queue returns messages in another order.
    pub reorder: f64,
    /// A request to DynamoDB is refused before the table sees it.
    pub throttle: f64,
    /// `$disconnect` is not called. The gateway of `infra/local` applies this rate.
    pub drop_disconnect: f64,
    /// A socket is closed without a close frame. The gateway of `infra/local` applies this rate.
    pub cut_socket: f64,
    /// A frame to a client is lost, duplicated, or sent after the next frame, each with the same probability. The
    /// gateway of `infra/local` applies this rate. API Gateway loses no frame of a live connection. A client that copes
    /// with this rate also copes with its own network and with a publisher that is interrupted.
    pub frame_faults: f64,
    /// What went wrong so far.
    pub counts: FaultCounts,
}

impl Chaos {
    /// Rates at which no retry of a correct system is exhausted.
    pub fn from_seed(seed: u64) -> Self {
        Self {
            seed,
            duplicate: 0.1,
            delay: 0.1,
            max_delay: Duration::from_millis(500),
            reorder: 0.1,
            throttle: 0.03,
            drop_disconnect: 0.3,
            cut_socket: 0.005,
            frame_faults: 0.0,
            counts: FaultCounts::default(),
        }
    }

    /// Dice for one purpose. A roll depends on the seed, the purpose and the number of earlier rolls, and not on other
    /// dice.
    pub fn dice(&self, what: &str) -> ChaosDice {
        // FNV-1a, because std's hasher may change with the Rust version, and a printed seed must repeat its run.
        let purpose = what.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let hits = self.counts.register(what);
        ChaosDice { state: Arc::new(AtomicU64::new(mix(self.seed) ^ purpose)), hits }
    }
}

/// How often each sort of fault happened, by the purpose of its dice. Clones share the counts. A story of faults asserts that they
/// happened, because it proves nothing without them.
#[derive(Clone, Debug, Default)]
pub struct FaultCounts(Arc<Mutex<BTreeMap<String, Arc<AtomicU64>>>>);

impl FaultCounts {
    fn register(&self, what: &str) -> Arc<AtomicU64> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(counts.entry(what.to_owned()).or_default())
    }

    /// Faults of a sort, such as `table.throttle`.
    pub fn get(&self, what: &str) -> u64 {
        self.register(what).load(Ordering::Relaxed)
    }
}

/// A deterministic source of chance. Clones share one sequence.
#[derive(Clone, Debug)]
pub struct ChaosDice {
    state: Arc<AtomicU64>,
    hits: Arc<AtomicU64>,
}

impl ChaosDice {
    /// Returns true with probability `p`.
    pub fn hit(&self, p: f64) -> bool {
        let is_hit = self.roll() < p;
        self.hits.fetch_add(u64::from(is_hit), Ordering::Relaxed);
        is_hit
    }

    /// Picks one of the values, each with the same probability.
    pub fn pick<T: Copy, const N: usize>(&self, of: [T; N]) -> T {
        of[usize::try_from(self.next_u64() % N as u64).unwrap_or_default()]
    }

    /// A duration below `d`, uniformly distributed.
    pub fn up_to(&self, d: Duration) -> Duration {
        d.mul_f64(self.roll())
    }

    /// A number from 0 to below 1.
    fn roll(&self) -> f64 {
        // 32 bits are exact in an f64
        let bits = u32::try_from(self.next_u64() >> 32).unwrap_or(u32::MAX);
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }

    /// One step of `SplitMix64`. Its state is a plain counter, so it needs no lock.
    fn next_u64(&self) -> u64 {
        mix(self.state.fetch_add(GOLDEN, Ordering::Relaxed))
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(GOLDEN);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_hits(seed: u64, what: &str) -> Vec<bool> {
        let dice = Chaos::from_seed(seed).dice(what);
        (0..200).map(|_| dice.hit(0.5)).collect()
    }

    #[test]
    fn a_seed_repeats_and_purposes_differ() {
        assert_eq!(first_hits(7, "queue"), first_hits(7, "queue"));
        assert_ne!(first_hits(7, "queue"), first_hits(7, "table"));
        assert_ne!(first_hits(7, "queue"), first_hits(8, "queue"));
    }

    #[test]
    fn rates_are_kept() {
        let dice = Chaos::from_seed(1).dice("rate");
        let hits = (0..10_000).filter(|_| dice.hit(0.1)).count();
        assert!((850..1150).contains(&hits), "{hits} of 10,000 at 10 %");
        assert!(!dice.hit(0.0) && dice.hit(1.0));
        let limit = Duration::from_millis(500);
        assert!((0..1000).all(|_| dice.up_to(limit) < limit));
        let picked = (0..3_000).filter(|_| dice.pick([1, 2, 3]) == 2).count();
        assert!((850..1150).contains(&picked), "{picked} of 3,000, one in three");
    }
}
