//! Slugs and display names from the names of types.

/// The words of a type's name: `ServiceAccount` is two, `HTTPServer` too, `Level2` one.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut starts = true;
    for (at, letter) in letters.iter().enumerate() {
        if *letter == '_' {
            starts = true;
            continue;
        }
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after_small = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit());
        let before_small = letters.get(at + 1).is_some_and(|after| after.is_lowercase());
        if letter.is_uppercase() && (after_small || before_small) {
            starts = true;
        }
        match words.last_mut() {
            Some(word) if !starts => word.push(*letter),
            _ => words.push(letter.to_string()),
        }
        starts = false;
    }
    words
}

/// `ServiceAccount` is `service_account`.
pub(crate) fn slug(name: &str) -> String {
    words(name).join("_").to_lowercase()
}

/// `ServiceAccount` is "Service Account".
pub(crate) fn title(name: &str) -> String {
    let mut title = words(name).join(" ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

/// Why a slug cannot be registered (protocol.md section 3), if it cannot.
pub(crate) fn slug_fault(slug: &str) -> Option<String> {
    let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fault = if ["complete", "abandon"].contains(&slug) {
        "is reserved: Iden has paths of that name"
    } else if slug.is_empty() {
        "is empty"
    } else if slug.len() > 63 {
        "is longer than 63 characters"
    } else if !slug.starts_with(small) {
        "must begin with a small letter or a digit"
    } else if !slug.chars().all(|c| small(c) || c == '_' || c == '-') {
        "has a character other than small letters, digits, `_` and `-`"
    } else {
        return None;
    };
    let proposal: String = slug
        .to_lowercase()
        .chars()
        .map(|c| if small(c) || c == '-' { c } else { '_' })
        .skip_while(|c| !small(*c))
        .take(63)
        .collect();
    let differs = proposal != slug && !proposal.is_empty() && slug_fault(&proposal).is_none();
    Some(if differs { format!("{fault}; `{proposal}` would do") } else { fault.to_owned() })
}

/// Whether a text is snake_case and not empty: what codes and actions look like.
pub(crate) fn is_snake_case(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::{is_snake_case, slug, slug_fault, title};

    #[test]
    fn slugs_from_type_names() {
        for (name, expected) in [
            ("Team", "team"),
            ("ServiceAccount", "service_account"),
            ("HTTPServer", "http_server"),
            ("Level2", "level2"),
            ("Level2Support", "level2_support"),
            ("AWSAccount", "aws_account"),
            ("Odd_Name", "odd_name"),
            ("X", "x"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
            assert_eq!(slug_fault(expected), None, "{name}");
        }
    }

    #[test]
    fn titles_from_type_names() {
        assert_eq!(title("ServiceAccount"), "Service Account");
        assert_eq!(title("HTTPServer"), "HTTP Server");
        assert_eq!(title("team"), "Team");
    }

    #[test]
    fn slugs_that_iden_refuses() {
        for slug in ["", "complete", "abandon", "Team", "-team", "_team", "te am", "gröẞe", &"x".repeat(64)] {
            assert!(slug_fault(slug).is_some(), "{slug}");
        }
        assert!(slug_fault(&"x".repeat(63)).is_none());
        let fault = slug_fault("My Team").expect("a capital letter");
        assert!(fault.ends_with("`my_team` would do"), "{fault}");
    }

    #[test]
    fn snake_case() {
        assert!(is_snake_case("account_not_found2"));
        assert!(!is_snake_case(""));
        assert!(!is_snake_case("AccountNotFound"));
        assert!(!is_snake_case("9lives"));
        assert!(!is_snake_case("not-found"));
    }
}
