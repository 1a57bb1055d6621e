use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// How long ago something was, or how long it will take, as a person would say it.
pub(crate) fn relative(at: &Timestamp, now: &Timestamp) -> String {
    let ahead = at.duration_since(*now);
    match Span(ahead.abs()) {
        _ if ahead.abs() < SignedDuration::from_secs(1) => "just now".to_owned(),
        span if ahead.is_positive() => format!("in {span}"),
        span => format!("{span} ago"),
    }
}

/// The moment itself, to the second.
pub(crate) fn absolute(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How long it took.
pub(crate) fn between(start: &Timestamp, end: &Timestamp) -> String {
    let time = end.duration_since(*start).abs();
    if time < SignedDuration::from_secs(1) { format!("{} ms", time.as_millis()) } else { Span(time).to_string() }
}

/// A time in one unit, rounded down.
pub(crate) struct Span(pub(crate) SignedDuration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            ..60 => write!(f, "{seconds} s"),
            60..3_600 => write!(f, "{} min", seconds / 60),
            3_600..172_800 => write!(f, "{} h", seconds / 3_600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_as_people_tell_them() {
        let now = Timestamp::from_second(1_000_000_000).expect("a moment");
        let told = |seconds: i64| relative(&(now + SignedDuration::from_secs(seconds)), &now);
        assert_eq!(told(0), "just now");
        assert_eq!(told(-59), "59 s ago");
        assert_eq!(told(-60), "1 min ago");
        assert_eq!(told(-3 * 3600 - 59), "3 h ago");
        assert_eq!(told(-3 * 86_400), "3 days ago");
        assert_eq!(told(600), "in 10 min");
        assert_eq!(absolute(&now), "2001-09-09 01:46:40 UTC");
        assert_eq!(between(&now, &(now + SignedDuration::from_millis(250))), "250 ms");
    }
}
