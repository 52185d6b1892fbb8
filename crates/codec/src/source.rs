//! Reading of a file at a place, and copying of parts of it.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use crate::CodecError;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 15;

/// Reads all of `into` from byte `at`. The file was parsed before, so an end in it means that it is another one.
pub(crate) fn read_at<R: Read + Seek + ?Sized>(file: &mut R, at: u64, into: &mut [u8]) -> Result<(), CodecError> {
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(into).map_err(ended)
}

/// Copies a part of the file, in blocks.
pub(crate) fn copy<R: Read + Seek + ?Sized, W: Write + ?Sized>(file: &mut R, range: Range<u64>, to: &mut W) -> Result<(), CodecError> {
    file.seek(SeekFrom::Start(range.start))?;
    let mut block = vec![0; BLOCK];
    let mut left = range.end.saturating_sub(range.start);
    while left > 0 {
        let len = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        let part = block.get_mut(..len).unwrap_or_default();
        file.read_exact(part).map_err(ended)?;
        to.write_all(part)?;
        left -= len as u64;
    }
    Ok(())
}

/// That the file is as long as when it was parsed.
pub(crate) fn same_length<R: Seek + ?Sized>(file: &mut R, len: u64) -> Result<(), CodecError> {
    if file.seek(SeekFrom::End(0))? == len { Ok(()) } else { Err(CodecError::Changed) }
}

fn ended(e: io::Error) -> CodecError {
    if e.kind() == io::ErrorKind::UnexpectedEof { CodecError::Changed } else { e.into() }
}
