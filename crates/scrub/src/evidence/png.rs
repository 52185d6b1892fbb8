//! A small picture of sixteen shades as a PNG in a data URI (PNG, second edition, W3C 2003; RFC 1950, 1951, 4648). Not compressed: it has some kilobytes.

/// Dark to bright, so that order can be seen without colours.
const SHADES: [[u8; 3]; 16] = [
    [8, 8, 30],
    [24, 16, 56],
    [40, 24, 80],
    [58, 30, 98],
    [76, 38, 108],
    [95, 45, 110],
    [114, 52, 108],
    [134, 58, 104],
    [154, 66, 96],
    [174, 76, 86],
    [192, 90, 74],
    [208, 108, 60],
    [221, 130, 48],
    [232, 156, 42],
    [242, 186, 60],
    [250, 220, 110],
];

/// The picture of rows of shades, each 0 to 15, from the top; all rows as long as the first.
#[must_use]
pub fn data_uri(rows: &[Vec<u8>]) -> String {
    let width = rows.first().map_or(0, Vec::len).max(1);
    let mut raw = Vec::new();
    for row in rows {
        raw.push(0); // no filter
        let shade = |at: usize| row.get(at).copied().unwrap_or(0).min(15);
        raw.extend((0..width).step_by(2).map(|at| shade(at) << 4 | shade(at + 1)));
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let size = [(width as u32).to_be_bytes(), (rows.len() as u32).to_be_bytes()].concat();
    chunk(&mut png, *b"IHDR", &[size, vec![4, 3, 0, 0, 0]].concat()); // 4 bits, palette
    chunk(&mut png, *b"PLTE", &SHADES.concat());
    chunk(&mut png, *b"IDAT", &stored(&raw));
    chunk(&mut png, *b"IEND", &[]);
    format!("data:image/png;base64,{}", base64(&png))
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let crc = png.len();
    png.extend(kind);
    png.extend(data);
    let crc = png.get(crc..).map_or(0, crc32);
    png.extend(crc.to_be_bytes());
}

/// A zlib stream of stored blocks.
fn stored(raw: &[u8]) -> Vec<u8> {
    let mut to = vec![0x78, 0x01];
    let mut blocks = raw.chunks(0xFFFF).peekable();
    while let Some(block) = blocks.next() {
        let len = block.len() as u16;
        to.push(u8::from(blocks.peek().is_none()));
        to.extend([len.to_le_bytes(), (!len).to_le_bytes()].concat());
        to.extend(block);
    }
    let (a, b) = raw.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    to.extend((b << 16 | a).to_be_bytes());
    to
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().zip([16, 8, 0]).fold(0_u32, |bits, (byte, shift)| bits | u32::from(*byte) << shift);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = LETTERS.get((bits >> shift & 63) as usize).copied().unwrap_or(b'=');
            text.push(char::from(if at <= three.len() { letter } else { b'=' }));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_letters_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        // RFC 4648, section 10.
        for (bytes, text) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("", "")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert!(stored(b"Wikipedia").ends_with(&0x11E6_0398_u32.to_be_bytes()));
    }

    #[test]
    fn a_picture_has_its_size_and_its_end() {
        let uri = data_uri(&[vec![0, 15, 3], vec![1, 2, 99]]);
        assert!(uri.starts_with("data:image/png;base64,iVBORw0KGgo") && uri.ends_with("SUVORK5CYII="), "{uri}");
    }
}
