//! "Did you mean".

/// How alike two names must be to be taken for a typo: what darling and others use.
const LIKELY: f64 = 0.8;

/// What people call a field of the protocol elsewhere: LDAP, SCIM, SQL tables.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("id", &["uid", "uuid", "guid", "number", "key", "external_id", "object_guid"]),
    ("email", &["mail", "e_mail", "email_address", "mail_address"]),
    ("username", &["login", "user", "user_name", "account_name", "upn"]),
    ("first_name", &["given_name", "forename", "firstname"]),
    ("last_name", &["surname", "family_name", "lastname", "sn"]),
    ("display_name", &["full_name", "fullname", "cn"]),
    ("status", &["state", "active", "enabled", "disabled", "suspended"]),
    ("memberships", &["membership", "member_of", "groups", "teams", "roles"]),
    ("assignments", &["assignment", "licenses", "licences", "seats"]),
    ("name", &["title", "label"]),
    ("description", &["about", "comment"]),
];

/// The known name that `given` was likely meant to be.
pub(crate) fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let alike = known.iter().map(|name| (strsim::jaro_winkler(given, name), *name));
    alike.filter(|(likeness, _)| *likeness > LIKELY).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

/// The protocol's name for what the user calls `given`.
pub(crate) fn protocol_field<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let same = |name: &str| SYNONYMS.iter().any(|(field, others)| *field == name && others.contains(&given));
    known.iter().copied().find(|name| same(name)).or_else(|| nearest(given, known))
}

/// Says that `given` is none of `known`.
pub(crate) fn unknown(what: &str, given: &str, known: &[&str]) -> String {
    match protocol_field(given, known) {
        Some(name) => format!("unknown {what} `{given}`, did you mean `{name}`?"),
        None => format!("unknown {what} `{given}`, expected {}", one_of(known)),
    }
}

/// "`a`, `b` or `c`".
pub(crate) fn one_of(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{nearest, one_of, protocol_field, unknown};

    const ACCOUNT: &[&str] = &["id", "email", "username", "first_name", "last_name", "display_name", "status"];

    #[test]
    fn typos_are_recognised() {
        assert_eq!(nearest("emial", ACCOUNT), Some("email"));
        assert_eq!(nearest("usrname", ACCOUNT), Some("username"));
        assert_eq!(nearest("skp", &["skip", "with"]), Some("skip"));
        assert_eq!(nearest("salary", ACCOUNT), None);
        assert_eq!(nearest("", ACCOUNT), None);
    }

    #[test]
    fn what_others_call_it_goes_before_what_looks_alike() {
        assert_eq!(protocol_field("surname", ACCOUNT), Some("last_name"));
        assert_eq!(protocol_field("login", ACCOUNT), Some("username"));
        assert_eq!(protocol_field("surname", &["name"]), None);
    }

    #[test]
    fn messages() {
        assert_eq!(unknown("key", "emial", ACCOUNT), "unknown key `emial`, did you mean `email`?");
        assert_eq!(unknown("key", "zzz", &["skip", "with"]), "unknown key `zzz`, expected `skip` or `with`");
        assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
