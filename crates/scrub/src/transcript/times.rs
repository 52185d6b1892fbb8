//! The times of an object of a transcript: seconds in `start`/`end` or `start_time`/`end_time`, milliseconds in `offsets`.
//!
//! Numbers or text, as recognisers write them; they are written back in the way in which they were found.

use serde_json::{Map, Value, json};

/// From and to, in seconds.
pub(super) type Times = (f64, f64);

/// Names of a start and an end in seconds.
const SECONDS: [(&str, &str); 2] = [("start", "end"), ("start_time", "end_time")];
/// Where whisper.cpp has them in milliseconds, and again as text.
const OFFSETS: &str = "offsets";
const TIMESTAMPS: &str = "timestamps";

/// The times of an object; none where one of them is missing.
///
/// # Errors
/// The name of a field that holds something else.
pub(super) fn own(object: &Map<String, Value>) -> Result<Option<Times>, &'static str> {
    let there = |name| object.get(name).filter(|value: &&Value| !value.is_null());
    for (start, end) in SECONDS {
        if let (Some(from), Some(to)) = (there(start), there(end)) {
            return Ok(Some((seconds(from).ok_or(start)?, seconds(to).ok_or(end)?)));
        }
    }
    let Some(offsets) = there(OFFSETS) else { return Ok(None) };
    let ms = |name| offsets.get(name).and_then(seconds).map(|ms| ms / 1e3).ok_or(OFFSETS);
    Ok(Some((ms("from")?, ms("to")?)))
}

/// All the time that an object and what is in it speak of, where it has times itself.
pub(super) fn hull(object: &Map<String, Value>) -> Option<Times> {
    let own = own(object).ok().flatten()?;
    Some(object.values().fold(own, widest))
}

/// A field of times in which those of `from` have become those of `to`; none for a field that holds something else.
pub(super) fn moved(name: &str, value: &Value, from: Times, to: Times) -> Option<Value> {
    let one = |from: f64, to: f64| seconds(value).map(|_| if from == to { value.clone() } else { like(value, to) });
    if SECONDS.iter().any(|(start, _)| *start == name) {
        return one(from.0, to.0);
    }
    if SECONDS.iter().any(|(_, end)| *end == name) {
        return one(from.1, to.1);
    }
    let both = |written: fn(&Value) -> bool| {
        let object = value.as_object().filter(|object| object.len() == 2);
        object.is_some_and(|object| ["from", "to"].iter().all(|name| object.get(*name).is_some_and(written)))
    };
    let (start, end) = ((to.0 * 1e3).floor() as u64, (to.1 * 1e3).ceil() as u64);
    match name {
        OFFSETS if both(Value::is_number) => Some(if from == to { value.clone() } else { json!({"from": start, "to": end}) }),
        TIMESTAMPS if both(is_clock) => Some(if from == to { value.clone() } else { json!({"from": clock(start), "to": clock(end)}) }),
        _ => None,
    }
}

fn seconds(value: &Value) -> Option<f64> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    seconds.filter(|seconds| seconds.is_finite())
}

fn widest(so_far: Times, value: &Value) -> Times {
    match value {
        Value::Object(object) => {
            let own = own(object).ok().flatten().unwrap_or(so_far);
            object.values().fold((so_far.0.min(own.0), so_far.1.max(own.1)), widest)
        }
        Value::Array(list) => list.iter().fold(so_far, widest),
        _ => so_far,
    }
}

/// A time to the millisecond, as text where it was text.
fn like(value: &Value, seconds: f64) -> Value {
    if value.is_string() { Value::from(format!("{seconds:.3}")) } else { Value::from((seconds * 1e3).round() / 1e3) }
}

fn is_clock(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b',' | b'.')))
}

fn clock(ms: u64) -> String {
    format!("{:02}:{:02}:{:02},{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn each_way_to_write_times_is_read() {
        for value in [
            json!({"start": 1, "end": 2.5}),
            json!({"start_time": "1.0", "end_time": " 2.5"}),
            json!({"offsets": {"from": 1_000, "to": 2_500}, "timestamps": {}}),
        ] {
            assert_eq!(own(&object(value)), Ok(Some((1.0, 2.5))));
        }
        assert_eq!(own(&object(json!({"start": 1, "end": null}))), Ok(None));
        assert_eq!(own(&object(json!({"start": 1, "end": "four"}))), Err("end"));
        assert_eq!(own(&object(json!({"start": "inf", "end": 2}))), Err("start"));
        assert_eq!(own(&object(json!({"offsets": [1, 2]}))), Err("offsets"));
    }

    #[test]
    fn what_is_within_widens() {
        let segment = json!({"start": 2, "end": 3, "words": [{"start": 1.5, "end": 2}, {"x": {"start_time": "3", "end_time": "4"}}]});
        assert_eq!(hull(&object(segment)), Some((1.5, 4.0)));
        assert_eq!(hull(&object(json!({"words": [{"start": 1, "end": 2}]}))), None);
    }

    #[test]
    fn times_are_written_as_they_were_found() {
        let of = |name, value| moved(name, &value, (1.0, 2.0), (0.5, 2.0));
        assert_eq!(of("start", json!(1)), Some(json!(0.5)));
        assert_eq!(of("start_time", json!("1.00")), Some(json!("0.500")));
        assert_eq!(of("end_time", json!("2.00")), Some(json!("2.00")));
        assert_eq!(of("offsets", json!({"from": 1_000, "to": 2_000})), Some(json!({"from": 500, "to": 2_000})));
        let clock = json!({"from": "00:00:01,000", "to": "00:00:02,000"});
        assert_eq!(of("timestamps", clock), Some(json!({"from": "00:00:00,500", "to": "00:00:02,000"})));
        for name in ["word", "start", "offsets", "timestamps"] {
            assert_eq!(of(name, json!("four")), None);
        }
        assert_eq!(of("timestamps", json!({"from": "00:00:01,000", "to": "four one one"})), None);
    }
}
