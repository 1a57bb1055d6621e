/// A number with its thousands apart, by narrow blanks that do not break.
pub(crate) fn grouped(value: &usize) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_stand_apart() {
        let plain = |value: usize| super::grouped(&value).replace('\u{202f}', " ");
        assert_eq!([0, 999, 1_000, 100_000, 1_234_567].map(plain), ["0", "999", "1 000", "100 000", "1 234 567"]);
    }
}
