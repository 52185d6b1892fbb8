//! The lines that count: of each file the last one of its ledger, as the ledger's own sums have it; and where several ledgers have lines of a file, that of them which weighs most, as `verify` has it.
//!
//! Which is the last is known at the end alone, so a ledger is read twice. The first time a filter of fixed size notes which paths may have come before; only those are remembered
//! one by one, with their last line. So memory grows with the files that were treated more than once, not with the ledger.

use super::state::State;
use crate::error::{Error, doing};
use crate::ledger::{Entries, Entry, PublicKey, Record, Weight, name};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Bits of the filter, a power of two: 16 MiB. With ten million files one in fifty is remembered without need.
const BITS: u64 = 1 << 27;

/// Paths that have more than one line, and the number of the last.
#[derive(Default)]
pub struct Repeats {
    seen: Vec<u64>,
    last: HashMap<u128, u64>,
}

/// Ledgers: those of shards, of archives, or of workers of which one does again what another one did not end.
pub struct Ledgers {
    read: Vec<(PathBuf, Repeats, State)>,
    /// Of files that may be in more than one of them: what the line that counts weighs, and which has it.
    among: HashMap<u128, (Weight, usize)>,
    key: Option<PublicKey>,
}

impl Repeats {
    /// Notes a line of a path.
    pub(crate) fn note(&mut self, name: u128, seq: u64) {
        if self.seen.is_empty() {
            self.seen.resize((BITS / 64) as usize, 0);
        }
        let mut known = true;
        for bit in [name as u64 % BITS, (name >> 64) as u64 % BITS] {
            if let Some(word) = self.seen.get_mut((bit / 64) as usize) {
                known &= *word >> (bit % 64) & 1 == 1;
                *word |= 1 << (bit % 64);
            }
        }
        if known {
            self.last.insert(name, seq);
        }
    }

    /// Whether this line of a path is its last.
    pub(crate) fn is_last(&self, name: u128, seq: u64) -> bool {
        self.last.get(&name).is_none_or(|last| *last == seq)
    }
}

impl Ledgers {
    /// Reads ledgers for the first time: how each stands, and which lines count.
    ///
    /// # Errors
    /// One cannot be opened. What is wrong inside of one is in its [`State`].
    pub fn open(paths: &[PathBuf], key: Option<PublicKey>) -> Result<Self, Error> {
        let mut read: Vec<(PathBuf, Repeats, State)> = Vec::new();
        let mut everywhere = Repeats::default();
        for path in paths {
            let (mut repeats, mut state) = (Repeats::default(), State::new(path));
            for entry in entries(path, None, key)? {
                match entry {
                    Ok(entry) => {
                        if let Record::Call(call) = &entry.record {
                            repeats.note(name(&call.root, &call.path), entry.seq);
                            everywhere.note(name(&call.root, &call.path), 0);
                        }
                        state.see(&entry);
                    }
                    Err(error) => state.end(&error),
                }
            }
            repeats.seen = Vec::new();
            read.push((path.clone(), repeats, state));
        }
        let mut ledgers = Self { read, among: HashMap::new(), key };
        if paths.len() > 1 {
            ledgers.compare(&everywhere)?;
        }
        Ok(ledgers)
    }

    /// Finds out which ledger has the line that counts, of each file that may be in several.
    fn compare(&mut self, everywhere: &Repeats) -> Result<(), Error> {
        let mut among = HashMap::new();
        self.each(|number, entry, _| {
            let Record::Call(call) = &entry.record else { return };
            let name = name(&call.root, &call.path);
            if everywhere.last.contains_key(&name) {
                let sealed = self.read.get(number).is_some_and(|(_, _, state)| entry.seq < state.sealed_lines);
                let line = (Weight::of(call, sealed), number);
                let last = among.entry(name).or_insert(line);
                *last = line.max(*last);
            }
        })?;
        self.among = among;
        Ok(())
    }

    /// How each stands.
    pub fn states(&self) -> impl Iterator<Item = &State> {
        self.read.iter().map(|(_, _, state)| state)
    }

    /// The same, to be told what else came out.
    pub fn states_mut(&mut self) -> impl Iterator<Item = &mut State> {
        self.read.iter_mut().map(|(_, _, state)| state)
    }

    /// Whether seals were held against a key that was given.
    #[must_use]
    pub fn is_key_given(&self) -> bool {
        self.key.is_some()
    }

    /// Reads them again: every line that counts in its ledger, with that one's number, and whether it counts among all.
    ///
    /// # Errors
    /// One cannot be opened any more.
    pub fn each(&self, mut see: impl FnMut(usize, &Entry, bool)) -> Result<(), Error> {
        for (number, (path, repeats, state)) in self.read.iter().enumerate() {
            // As far as it was read before: a run may be writing to it.
            for entry in entries(path, Some(state.bytes), self.key)?.map_while(Result::ok) {
                let Record::Call(call) = &entry.record else {
                    see(number, &entry, true);
                    continue;
                };
                let name = name(&call.root, &call.path);
                if repeats.is_last(name, entry.seq) {
                    let counts = self.among.get(&name).is_none_or(|(_, ledger)| *ledger == number);
                    see(number, &entry, counts);
                }
            }
        }
        Ok(())
    }
}

type Lines = Entries<BufReader<std::io::Take<File>>>;

fn entries(path: &Path, bytes: Option<u64>, key: Option<PublicKey>) -> Result<Lines, Error> {
    let file = crate::call::open(path)?;
    let bytes = bytes.map_or_else(|| file.metadata().map(|metadata| metadata.len()).map_err(doing("read", path)), Ok)?;
    Ok(Entries::new(BufReader::with_capacity(1 << 18, file.take(bytes)), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_each_path_counts_and_no_other() {
        let lines = ["a", "b", "a", "c", "a", "b"];
        let mut repeats = Repeats::default();
        lines.iter().zip(0..).for_each(|(path, seq)| repeats.note(name("", path), seq));
        let last: Vec<_> = lines.iter().zip(0..).filter(|(path, seq)| repeats.is_last(name("", path), *seq)).map(|(_, seq)| seq).collect();
        assert_eq!(last, [3, 4, 5]);
        assert_eq!(repeats.last.len(), 2, "what came once is not remembered");
    }
}
