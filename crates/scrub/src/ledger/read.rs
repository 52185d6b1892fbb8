//! Reads a ledger line by line, and holds each to its place in the chain.

use super::key::PublicKey;
use super::record::{Record, Seal};
use crate::digest::{Sha256, parse};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Read as _};

/// Version of the lines.
pub(super) const SCHEMA: u32 = 1;
/// `prev` of the first line.
pub(super) const NOTHING: Sha256 = Sha256([0; 32]);
/// Longest line: a call of a day with a span a second on eight channels.
const LONGEST: u64 = 64 << 20;
/// Where the part of a seal begins that is about the rest of it.
pub(super) const SEALED: &str = ",\"digest\":";

/// A line as it is written.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<R> {
    pub schema: u32,
    pub seq: u64,
    pub prev: Sha256,
    #[serde(flatten)]
    pub record: R,
}

/// A line that stands where it belongs.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number, from 0.
    pub seq: u64,
    /// The byte after it.
    pub end: u64,
    /// Its digest.
    pub digest: Sha256,
    /// What it says.
    pub record: Record,
}

/// What is wrong with a ledger. Lines count from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// It cannot be read.
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    /// A line that is none.
    #[error("line {line}: {what}")]
    Line {
        /// Its number.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A line that does not follow the one before: either was changed, or something between them was left out.
    #[error("line {line}: does not follow line {before}: one of them was changed, moved or left out", before = line - 1)]
    Chain {
        /// Its number.
        line: u64,
    },
    /// A seal that does not fit its own line.
    #[error("line {line}: the seal is not that of its line: it was changed")]
    Seal {
        /// Its number.
        line: u64,
    },
    /// A seal that another key signed, or none.
    #[error("line {line}: not signed by the key that was given")]
    Signature {
        /// Its number.
        line: u64,
    },
    /// The last line was not written to its end: the run was cut off there.
    #[error("line {line}: cut off")]
    Torn {
        /// Its number.
        line: u64,
    },
}

/// The lines of a ledger, in order, up to the first that is wrong.
pub struct Entries<R> {
    from: R,
    key: Option<PublicKey>,
    seq: u64,
    prev: Sha256,
    end: u64,
    over: bool,
}

impl<R: BufRead> Entries<R> {
    /// Of a ledger whose seals must be signed by this key; without one, by whomever they name.
    pub fn new(from: R, key: Option<PublicKey>) -> Self {
        Self { from, key, seq: 0, prev: NOTHING, end: 0, over: false }
    }

    fn entry(&mut self) -> Result<Option<Entry>, LedgerError> {
        let line = self.seq + 1;
        let wrong = |what: &str| LedgerError::Line { line, what: what.into() };
        let mut bytes = Vec::new();
        self.from.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.end += bytes.len() as u64;
        if bytes.pop() != Some(b'\n') {
            return Err(if bytes.len() as u64 + 1 >= LONGEST { wrong("longer than any line is") } else { LedgerError::Torn { line } });
        }
        let text = str::from_utf8(&bytes).map_err(|_| wrong("not UTF-8"))?;
        let read: Line<Record> = serde_json::from_str(text).map_err(|e| LedgerError::Line { line, what: e.to_string() })?;
        if read.schema != SCHEMA {
            return Err(LedgerError::Line { line, what: format!("schema {}: {SCHEMA} is read", read.schema) });
        }
        if read.seq != self.seq || read.prev != self.prev {
            return Err(LedgerError::Chain { line });
        }
        if let Record::Seal(seal) = &read.record {
            self.check(seal, text)?;
        }
        (self.seq, self.prev) = (self.seq + 1, Sha256::of(&bytes));
        Ok(Some(Entry { seq: read.seq, end: self.end, digest: self.prev, record: read.record }))
    }

    /// A seal must be that of its line, written in the one way that it is written in, and signed where it should be.
    fn check(&self, seal: &Seal, text: &str) -> Result<(), LedgerError> {
        let line = self.seq + 1;
        let (sealed, tail) = text.rsplit_once(SEALED).ok_or(LedgerError::Seal { line })?;
        let digest = Sha256::of(sealed.as_bytes());
        let signature = seal.signature.as_deref().map(|text| parse::<64>(text).ok_or(LedgerError::Seal { line })).transpose()?;
        let written = serde_json::json!(seal.signature);
        if tail != format!("\"{digest}\",\"signature\":{written}}}") {
            return Err(LedgerError::Seal { line });
        }
        let by = self.key.or(seal.key.map(|key| PublicKey(key.0)));
        match (by, signature) {
            (Some(key), Some(signature)) if key.signed(&digest, &signature) => Ok(()),
            (None, None) => Ok(()),
            _ => Err(LedgerError::Signature { line }),
        }
    }
}

impl<R: BufRead> Iterator for Entries<R> {
    type Item = Result<Entry, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let entry = self.entry().transpose();
        self.over = !matches!(entry, Some(Ok(_)));
        entry
    }
}
