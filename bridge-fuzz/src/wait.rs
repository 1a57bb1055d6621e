//! `Retry-After`.

use std::time::Duration;

use bridge_runtime::client::retry_after;

use crate::input::Input;

/// All that dates can be apart, from the year 0 to the year 9999.
const LONGEST: Duration = Duration::from_secs(10_000 * 366 * 86_400);

/// Digits are seconds, dates are what lies between them, and nothing else is a time. The first line is the header, the
/// second one the answer's `Date`, if it is not empty.
pub fn header(data: &[u8]) {
    let mut input = Input(data);
    let (value, date) = (input.line(), input.line());
    let date = Some(&*date).filter(|date| !date.is_empty());
    let wait = retry_after(&value, date);
    let bare = value.trim();
    if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = bare.trim_start_matches('0');
        let seconds =
            if digits.len() > 20 { u64::MAX } else { digits.parse::<u128>().unwrap_or(0).min(u64::MAX.into()) as u64 };
        assert_eq!(wait, Some(Duration::from_secs(seconds)), "{value:?}");
        assert_eq!(retry_after(&value, None), wait, "a number needs no date");
        return;
    }
    assert_eq!(retry_after(&value, None), None, "{value:?} says nothing by itself");
    assert_eq!(retry_after(&format!(" {value}\t"), date), wait, "blanks around {value:?}");
    assert!(wait.is_none_or(|wait| wait <= LONGEST), "{value:?}: {wait:?}");
    if let (Some(wait), Some(date)) = (wait, date) {
        assert_eq!(retry_after(date, Some(date)), Some(Duration::ZERO));
        let back = retry_after(date, Some(&value));
        assert!(back.is_some_and(|back| wait.is_zero() || back.is_zero()), "{value:?} and {date:?}: both come later");
    }
}
