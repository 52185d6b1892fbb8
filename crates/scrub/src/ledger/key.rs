//! The keys that seals are signed with (ed25519, RFC 8032): made once, kept by who answers for the run; the public half goes to who checks it.

use crate::beside::{Beside, Readers};
use crate::digest::{Sha256, parse};
use crate::error::{Error, doing};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// How the files begin, so that neither is taken for the other.
const PRIVATE: &str = "cardhush-private-key-1 ";
const PUBLIC: &str = "cardhush-public-key-1 ";

/// A private key. `Debug` shows its public half alone.
pub struct Key(SigningKey);

/// The key that seals are checked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

/// Why a key is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not such a file.
    #[error("{}: not a {kind} key of cardhush", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// `private` or `public`.
        kind: &'static str,
    },
    /// Others can read it.
    #[error("{}: mode {mode:o} lets others read it: chmod 600", path.display())]
    Readable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] Error),
}

impl Key {
    /// A new one, of the system's random numbers.
    ///
    /// # Errors
    /// There are none to be had.
    pub fn generate() -> Result<Self, KeyError> {
        let path = Path::new("/dev/urandom");
        let mut seed = [0; 32];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut seed));
        read.map_err(doing("read", path))?;
        let key = SigningKey::from_bytes(&seed);
        seed.fill(0);
        std::hint::black_box(&seed);
        Ok(Self(key))
    }

    /// Reads one that only its owner can read.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        #[cfg(unix)]
        {
            let metadata = fs::metadata(path).map_err(doing("read", path))?;
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            if mode & 0o077 != 0 {
                return Err(KeyError::Readable { path: path.into(), mode });
            }
        }
        Ok(Self(SigningKey::from_bytes(&read(path, PRIVATE, "private")?)))
    }

    /// Writes it for its owner alone, and its public half beside it, under the same name with `.pub`; neither may exist.
    ///
    /// # Errors
    /// Either exists or cannot be written.
    pub fn write(&self, path: &Path) -> Result<PathBuf, KeyError> {
        let mut public = path.as_os_str().to_owned();
        public.push(".pub");
        let public = PathBuf::from(public);
        write(&public, Readers::Usual, PUBLIC, self.public().0)?;
        let written = write(path, Readers::Owner, PRIVATE, self.0.to_bytes());
        written.inspect_err(|_| drop(fs::remove_file(&public)))?;
        Ok(public)
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs what a ledger is up to.
    pub(crate) fn sign(&self, head: &Sha256) -> [u8; 64] {
        self.0.sign(&message(head)).to_bytes()
    }
}

impl PublicKey {
    /// Reads one.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        read(path, PUBLIC, "public").map(Self)
    }

    /// Whether a signature is that of the key's owner under what a ledger was up to.
    pub(crate) fn signed(&self, head: &Sha256, signature: &[u8; 64]) -> bool {
        let key = VerifyingKey::from_bytes(&self.0);
        key.is_ok_and(|key| key.verify_strict(&message(head), &Signature::from_bytes(signature)).is_ok())
    }
}

/// What is signed: no other use of a key says this.
fn message(head: &Sha256) -> Vec<u8> {
    [b"cardhush ledger 1 ".as_slice(), &head.0].concat()
}

fn read(path: &Path, begins: &str, kind: &'static str) -> Result<[u8; 32], KeyError> {
    let text = fs::read_to_string(path).map_err(doing("read", path))?;
    let digits = text.trim_end().strip_prefix(begins);
    digits.and_then(parse).ok_or_else(|| KeyError::NotAKey { path: path.into(), kind })
}

fn write(path: &Path, readers: Readers, begins: &str, bytes: [u8; 32]) -> Result<(), Error> {
    let beside = Beside::new(path, readers)?;
    writeln!(beside.file(), "{begins}{}", Sha256(bytes)).map_err(doing("write", path))?;
    beside.publish(false)
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.public()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_files_and_sign_for_themselves_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = Key::generate().unwrap();
        let public = key.write(&path).unwrap();
        assert!(key.write(&path).is_err(), "never over another");
        let (again, known) = (Key::read(&path).unwrap(), PublicKey::read(&public).unwrap());
        assert_eq!(again.public(), known);
        let head = Sha256::of(b"head");
        let signature = again.sign(&head);
        assert!(known.signed(&head, &signature) && !known.signed(&Sha256::of(b"other"), &signature));
        assert!(!Key::generate().unwrap().public().signed(&head, &signature));
        assert!(matches!(Key::read(&public), Err(KeyError::Readable { .. } | KeyError::NotAKey { .. })));
        assert!(PublicKey::read(&path).is_err());
        assert!(!format!("{key:?}").contains(&Sha256(key.0.to_bytes()).to_string()));
    }
}
