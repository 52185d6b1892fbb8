//! From the coding of a file, a stream or a caller of C, known at run time, to a [`Coding`](crate::Coding), known to the compiler.

/// How one sample is written, little-endian. Each is a [`Coding`](crate::Coding): see [`with_coding!`](crate::with_coding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleCoding {
    /// 8-bit linear, unsigned, zero at 0x80.
    Linear8,
    /// 16-bit linear.
    Linear16,
    /// 24-bit linear in three bytes.
    Linear24,
    /// 32-bit linear.
    Linear32,
    /// 32-bit floating point, full scale 1.0.
    Float32,
    /// 64-bit floating point, full scale 1.0.
    Float64,
    /// ITU-T G.711 A-law.
    Alaw,
    /// ITU-T G.711 mu-law.
    Ulaw,
}

impl SampleCoding {
    /// Bytes of one sample, 1 to 8.
    #[must_use]
    pub const fn bytes(self) -> u16 {
        match self {
            Self::Linear8 | Self::Alaw | Self::Ulaw => 1,
            Self::Linear16 => 2,
            Self::Linear24 => 3,
            Self::Linear32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// The name used in reports, such as `PCM 16-bit` or `mu-law`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear8 => "PCM 8-bit",
            Self::Linear16 => "PCM 16-bit",
            Self::Linear24 => "PCM 24-bit",
            Self::Linear32 => "PCM 32-bit",
            Self::Float32 => "float 32-bit",
            Self::Float64 => "float 64-bit",
            Self::Alaw => "A-law",
            Self::Ulaw => "mu-law",
        }
    }
}

/// Runs `$body` with `$coding` standing for the [`Coding`](crate::Coding) of a [`SampleCoding`](crate::SampleCoding): one copy of the code a
/// coding, none in the inner loop.
///
/// ```
/// use cardhush_core::{Coding, SampleCoding, with_coding};
///
/// fn silence(coding: SampleCoding, bytes: &mut [u8]) {
///     with_coding!(coding, C => C::to_le_bytes(C::SILENCE, bytes));
/// }
///
/// let mut bytes = [0];
/// silence(SampleCoding::Ulaw, &mut bytes);
/// assert_eq!(bytes, [0xFF]);
/// ```
#[macro_export]
macro_rules! with_coding {
    ($sample_coding:expr, $coding:ident => $body:expr) => {
        match $sample_coding {
            $crate::SampleCoding::Linear8 => $crate::with_coding!(@ $crate::coding::Linear8, $coding, $body),
            $crate::SampleCoding::Linear16 => $crate::with_coding!(@ $crate::coding::Linear16, $coding, $body),
            $crate::SampleCoding::Linear24 => $crate::with_coding!(@ $crate::coding::Linear24, $coding, $body),
            $crate::SampleCoding::Linear32 => $crate::with_coding!(@ $crate::coding::Linear32, $coding, $body),
            $crate::SampleCoding::Float32 => $crate::with_coding!(@ $crate::coding::Float32, $coding, $body),
            $crate::SampleCoding::Float64 => $crate::with_coding!(@ $crate::coding::Float64, $coding, $body),
            $crate::SampleCoding::Alaw => $crate::with_coding!(@ $crate::coding::Alaw, $coding, $body),
            $crate::SampleCoding::Ulaw => $crate::with_coding!(@ $crate::coding::Ulaw, $coding, $body),
        }
    };
    (@ $type:path, $coding:ident, $body:expr) => {{
        type $coding = $type;
        $body
    }};
}
