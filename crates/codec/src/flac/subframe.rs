//! The subframes of a frame to samples, in the file's own width (RFC 9639, 9.2).
//!
//! Ours, although there are libraries: what is kept of a frame that is written anew must be exact or refused, and of those looked at one (`symphonia-bundle-flac` 0.6) overflows unseen on a prediction that leaves the width, and the other
//! (`claxon` 0.4) does not read escaped partitions. The tests hold it against the latter and against the encoder's digest.

use super::bits::Bits;

/// What is wrong with a frame.
pub(super) type Wrong = &'static str;

const SHORT: Wrong = "it ends within its samples";
const WIDE: Wrong = "a sample that its width does not hold";

/// Decodes the subframes that follow a header into one plane a channel, and gives the bytes they take. `assignment` are the header's four bits of how channels are coded.
pub(super) fn decode(body: &[u8], assignment: u8, bits: u32, block: usize, planes: &mut [Vec<i32>]) -> Result<usize, Wrong> {
    let mut reader = Bits::new(body);
    for (channel, plane) in planes.iter_mut().enumerate() {
        // The difference of two channels takes a bit more (RFC 9639, 9.1.3): it is the second, but where right follows it.
        let side = matches!((assignment, channel), (8, 1) | (9, 0) | (10, 1));
        subframe(&mut reader, bits + u32::from(side), block, plane)?;
    }
    if let (8..=10, [first, second]) = (assignment, planes) {
        for (a, b) in first.iter_mut().zip(second) {
            let (x, y) = (i64::from(*a), i64::from(*b));
            let (left, right) = match assignment {
                8 => (x, x - y),
                9 => (x + y, y),
                _ => {
                    let middle = x * 2 + (y & 1);
                    ((middle + y) >> 1, (middle - y) >> 1)
                }
            };
            (*a, *b) = (within(left, bits)?, within(right, bits)?);
        }
    }
    Ok(reader.bytes_read())
}

fn subframe(reader: &mut Bits<'_>, bits: u32, block: usize, samples: &mut Vec<i32>) -> Result<(), Wrong> {
    samples.clear();
    let head = reader.take(8).ok_or(SHORT)?;
    let wasted = if head & 1 == 0 { 0 } else { reader.unary().ok_or(SHORT)?.saturating_add(1) };
    if head & 0x80 != 0 || wasted >= bits {
        return Err("a subframe whose first bit is not 0, or of which no bit is left");
    }
    let bits = bits - wasted;
    match head >> 1 {
        0 => {
            let sample = reader.signed(bits).ok_or(SHORT)?;
            samples.resize(block, sample);
        }
        1 => verbatim(reader, bits, block, samples)?,
        kind @ 8..=12 => {
            let order = kind as usize - 8;
            verbatim(reader, bits, order, samples)?;
            residual(reader, order, block, samples)?;
            // Binomial weights (RFC 9639, 9.2.5).
            let weights: &[i64] = [&[][..], &[1], &[2, -1], &[3, -3, 1], &[4, -6, 4, -1]].get(order).copied().unwrap_or_default();
            predict(weights, 0, bits, samples)?;
        }
        kind @ 32..=63 => {
            let order = kind as usize - 31;
            verbatim(reader, bits, order, samples)?;
            let precision = reader.take(4).ok_or(SHORT)? + 1;
            let shift = reader.take(5).ok_or(SHORT)?;
            if precision == 16 || shift > 15 {
                return Err("a predictor of a forbidden precision or a negative shift");
            }
            let mut weights = [0; 32];
            let weights = weights.get_mut(..order).unwrap_or_default();
            for weight in &mut *weights {
                *weight = i64::from(reader.signed(precision).ok_or(SHORT)?);
            }
            residual(reader, order, block, samples)?;
            predict(weights, shift, bits, samples)?;
        }
        _ => return Err("a subframe of a reserved type"),
    }
    if samples.len() != block {
        return Err("a predictor of more samples than the block has");
    }
    samples.iter_mut().for_each(|sample| *sample <<= wasted);
    Ok(())
}

fn verbatim(reader: &mut Bits<'_>, bits: u32, count: usize, samples: &mut Vec<i32>) -> Result<(), Wrong> {
    for _ in 0..count {
        samples.push(reader.signed(bits).ok_or(SHORT)?);
    }
    Ok(())
}

/// Appends what the predictor missed, in partitions with a Rice parameter each (RFC 9639, 9.2.7).
fn residual(reader: &mut Bits<'_>, order: usize, block: usize, samples: &mut Vec<i32>) -> Result<(), Wrong> {
    let parameter_bits = match reader.take(2).ok_or(SHORT)? {
        0 => 4,
        1 => 5,
        _ => return Err("a reserved coding of residuals"),
    };
    let partitions = 1 << reader.take(4).ok_or(SHORT)?;
    if !block.is_multiple_of(partitions) || block / partitions < order {
        return Err("a block that its partitions do not divide");
    }
    for partition in 0..partitions {
        let count = block / partitions - if partition == 0 { order } else { 0 };
        let parameter = reader.take(parameter_bits).ok_or(SHORT)?;
        if parameter == (1 << parameter_bits) - 1 {
            let width = reader.take(5).ok_or(SHORT)?;
            verbatim(reader, width, count, samples)?;
            continue;
        }
        for _ in 0..count {
            let high = u64::from(reader.unary().ok_or(SHORT)?);
            let low = u64::from(reader.take(parameter).ok_or(SHORT)?);
            // Even numbers are those from 0 up, odd ones those from -1 down.
            let folded = u32::try_from(high << parameter | low).map_err(|_| WIDE)?;
            samples.push((folded >> 1) as i32 ^ -((folded & 1) as i32));
        }
    }
    Ok(())
}

/// Adds the prediction from those before to all samples behind the first ones; the weight of the nearest comes first.
fn predict(weights: &[i64], shift: u32, bits: u32, samples: &mut [i32]) -> Result<(), Wrong> {
    let order = weights.len();
    for at in order..samples.len() {
        let (before, rest) = samples.split_at_mut(at);
        let near = before.get(at - order..).unwrap_or_default();
        // 32 products of 15 and 25 bits take 45.
        let predicted = near.iter().rev().zip(weights).map(|(&sample, weight)| i64::from(sample) * weight).sum::<i64>() >> shift;
        if let Some(sample) = rest.first_mut() {
            *sample = within(predicted + i64::from(*sample), bits)?;
        }
    }
    Ok(())
}

fn within(sample: i64, bits: u32) -> Result<i32, Wrong> {
    let limit = 1i64 << (bits - 1);
    if (-limit..limit).contains(&sample) { Ok(sample as i32) } else { Err(WIDE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits as text, spaces for the reader.
    fn bytes(text: &str) -> Vec<u8> {
        let bits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').map(|byte| byte - b'0').collect();
        bits.chunks(8).map(|eight| eight.iter().enumerate().fold(0, |byte, (index, bit)| byte | bit << (7 - index))).collect()
    }

    fn decoded(text: &str, block: usize) -> Result<Vec<i32>, Wrong> {
        let mut planes = [Vec::new()];
        decode(&bytes(text), 0, 8, block, &mut planes).map(|_| planes[0].clone())
    }

    #[test]
    fn escaped_partitions_are_read() {
        // Fixed predictor of order 1 from 5; two partitions of two samples, the first escaped to three bits (one residual, -2), the second Rice with parameter 1 (residuals 1 and -1).
        assert_eq!(decoded("0 001001 0  00000101  00 0001  1111 00011 110  0001 01 0 1 1", 4), Ok(vec![5, 3, 4, 3]));
        // Escaped to no bits: all 0.
        assert_eq!(decoded("0 001000 0  00 0000  1111 00000", 3), Ok(vec![0; 3]));
    }

    #[test]
    fn wasted_bits_are_given_back() {
        // A constant of two wasted bits: six bits of -3.
        assert_eq!(decoded("0 000000 1 01  111101", 2), Ok(vec![-12; 2]));
        assert!(decoded("0 000000 1 00000001  0", 2).is_err());
    }

    #[test]
    fn what_leaves_the_width_is_wrong() {
        // Order 1 from 127, residual 1.
        assert_eq!(decoded("0 001001 0  01111111  00 0000  0001 01 0", 2), Err(WIDE));
        assert_eq!(decoded("0 001001 0  01111110  00 0000  0001 01 0", 2), Ok(vec![126, 127]));
    }
}
