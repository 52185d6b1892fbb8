//! Kinds of reasons: what is the same in the words of many refusals, without paths and numbers.

/// Characters of a reason that are told.
const LONGEST: usize = 400;

/// The kind of a reason of a file, and the reason without the file's path, which errors begin with.
#[must_use]
pub fn kind(path: &str, reason: &str) -> (String, String) {
    // The path in the reason is the whole one, that in the ledger its end.
    let told = reason.split_once(&format!("{path}: ")).map_or(reason, |(_, told)| told);
    // A number stands by itself; one with letters, points or dashes (`16-bit`, `0x0031`, `GSM 6.10`) is a name.
    let word = |word: &str| {
        let bare = word.trim_end_matches([',', ':', ';', '.', ')']);
        let number = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
        if number { format!("N{}", word.get(bare.len()..).unwrap_or_default()) } else { word.into() }
    };
    let kind = told.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let short = |text: &str| text.chars().take(LONGEST).collect::<String>();
    (short(&kind), short(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_paths_and_numbers_are_one_kind() {
        let one = kind("b/1.wav", "/calls/b/1.wav: malformed WAV: chunk `data` at byte 36 declares 9000 bytes: the file has 12 left");
        let other = kind("2.wav", "x/2.wav: malformed WAV: chunk `data` at byte 4444 declares 1 bytes: the file has 120 left");
        assert_eq!(one.0, "malformed WAV: chunk `data` at byte N declares N bytes: the file has N left");
        assert_eq!(one.0, other.0);
        assert_eq!(one.1, "malformed WAV: chunk `data` at byte 36 declares 9000 bytes: the file has 12 left");
        assert_eq!(kind("a", "a: codec GSM 6.10 (format tag 0x0031) is not read").0, "codec GSM 6.10 (format tag 0x0031) is not read");
        assert_ne!(kind("a", "a: codec G.726 is not read").0, kind("a", "a: codec G.729 is not read").0);
    }
}
