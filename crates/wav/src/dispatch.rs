//! From the coding of a file, known at run time, to the coding of `cardhush-core`, known to the compiler.

#[doc(hidden)]
pub use cardhush_core::coding;

/// Runs `$body` with `$coding` standing for the `cardhush_core` coding of a [`SampleCoding`](crate::SampleCoding): one copy of the code a
/// coding, none in the inner loop.
///
/// ```
/// use cardhush_core::coding::Coding;
/// use cardhush_wav::{SampleCoding, with_coding};
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
    ($sample_coding:expr, $coding:ident => $body:expr) => {{
        use $crate::dispatch::coding as codings;
        match $sample_coding {
            $crate::SampleCoding::Linear8 => $crate::with_coding!(@ codings::Linear8, $coding, $body),
            $crate::SampleCoding::Linear16 => $crate::with_coding!(@ codings::Linear16, $coding, $body),
            $crate::SampleCoding::Linear24 => $crate::with_coding!(@ codings::Linear24, $coding, $body),
            $crate::SampleCoding::Linear32 => $crate::with_coding!(@ codings::Linear32, $coding, $body),
            $crate::SampleCoding::Float32 => $crate::with_coding!(@ codings::Float32, $coding, $body),
            $crate::SampleCoding::Float64 => $crate::with_coding!(@ codings::Float64, $coding, $body),
            $crate::SampleCoding::Alaw => $crate::with_coding!(@ codings::Alaw, $coding, $body),
            $crate::SampleCoding::Ulaw => $crate::with_coding!(@ codings::Ulaw, $coding, $body),
        }
    }};
    (@ $type:path, $coding:ident, $body:expr) => {{
        type $coding = $type;
        $body
    }};
}
