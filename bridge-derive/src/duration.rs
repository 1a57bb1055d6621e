//! Durations in attributes: `"500ms"`, `"10s"`, `"2m"`.

use syn::LitStr;

/// The longest: a handler that runs for more than an hour is no task.
const LONGEST_MILLIS: u64 = 60 * 60 * 1000;

/// The milliseconds of a duration.
pub(crate) fn read(text: &LitStr) -> syn::Result<u64> {
    millis(&text.value()).map_err(|why| syn::Error::new_spanned(text, why))
}

fn millis(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        _ => return Err(format!("`{text}` is no duration: write \"500ms\", \"10s\" or \"2m\"")),
    };
    let number: u64 = match number {
        "" => return Err(format!("`{text}` is no duration: write \"500ms\", \"10s\" or \"2m\"")),
        number => number.parse().unwrap_or(u64::MAX),
    };
    match number.saturating_mul(factor) {
        0 => Err("no time at all: a duration is more than zero".to_owned()),
        millis if millis > LONGEST_MILLIS => Err(format!("`{text}` is more than an hour")),
        millis => Ok(millis),
    }
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn durations() {
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("10s"), Ok(10_000));
        assert_eq!(millis("2m"), Ok(120_000));
        assert_eq!(millis("60m"), Ok(3_600_000));
        for wrong in
            ["", "10", "s", "0s", "61m", "1h", "10 s", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615m"]
        {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }
}
