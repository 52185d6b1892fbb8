//! Which fault a request gets: drawn from the seed, the request and how often it came before, so that one seed gives the same faults however the client
//! orders its requests.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// Share of requests, 0 to 1, that get each kind.
#[derive(Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) fail: f64,
    pub(crate) slow: f64,
    pub(crate) cut: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// 503 `SlowDown`, nothing forwarded.
    SlowDown,
    /// 500 `InternalError`, nothing forwarded.
    InternalError,
    /// Forwarded after a delay.
    Slow,
    /// The response's body ends in its middle.
    CutResponseBody,
    /// Carried out, and the connection closed instead of a response.
    CutBeforeResponse,
    /// Carried out, and the connection reset instead of a response.
    ResetBeforeResponse,
    /// The request's body ends in its middle, on both sides of the proxy.
    CutRequestBody,
}

/// One request's lot.
pub(crate) struct Draw {
    pub(crate) fault: Fault,
    /// 0 to 1: against the rate of replacements.
    pub(crate) replace: f64,
    /// Whether this method and path came for the first time.
    pub(crate) first: bool,
}

pub(crate) struct Draws {
    seed: u64,
    rates: Rates,
    came: Mutex<HashMap<String, u64>>,
}

impl Draws {
    pub(crate) fn new(seed: u64, rates: Rates) -> Self {
        Self { seed, rates, came: Mutex::default() }
    }

    /// `target` is the path with its query; a request with a body may be cut in it, one that asks for a body may have that cut.
    pub(crate) fn draw(&self, method: &str, target: &str) -> Draw {
        let request = format!("{method} {target}");
        let nth = {
            let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
            let count = came.entry(request.clone()).or_default();
            *count += 1;
            *count
        };
        let digest = Sha256::digest(format!("{} {nth} {request}", self.seed));
        let mut lots = digest.chunks_exact(8).map(|eight| {
            let eight: [u8; 8] = eight.try_into().unwrap_or_default();
            // The upper 53 bits are all that an f64 holds.
            (u64::from_be_bytes(eight) >> 11) as f64 / (1u64 << 53) as f64
        });
        let mut lot = || lots.next().unwrap_or_default();
        let (which, kind, replace) = (lot(), lot(), lot());
        Draw { fault: self.fault(method, which, kind), replace, first: nth == 1 }
    }

    fn fault(&self, method: &str, which: f64, kind: f64) -> Fault {
        let Rates { fail, slow, cut } = self.rates;
        let cuts: &[Fault] = match method {
            "GET" => &[Fault::CutResponseBody, Fault::CutBeforeResponse, Fault::ResetBeforeResponse],
            "PUT" => &[Fault::CutRequestBody, Fault::CutBeforeResponse, Fault::ResetBeforeResponse],
            _ => &[Fault::CutBeforeResponse, Fault::ResetBeforeResponse],
        };
        if which < fail {
            if kind < 0.5 { Fault::SlowDown } else { Fault::InternalError }
        } else if which < fail + slow {
            Fault::Slow
        } else if which < fail + slow + cut {
            cuts.get((kind * cuts.len() as f64) as usize).copied().unwrap_or(Fault::CutBeforeResponse)
        } else {
            Fault::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_the_same_faults_in_any_order_and_another_gives_others() {
        let rates = Rates { fail: 0.2, slow: 0.2, cut: 0.2 };
        let run = |seed, order: &mut dyn Iterator<Item = u32>| {
            let draws = Draws::new(seed, rates);
            let mut faults: Vec<_> = order.map(|key| (key, draws.draw("GET", &format!("/b/{key}")).fault)).collect();
            faults.sort_by_key(|(key, _)| *key);
            faults
        };
        let forth = run(7, &mut (0..500));
        assert_eq!(forth, run(7, &mut (0..500).rev()));
        assert_ne!(forth, run(8, &mut (0..500)));
        let faulty = forth.iter().filter(|(_, fault)| *fault != Fault::None).count();
        // 300 expected, standard deviation 11: five of them either way.
        assert!((245..=355).contains(&faulty), "{faulty} of 500");
    }
}
