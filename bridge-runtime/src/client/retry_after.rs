//! The header `Retry-After`.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

/// Reads `Retry-After`: seconds, or a date relative to the answer's own `Date` (RFC 9110 section 10.2.3).
///
/// A date without `Date` beside it says nothing, since our wall clock is never compared with a server's. A time that is
/// over is zero. What cannot be read is `None`; bounds are the caller's.
///
/// ```
/// use std::time::Duration;
/// use bridge_runtime::client::retry_after;
///
/// let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
/// assert_eq!(retry_after("120", None), Some(Duration::from_secs(120)));
/// assert_eq!(retry_after("Wed, 21 Oct 2026 07:28:30 GMT", date), Some(Duration::from_secs(30)));
/// assert_eq!(retry_after("Wed, 21 Oct 2026 07:28:30 GMT", None), None);
/// ```
pub fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit: a wait that the caller's upper bound cuts anyway.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let wait = http_date(value)?.duration_since(http_date(date?)?);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_values_are_no_wait_or_a_bounded_one() {
        let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(retry_after("Wed, 21 Oct 2026 07:27:00 GMT", date), Some(Duration::ZERO));
        assert_eq!(retry_after(&"9".repeat(40), None), Some(Duration::from_secs(u64::MAX)));
        for odd in ["", "-1", "soon", "1.5", "Wed, 99 Oct 2026 07:28:00 GMT"] {
            assert_eq!(retry_after(odd, date), None, "{odd}");
        }
    }
}
