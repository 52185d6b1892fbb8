//! How far a ledger can be believed: its chain, its seals, and who signed them.

use crate::digest::Sha256;
use crate::ledger::{Entry, LedgerError, Record, Totals};
use std::path::{Path, PathBuf};

/// Keys that are told; a ledger has one, or as many as it had owners.
const KEYS: usize = 16;

/// What is known of a ledger once it was read.
#[derive(Clone, Debug)]
pub struct State {
    /// The file.
    pub path: PathBuf,
    /// Its lines, as far as they are in order.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The digest of the last of them, which stands for them all.
    pub head: Option<Sha256>,
    /// Seals among them.
    pub seals: u64,
    /// Seals that nobody signed.
    pub unsigned: u64,
    /// The public keys that the others name.
    pub keys: Vec<Sha256>,
    /// When the last seal was made.
    pub sealed_at: Option<String>,
    /// Lines up to the last seal.
    pub sealed_lines: u64,
    /// Lines behind the last seal that speak of files.
    pub unsealed: u64,
    /// The last line was cut off.
    pub torn: bool,
    /// What is wrong with it, and where; nothing behind that counts.
    pub wrong: Option<String>,
    /// What the last seal sums up to.
    pub totals: Option<Totals>,
    /// Those sums are not what its lines come to.
    pub sums_differ: bool,
}

impl State {
    /// Nothing read yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.into(),
            lines: 0,
            bytes: 0,
            head: None,
            seals: 0,
            unsigned: 0,
            keys: Vec::new(),
            sealed_at: None,
            sealed_lines: 0,
            unsealed: 0,
            torn: false,
            wrong: None,
            totals: None,
            sums_differ: false,
        }
    }

    /// Takes the next line.
    pub fn see(&mut self, entry: &Entry) {
        (self.lines, self.bytes, self.head) = (entry.seq + 1, entry.end, Some(entry.digest));
        if let Record::Seal(seal) = &entry.record {
            (self.seals, self.unsealed, self.sealed_lines) = (self.seals + 1, 0, self.lines);
            (self.sealed_at, self.totals) = (Some(seal.at.clone()), Some(seal.totals));
            match seal.key {
                None => self.unsigned += 1,
                Some(key) if !self.keys.contains(&key) && self.keys.len() < KEYS => self.keys.push(key),
                Some(_) => {}
            }
        } else if let Record::Call(_) = &entry.record {
            self.unsealed += 1;
        }
    }

    /// It cannot be read on.
    pub fn end(&mut self, error: &LedgerError) {
        match error {
            LedgerError::Torn { .. } => self.torn = true,
            error => self.wrong = Some(error.to_string()),
        }
    }

    /// Holds the sums of its lines against those of its last seal, if they speak of the same lines.
    pub fn compare(&mut self, totals: &Totals) {
        let files = |totals: &Totals| [totals.found, totals.scrubbed, totals.nothing_found, totals.refused, totals.failed];
        if let Some(sealed) = self.totals.filter(|_| self.unsealed == 0 && self.wrong.is_none()) {
            // Hours are summed in another order.
            self.sums_differ = files(&sealed) != files(totals) || (sealed.hours - totals.hours).abs() > 1e-3 + 1e-6 * totals.hours;
        }
    }

    /// Whether it is what its writer wrote, as far as can be told.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.wrong.is_none() && !self.sums_differ
    }
}
