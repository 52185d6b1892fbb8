//! Names of the codecs that are refused, by format tag (RFC 2361; Microsoft's mmreg.h): what telephony recorders and their archives hold.

/// The name of the codec of a format tag; `unknown` where it is not in the table.
pub(crate) fn codec_name(tag: u16) -> &'static str {
    match tag {
        0x0002 => "Microsoft ADPCM",
        0x0004 => "VSELP",
        0x0005 => "IBM CVSD",
        0x0008 | 0x0190 | 0x2001 => "DTS",
        0x000A | 0x000B => "Windows Media Voice",
        0x0010 => "OKI ADPCM",
        0x0011 | 0x0039 => "IMA ADPCM",
        0x0014 => "G.723 ADPCM",
        0x0017 => "Dialogic OKI ADPCM",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "DSP Group TrueSpeech",
        0x0031 | 0x0086 | 0x00A1 | 0x0155 | 0x1000 | 0xA10D => "GSM 6.10",
        0x0034 => "Control Resources VQLPC",
        0x0038 => "NMS VBX ADPCM",
        0x0040 | 0x008B | 0xA11A => "G.721 ADPCM",
        0x0041 | 0xA113 | 0xA11D | 0xA122 => "G.728",
        0x0042 | 0x0043 | 0x0059 | 0x0093 | 0x00A3 | 0x0111 | 0x0123 | 0xA100 | 0xA120 => "G.723.1",
        0x0044 | 0x0083 | 0x008C | 0x0133 | 0x0134 | 0xA103 | 0xA114 | 0xA11E | 0xA11F | 0xA123 => "G.729",
        0x0045 | 0x0064 | 0x0085 | 0x0140 | 0x0175 | 0x4243 | 0xA105 | 0xA107 | 0xA11B => "G.726 ADPCM",
        0x0050 => "MPEG audio layer 1 or 2",
        0x0055 => "MP3",
        0x0062 | 0x0069..=0x007B | 0x0081 | 0x181C => "Voxware",
        0x0065 | 0x028F | 0xA112 => "G.722",
        0x0092 | 0x2000 => "AC-3",
        0x0097 => "ZyXEL ADPCM",
        0x00A4 => "TETRA ACELP",
        0x00B0 | 0x00FF | 0x0180 | 0x1600..=0x1610 | 0x4143 | 0x706D | 0xA106 => "AAC",
        0x0100 => "Rhetorex ADPCM",
        0x0112 | 0xA115 => "Siren",
        0x0130..=0x0132 | 0x0135 => "Sipro ACELP",
        0x0136 | 0x4201 | 0x7361 | 0x7A21 | 0x7A22 => "AMR",
        0x0141 | 0x0142 => "Dictaphone CELP",
        0x0150 | 0x0151 => "Qualcomm PureVoice",
        0x0160..=0x0164 => "Windows Media Audio",
        0x0200 => "Creative ADPCM",
        0x0285 => "Norcom ADPCM",
        0x0272 => "ATRAC3",
        0x1100..=0x1104 => "Lernout & Hauspie",
        0x5756 => "WavPack",
        0x6C61 => "ALAC",
        0x564C | 0x674F..=0x6751 | 0x676F..=0x6771 => "Vorbis",
        0x704F => "Opus",
        0x7362 | 0xA104 | 0xA111 => "AMR-WB",
        0x7363 => "AMR-WB+",
        0xA109 => "Speex",
        0xA116 => "iLBC",
        0xA118 => "NICE ACA",
        0xA119 => "NICE ADPCM",
        0xA11C => "G.722.1",
        0xF1AC => "FLAC",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::codec_name;

    #[test]
    fn telephony_codecs_have_their_names() {
        let expected =
            [(2, "Microsoft ADPCM"), (0x11, "IMA ADPCM"), (0x31, "GSM 6.10"), (0x45, "G.726 ADPCM"), (0x64, "G.726 ADPCM"), (0x55, "MP3")];
        for (tag, name) in expected {
            assert_eq!(codec_name(tag), name);
        }
        assert_eq!(codec_name(0x1234), "unknown");
    }
}
