//! WAV files for tests, honest or lying: written here byte by byte, so that no reader is checked by its own idea of the format.
//!
//! A [`WavFile`] holds what its header shall say apart from what is there; [`to_bytes`](WavFile::to_bytes) writes it. Sources: RIFF
//! specification 1.0, EBU Tech 3306 (RF64).
//!
//! ```
//! use cardhush_testkit::wav::{PCM, WavFile, fmt};
//!
//! let file = WavFile { data_len: Some(0), ..WavFile::new(fmt(PCM, 1, 8_000, 16), vec![0; 320]) };
//! assert_eq!(file.to_bytes().len(), 44 + 320);
//! ```

/// Format tag of linear PCM.
pub const PCM: u16 = 1;
/// Format tag of floating point.
pub const FLOAT: u16 = 3;
/// Format tag of G.711 A-law.
pub const ALAW: u16 = 6;
/// Format tag of G.711 mu-law.
pub const ULAW: u16 = 7;

/// A chunk: identifier and contents.
pub type ChunkBytes = ([u8; 4], Vec<u8>);

/// A WAV file in pieces, in the order of the file.
#[derive(Clone, Debug)]
pub struct WavFile {
    /// `RIFF`, `RF64` or `BW64`; the latter two get a `ds64` chunk.
    pub form: [u8; 4],
    /// The 32-bit length of the form; `None` for the right one (all ones in RF64 and BW64).
    pub form_len: Option<u32>,
    /// The 64-bit length of the form in `ds64`; `None` for the right one.
    pub ds64_form: Option<u64>,
    /// The 64-bit length of the data in `ds64`; `None` for the right one.
    pub ds64_data: Option<u64>,
    /// 64-bit lengths of other chunks in `ds64`.
    pub ds64_table: Vec<([u8; 4], u64)>,
    /// Chunks before `fmt `.
    pub first: Vec<ChunkBytes>,
    /// Contents of the `fmt ` chunk.
    pub fmt: Vec<u8>,
    /// Chunks between `fmt ` and `data`.
    pub before: Vec<ChunkBytes>,
    /// The 32-bit length of the data; `None` for the right one (all ones in RF64 and BW64).
    pub data_len: Option<u32>,
    /// The samples.
    pub data: Vec<u8>,
    /// Chunks behind the data.
    pub after: Vec<ChunkBytes>,
    /// Whether odd chunks get their pad byte.
    pub pads: bool,
    /// Bytes behind the last chunk, outside of the form.
    pub tail: Vec<u8>,
}

impl WavFile {
    /// An honest RIFF file of these two chunks.
    #[must_use]
    pub fn new(fmt: Vec<u8>, data: Vec<u8>) -> Self {
        Self {
            form: *b"RIFF",
            form_len: None,
            ds64_form: None,
            ds64_data: None,
            ds64_table: Vec::new(),
            first: Vec::new(),
            fmt,
            before: Vec::new(),
            data_len: None,
            data,
            after: Vec::new(),
            pads: true,
            tail: Vec::new(),
        }
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let wide = self.form != *b"RIFF";
        let right = |len: usize| if wide { u32::MAX } else { len as u32 };
        let mut chunks = Vec::new();
        for (id, contents) in &self.first {
            self.chunk(&mut chunks, *id, contents.len() as u32, contents);
        }
        self.chunk(&mut chunks, *b"fmt ", self.fmt.len() as u32, &self.fmt);
        for (id, contents) in &self.before {
            self.chunk(&mut chunks, *id, contents.len() as u32, contents);
        }
        self.chunk(&mut chunks, *b"data", self.data_len.unwrap_or(right(self.data.len())), &self.data);
        for (id, contents) in &self.after {
            self.chunk(&mut chunks, *id, contents.len() as u32, contents);
        }
        let mut ds64 = Vec::new();
        if wide {
            let contents_len = 28 + 12 * self.ds64_table.len();
            let form_len = (4 + 8 + contents_len + chunks.len()) as u64;
            let mut contents = Vec::new();
            contents.extend(self.ds64_form.unwrap_or(form_len).to_le_bytes());
            contents.extend(self.ds64_data.unwrap_or(self.data.len() as u64).to_le_bytes());
            contents.extend(0_u64.to_le_bytes());
            contents.extend((self.ds64_table.len() as u32).to_le_bytes());
            for (id, len) in &self.ds64_table {
                contents.extend(id);
                contents.extend(len.to_le_bytes());
            }
            self.chunk(&mut ds64, *b"ds64", contents_len as u32, &contents);
        }
        let form_len = self.form_len.unwrap_or(right(4 + chunks.len()));
        [&self.form[..], &form_len.to_le_bytes(), b"WAVE", &ds64, &chunks, &self.tail].concat()
    }

    /// Where the samples start in [`to_bytes`](Self::to_bytes), found by their lengths alone.
    #[must_use]
    pub fn data_at(&self) -> usize {
        let before: usize = [12]
            .into_iter()
            .chain((self.form != *b"RIFF").then_some(8 + 28 + 12 * self.ds64_table.len()))
            .chain(self.first.iter().chain(&self.before).map(|(_, contents)| self.chunk_bytes(contents.len())))
            .sum();
        before + self.chunk_bytes(self.fmt.len()) + 8
    }

    fn chunk_bytes(&self, len: usize) -> usize {
        8 + len + if self.pads { len % 2 } else { 0 }
    }

    fn chunk(&self, out: &mut Vec<u8>, id: [u8; 4], declared: u32, contents: &[u8]) {
        out.extend(id);
        out.extend(declared.to_le_bytes());
        out.extend(contents);
        if self.pads && contents.len() % 2 == 1 {
            out.push(0);
        }
    }
}

/// Contents of a `fmt ` chunk of 16 bytes. Samples stand in whole bytes.
#[must_use]
pub fn fmt(tag: u16, channels: u16, rate_hz: u32, bits: u16) -> Vec<u8> {
    let frame_bytes = channels * bits.div_ceil(8);
    let mut fmt = Vec::new();
    fmt.extend(tag.to_le_bytes());
    fmt.extend(channels.to_le_bytes());
    fmt.extend(rate_hz.to_le_bytes());
    fmt.extend(rate_hz.wrapping_mul(frame_bytes.into()).to_le_bytes());
    fmt.extend(frame_bytes.to_le_bytes());
    fmt.extend(bits.to_le_bytes());
    fmt
}

/// Contents of a `fmt ` chunk of 40 bytes: WAVE_FORMAT_EXTENSIBLE with the sub-format of a format tag.
#[must_use]
pub fn fmt_extensible(tag: u16, channels: u16, rate_hz: u32, bits: u16, valid_bits: u16) -> Vec<u8> {
    let mut extensible = fmt(0xFFFE, channels, rate_hz, bits);
    extensible.extend(22_u16.to_le_bytes());
    extensible.extend(valid_bits.to_le_bytes());
    extensible.extend(((1_u32 << channels) - 1).to_le_bytes());
    extensible.extend(tag.to_le_bytes());
    extensible.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    extensible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_where_they_are_said_to_be() {
        for form in [*b"RIFF", *b"RF64"] {
            let odd = vec![(*b"odd ", vec![1; 3])];
            let file = WavFile { form, first: odd.clone(), before: odd, ..WavFile::new(fmt(PCM, 2, 8_000, 16), vec![7, 8, 9, 10]) };
            assert_eq!(file.to_bytes()[file.data_at()..], [7, 8, 9, 10]);
        }
    }

    #[test]
    fn a_plain_header_is_the_44_bytes_that_all_know() {
        let expected = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0data\x04\0\0\0\x01\x02\x03\x04";
        assert_eq!(WavFile::new(fmt(PCM, 2, 8_000, 16), vec![1, 2, 3, 4]).to_bytes(), expected);
    }
}
