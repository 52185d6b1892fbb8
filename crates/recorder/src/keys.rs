//! Which keys were told, so that each is told once: by the packets of its event, or by its tone, whichever comes first.

use cardhush_core::Digit;

/// Events and keys that are remembered: more than come within a second.
const KEPT: usize = 16;
/// How far an event and a tone of one key lie apart at most, in ms: gateways send the event late, and end it late.
const APART_MS: u64 = 500;

/// How a key was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By its event.
    Event,
    /// By its tone.
    Tone,
}

/// See the module. Of one channel.
#[derive(Clone, Default)]
pub struct Keys {
    /// Source and start, in its own clock, of the last events.
    events: [Option<(u32, u32)>; KEPT],
    next_event: usize,
    /// The last keys that were told: how, where, which, and whether the other of the two came as well.
    told: [Option<(By, u64, Digit, bool)>; KEPT],
    next: usize,
}

impl Keys {
    /// Whether an event comes for the first time.
    pub fn event(&mut self, event: (u32, u32)) -> bool {
        if self.events.contains(&Some(event)) {
            return false;
        }
        if let Some(place) = self.events.get_mut(self.next_event % KEPT) {
            *place = Some(event);
        }
        self.next_event += 1;
        true
    }

    /// Whether a key at a position is to be told: not where it was told by the other way of telling.
    pub fn tell(&mut self, by: By, position: u64, digit: Digit, rate_hz: u64) -> bool {
        let apart = APART_MS * rate_hz / 1_000;
        let same =
            |(how, at, which, both): &(By, u64, Digit, bool)| *how != by && *which == digit && !both && at.abs_diff(position) <= apart;
        if let Some((.., both)) = self.told.iter_mut().flatten().find(|one| same(one)) {
            *both = true;
            return false;
        }
        if let Some(place) = self.told.get_mut(self.next % KEPT) {
            *place = Some((by, position, digit, false));
        }
        self.next += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_its_event_or_by_its_tone() {
        let (mut keys, five, six) = (Keys::default(), Digit::from_row_column(1, 1), Digit::from_row_column(1, 2));
        assert!(keys.tell(By::Tone, 800, five, 8_000) && !keys.tell(By::Event, 1_200, five, 8_000));
        assert!(keys.tell(By::Event, 2_000, five, 8_000) && !keys.tell(By::Tone, 2_300, five, 8_000), "the same key again");
        assert!(keys.tell(By::Event, 3_000, five, 8_000) && keys.tell(By::Event, 4_000, five, 8_000));
        assert!(keys.tell(By::Tone, 4_000, six, 8_000), "another key");
        assert!(keys.tell(By::Tone, 40_000, five, 8_000), "long after");
    }

    #[test]
    fn an_event_comes_for_the_first_time_once() {
        let mut keys = Keys::default();
        assert!(keys.event((1, 5)) && !keys.event((1, 5)) && keys.event((1, 4)) && keys.event((2, 5)) && !keys.event((1, 5)));
    }
}
