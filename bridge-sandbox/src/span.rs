//! Times as people write them: `500ms`, `90s`, `10m`, `1h 30m`.

use std::time::Duration;

use jiff::SignedDuration;

pub(crate) const EXPECTED: &str = "a time, as in `500ms`, `90s`, `10m` or `1h`";

pub(crate) fn parse(text: &str) -> Option<Duration> {
    Duration::try_from(text.parse::<SignedDuration>().ok()?).ok()
}

pub(crate) fn show(time: Duration) -> String {
    SignedDuration::try_from(time).map_or_else(|_| format!("{}s", time.as_secs()), |time| format!("{time:#}"))
}
