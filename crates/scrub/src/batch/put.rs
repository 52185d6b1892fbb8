//! Puts outputs that are objects, many at a time, once their lines are in the ledger: each under the condition that whoever put something else there meanwhile keeps it.
//!
//! What [`Commit`] calls between lines and names; what stores are asked for is in [`store`](crate::store).

use super::Where;
use super::commit::Commit;
use super::one::Done;
use crate::error::Error;
use crate::ledger::{Record, Treatment};
use crate::store::{Over, Put, put_all};
use crate::tree::key;

impl Commit<'_> {
    /// Puts the outputs that are to be objects, and tells the ledger the store's names of them.
    pub(super) fn put_objects(&mut self, group: &mut [Done]) -> Result<(), Error> {
        let (mut puts, mut whose) = (Vec::new(), Vec::new());
        for (at, done) in group.iter_mut().enumerate() {
            let to = match (&self.batch.to, &done.found.object) {
                (Where::Store(place), _) => key(&done.found.relative).map(|key| place.below(&key)),
                (Where::InPlace, Some(object)) => Ok(object.clone()),
                _ => continue,
            };
            // From here on it is no file to be named, whatever comes.
            let Some((staged, sha256)) = done.staged.take().zip(done.record.output.as_ref().and_then(|output| output.sha256)) else {
                continue;
            };
            let over = match &self.batch.to {
                Where::InPlace => Over::Itself,
                _ if self.batch.force => Over::Anything,
                // The line of this output is there already: what it replaces is what was known before it.
                _ => Over::Own(done.replaces_own),
            };
            let to = match to.and_then(|to| staged.call().unchanged().map(|()| to)) {
                Ok(to) => to,
                Err(error) => {
                    done.record.fail(Treatment::Failed, error.to_string());
                    self.add_line(&done.record)?;
                    continue;
                }
            };
            let from = done.found.object.clone();
            puts.push(Put { to, contents: staged.into_contents(), sha256, kept: std::mem::take(&mut done.kept), over, from });
            whose.push(at);
        }
        let mut outputs = Vec::new();
        for (at, result) in whose.into_iter().zip(put_all(puts)) {
            let Some(done) = group.get_mut(at) else { continue };
            match result {
                Ok(etag) => outputs.extend(done.seq.map(|seq| (seq, etag))),
                Err(error) => {
                    let outcome = if matches!(error, Error::Changed { .. }) { Treatment::Refused } else { Treatment::Failed };
                    done.record.fail(outcome, error.to_string());
                    self.add_line(&done.record)?;
                }
            }
        }
        if let (Some(ledger), false) = (self.ledger.as_mut(), outputs.is_empty()) {
            ledger.add(&Record::Stored { outputs })?;
        }
        Ok(())
    }
}
