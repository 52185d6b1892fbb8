//! SHA-256 of files: what a ledger knows them by.

use crate::held::Held;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Digest as _;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

/// Bytes that are read at a time.
const BLOCK: usize = 256 * 1024;

/// A SHA-256. Written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

/// A digest that is being made.
pub(crate) struct Digest(sha2::Sha256);

/// Those of a call and of what was made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Of the input.
    pub input: Sha256,
    /// Of the output.
    pub output: Sha256,
}

impl Digest {
    pub fn new() -> Self {
        Self(sha2::Sha256::new())
    }

    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn end(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

impl Sha256 {
    /// Of a file, from its first byte to its last.
    pub(crate) fn of_file(mut file: &File) -> io::Result<Self> {
        let (mut digest, mut bytes) = (Digest::new(), Held::default());
        bytes.resize(BLOCK, 0);
        file.rewind()?;
        loop {
            match file.read(&mut bytes) {
                Ok(0) => return Ok(digest.end()),
                Ok(count) => digest.add(bytes.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Of the file at a path; `None` where none can be read.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        File::open(path).ok().and_then(|file| Self::of_file(&file).ok())
    }

    /// Its first half: enough to know a file again by.
    pub(crate) fn half(self) -> [u8; 16] {
        self.0.first_chunk().copied().unwrap_or_default()
    }

    /// Of bytes that are at hand.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).ok_or_else(|| de::Error::custom("not 64 hexadecimal digits in lower case"))
    }
}

/// 32 bytes of 64 digits, each written in one way alone.
pub(crate) fn parse<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_come_back_from_their_digits_and_from_no_others() {
        // FIPS 180-2, B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Sha256::of(b"abc").to_string(), abc);
        assert_eq!(parse(abc), Some(Sha256::of(b"abc").0));
        let mut digest = Digest::new();
        digest.add(b"a");
        digest.add(b"bc");
        assert_eq!(digest.end(), Sha256::of(b"abc"));
        for wrong in [&abc[1..], &abc.to_uppercase(), &format!("{abc}0"), &abc.replace('a', "g")] {
            assert_eq!(parse::<32>(wrong), None);
        }
    }
}
