//! A lossless view of packet captures.
