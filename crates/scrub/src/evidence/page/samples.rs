//! A few calls as they are after masking, drawn from their outputs.

use super::plural;
use crate::evidence::picture::{Picture, Sample, shade};
use crate::report::seconds;
use cardhush_core::Span;
use maud::{Markup, html};

/// Left and right edge of what is drawn, and the height of a channel.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 680.0;
const HIGH: f64 = 34.0;

/// All of them.
pub fn samples(samples: &[Sample]) -> Markup {
    html! {
        h2 #samples { "Samples after masking" }
        p {
            "Scrubbed calls, drawn at random (by the digest of the ledger's last line). They are drawn from the outputs, never from the recordings as they were. Outside of what was replaced only averages of a quarter of a second in seven bands are shown, "
            "so that neither words nor keys can be read from them, should any have been missed; inside of it there is nothing of the call left, and all is shown (but of compressed recordings, where all is averaged)."
        }
        @if samples.is_empty() { p { "There is no scrubbed call to show." } }
        @for sample in samples {
            h3.path { (sample.call.path) }
            @match &sample.shown {
                Ok(picture) => (figure(sample, picture)),
                Err(why) => p { "Not shown: " (why) "." },
            }
        }
    }
}

fn figure(sample: &Sample, picture: &Picture) -> Markup {
    let spans = sample.call.spans.len() as u64;
    let length_s = seconds(picture.frames, picture.rate_hz);
    let masked: u64 = picture.masked.iter().flatten().map(|span| span.len()).sum();
    let masked_s = seconds(masked, picture.rate_hz);
    let (channel, close) = picture.close;
    let number = usize::from(channel);
    html! {
        figure {
            figcaption { (format!("{length_s:.1} s, {}, {masked_s:.1} s over all channels replaced. Grey: how loud the output is. Bars: what was replaced.", plural(spans, "span", "spans"))) }
            (timeline(picture, length_s))
            figcaption { (format!("Channel {channel}, {:.1} to {:.1} s: how loud the output is at each pitch (bright is loud)", seconds(close.start, picture.rate_hz), seconds(close.end, picture.rate_hz))) }
            (levels(picture, picture.masked.get(number).map_or(&[], Vec::as_slice)))
        }
    }
}

fn timeline(picture: &Picture, length_s: f64) -> Markup {
    let channels = picture.envelope.len();
    let height = HIGH * channels as f64 + 18.0;
    let x = |sample: u64| LEFT + (RIGHT - LEFT) * sample as f64 / picture.frames.max(1) as f64;
    html! {
        div.wide { svg viewBox=(format!("0 0 690 {height}")) role="img" aria-label=(format!("Timeline of the output, {length_s:.1} seconds, {channels} channels, with bars where audio was replaced")) {
            @for (number, (envelope, masked)) in picture.envelope.iter().zip(&picture.masked).enumerate() {
                @let top = HIGH * number as f64;
                text x="0" y=(top + 22.0) { "channel " (number) }
                path.level d=(outline(envelope, top)) {}
                @for span in masked { rect.mask x=(format!("{:.1}", x(span.start))) y=(top + 2.0) width=(format!("{:.1}", (x(span.end) - x(span.start)).max(1.0))) height="5" {} }
                line.rule x1=(LEFT) x2=(RIGHT) y1=(top + HIGH - 1.0) y2=(top + HIGH - 1.0) {}
            }
            (axis(Span::new(0, picture.frames), picture.rate_hz, height - 4.0))
        } }
    }
}

/// The level over time as an area.
fn outline(envelope: &[f32], top: f64) -> String {
    let (base, wide) = (top + HIGH - 1.0, (RIGHT - LEFT) / envelope.len().max(1) as f64);
    let mut path = format!("M{LEFT:.1} {base:.1}");
    for (at, db) in envelope.iter().enumerate() {
        let (x, y) = (LEFT + wide * at as f64, base - 1.6 * f64::from(shade(*db)));
        path += &format!("L{x:.1} {y:.1}L{:.1} {y:.1}", x + wide);
    }
    path + &format!("L{RIGHT:.1} {base:.1}Z")
}

fn levels(picture: &Picture, masked: &[Span]) -> Markup {
    let close = picture.close.1;
    let x = |sample: u64| LEFT + (RIGHT - LEFT) * sample.saturating_sub(close.start) as f64 / close.len().max(1) as f64;
    let names = ["3.2-3.9 kHz", "2.5-3.2", "1.9-2.5", "1.1-1.8", "0.65-1.1", "0.28-0.52", "0.06-0.28"];
    html! {
        div.wide { svg viewBox="0 0 690 148" role="img" aria-label="Levels of the output over time in seven bands, with bars above them where audio was replaced" {
            @for (row, name) in names.iter().enumerate() { text x="0" y=(24 + 16 * row) { (name) } }
            image x=(LEFT) y="12" width=(RIGHT - LEFT) height="112" preserveAspectRatio="none" style="image-rendering: pixelated" href=(picture.levels) {}
            @for span in masked.iter().map(|span| span.overlap(close)).filter(|span| !span.is_empty()) {
                rect.mask x=(format!("{:.1}", x(span.start))) y="3" width=(format!("{:.1}", (x(span.end) - x(span.start)).max(1.0))) height="6" {}
            }
            (axis(close, picture.rate_hz, 142.0))
        } }
    }
}

/// Seconds below, five or so.
fn axis(span: Span, rate_hz: u32, y: f64) -> Markup {
    let (from, to) = (seconds(span.start, rate_hz), seconds(span.end, rate_hz));
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 3_600.0]
        .into_iter()
        .find(|step| (to - from) / step <= 8.0)
        .unwrap_or(7_200.0);
    let ticks: Vec<f64> = (0..64).map(|tick| ((from / step).ceil() + f64::from(tick)) * step).take_while(|tick| *tick <= to).collect();
    html! {
        @for tick in ticks {
            text x=(format!("{:.1}", LEFT + (RIGHT - LEFT) * (tick - from) / (to - from).max(1e-9))) y=(y) text-anchor=(if tick > to - step / 4.0 { "end" } else { "start" }) { (if step < 1.0 { format!("{tick:.1} s") } else { format!("{tick:.0} s") }) }
        }
    }
}
