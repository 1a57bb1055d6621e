//! The table of the configuration file that changes the limits of one type.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Unexpected, Visitor},
};

use super::limits::{HIGHEST_PERCENT, Limits, LimitsProblem};

/// What a `[types.<slug>]` table says: each setting in place of the one that stands in the program, and those that it
/// leaves out stay.
///
/// ```toml
/// [types.employee]
/// max_removed_percent = 2      # 0 to 99
/// max_removed = 20
/// max_edges_percent = 5        # 0 to 99
/// max_edges = 500
/// max_links_each_percent = 30  # 0 to 99, of a group or license type
/// protected = ["admin"]
/// ```
///
/// ```
/// use bridge_core::wire::Kind;
/// use bridge_runtime::sync::{Limits, LimitsPatch};
///
/// let patch: LimitsPatch = serde_json::from_str(r#"{ "max_removed": 20 }"#)?;
/// let limits = patch.apply(Limits::of(Kind::Account))?;
/// assert_eq!(limits, Limits::of(Kind::Account).max_removed(20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LimitsPatch {
    #[serde(deserialize_with = "max_removed_percent")]
    max_removed_percent: Option<u8>,
    #[serde(deserialize_with = "max_removed")]
    max_removed: Option<u64>,
    #[serde(deserialize_with = "max_edges_percent")]
    max_edges_percent: Option<u8>,
    #[serde(deserialize_with = "max_edges")]
    max_edges: Option<u64>,
    #[serde(deserialize_with = "max_links_each_percent")]
    max_links_each_percent: Option<u8>,
    #[serde(deserialize_with = "protected")]
    protected: Option<Vec<String>>,
}

impl LimitsPatch {
    /// `to` with these settings. To warn of those that let more through, compare with [`Limits::loosened`].
    ///
    /// # Errors
    /// `to` itself is wrong in a setting that is left as it was.
    pub fn apply(&self, to: Limits) -> Result<Limits, LimitsProblem> {
        let mut limits = to;
        if let Some(percent) = self.max_removed_percent {
            limits = limits.max_removed_percent(percent);
        }
        if let Some(most) = self.max_removed {
            limits = limits.max_removed(most);
        }
        if let Some(percent) = self.max_edges_percent {
            limits = limits.max_edges_percent(percent);
        }
        if let Some(most) = self.max_edges {
            limits = limits.max_edges(most);
        }
        if let Some(percent) = self.max_links_each_percent {
            limits = limits.max_links_each_percent(percent);
        }
        if let Some(ids) = &self.protected {
            limits = limits.protected(ids.iter().map(String::as_str));
        }
        limits.problems().into_iter().next().map_or(Ok(limits), Err)
    }
}

// One function for each key: serde's own message has the value and what is expected there, and not the key.

fn max_removed_percent<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    percent("max_removed_percent", from)
}

fn max_edges_percent<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    percent("max_edges_percent", from)
}

fn max_links_each_percent<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    percent("max_links_each_percent", from)
}

fn max_removed<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    most("max_removed", from)
}

fn max_edges<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    most("max_edges", from)
}

fn protected<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    from.deserialize_seq(Ids).map(Some)
}

fn percent<'de, D: Deserializer<'de>>(key: &'static str, from: D) -> Result<Option<u8>, D::Error> {
    let allowed = "a whole number from 0 to 99 (100 % is no limit: approve such a plan by its hash)";
    let take = |number| u8::try_from(number).ok().filter(|percent| *percent <= HIGHEST_PERCENT);
    from.deserialize_u64(Whole { key, allowed, take }).map(Some)
}

fn most<'de, D: Deserializer<'de>>(key: &'static str, from: D) -> Result<Option<u64>, D::Error> {
    from.deserialize_u64(Whole { key, allowed: "a whole number from 0 on", take: Some }).map(Some)
}

/// A whole number, whose errors say which key it was for.
struct Whole<T> {
    key: &'static str,
    allowed: &'static str,
    take: fn(u64) -> Option<T>,
}

impl<T> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` to be {}", self.key, self.allowed)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        (self.take)(number).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    // TOML has signed numbers only.
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }
}

/// The ids of `protected`.
struct Ids;

impl<'de> Visitor<'de> for Ids {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`protected` to be a list of ids")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut ids = Vec::new();
        while let Some(Id(id)) = list.next_element()? {
            ids.push(id);
        }
        Ok(ids)
    }
}

/// One of them.
struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl Visitor<'_> for IdVisitor {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id in `protected` to be a text in quotes, and not empty")
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<Id, E> {
                if id.is_empty() {
                    return Err(E::invalid_value(Unexpected::Str(id), &self));
                }
                Ok(Id(id.to_owned()))
            }
        }
        from.deserialize_str(IdVisitor)
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use std::collections::BTreeMap;

    use bridge_core::wire::Kind;

    use super::*;

    fn patch(text: &str) -> Result<LimitsPatch, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn what_is_left_out_stays() {
        let builder = Limits::of(Kind::Group).max_removed(7).protected(["admins"]);
        let apply = |text| patch(text).unwrap().apply(builder.clone()).unwrap();
        assert_eq!(apply(""), builder);
        assert_eq!(apply("max_removed_percent = 99"), builder.clone().max_removed_percent(99));
        assert_eq!(apply("max_removed = 0"), builder.clone().max_removed(0));
        assert_eq!(apply("max_edges_percent = 0"), builder.clone().max_edges_percent(0));
        assert_eq!(apply("max_edges = 5"), builder.clone().max_edges(5));
        assert_eq!(apply(r#"protected = ["b", "a"]"#), builder.clone().protected(["a", "b"]));
        assert_eq!(apply("protected = []"), builder.clone().protected([""; 0]));
    }

    #[test]
    fn an_error_says_which_key_and_what_is_allowed() {
        let percent = "a whole number from 0 to 99 (100 % is no limit: approve such a plan by its hash)";
        for (text, got, key) in [
            ("max_removed_percent = 100", "invalid value: integer `100`", "max_removed_percent"),
            ("max_removed_percent = 300", "invalid value: integer `300`", "max_removed_percent"),
            ("max_edges_percent = -1", "invalid value: integer `-1`", "max_edges_percent"),
            ("max_removed_percent = 2.5", "invalid type: floating point `2.5`", "max_removed_percent"),
            (r#"max_edges_percent = "5%""#, "invalid type: string \"5%\"", "max_edges_percent"),
        ] {
            assert_eq!(patch(text), Err(format!("{got}, expected `{key}` to be {percent}")));
        }
        for (text, message) in [
            ("max_removed = -1", "invalid value: integer `-1`, expected `max_removed` to be a whole number from 0 on"),
            ("max_edges = true", "invalid type: boolean `true`, expected `max_edges` to be a whole number from 0 on"),
            (r#"protected = "a""#, "invalid type: string \"a\", expected `protected` to be a list of ids"),
            (
                "protected = [1001]",
                "invalid type: integer `1001`, expected an id in `protected` to be a text in quotes, and not empty",
            ),
            (
                r#"protected = [""]"#,
                "invalid value: string \"\", expected an id in `protected` to be a text in quotes, and not empty",
            ),
            (
                "max_remove = 5",
                "unknown field `max_remove`, expected one of `max_removed_percent`, `max_removed`, \
                 `max_edges_percent`, `max_edges`, `max_links_each_percent`, `protected`",
            ),
        ] {
            assert_eq!(patch(text), Err(message.to_owned()));
        }
    }

    #[test]
    fn an_error_knows_its_line() {
        let text = "[employee]\nmax_removed = 5\n\n[team]\nmax_removed_percent = 100\n";
        let error = toml::from_str::<BTreeMap<String, LimitsPatch>>(text).unwrap_err();
        assert_eq!(&text[error.span().unwrap()], "100");
    }

    #[test]
    fn what_stands_in_the_program_is_checked_too() {
        let wrong = Limits::of(Kind::Account).max_removed_percent(100);
        let problem = LimitsProblem::Percent { key: "max_removed_percent", percent: 100 };
        assert_eq!(patch("max_removed = 5").unwrap().apply(wrong.clone()), Err(problem));
        assert!(patch("max_removed_percent = 50").unwrap().apply(wrong).is_ok());
    }
}
