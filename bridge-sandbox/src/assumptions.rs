use std::fmt;
use std::time::Duration;

use crate::span;

/// Declares [`Assumptions`] from one list, so that the documentation, the defaults, the names that the command line and the
/// seed file know, and `--help` cannot differ.
macro_rules! assumptions {
    ($($(#[doc = $doc:literal])+ $question:literal $name:ident: $type:ty = $default:expr,)+) => {
        /// What the sandbox takes for granted where the protocol is silent.
        ///
        /// Each field answers one open question: P1 to P13 stand in `reliability.md` section 1, P14 to P18 in `protocol.md`
        /// section 9. A connector has to be right under every answer, so tests run under each. P13, whether Iden sends 429 and
        /// 503 and with what `Retry-After`, is no field: send them with a [`Fault`](crate::Fault).
        ///
        /// ```
        /// let mut assumptions = bridge_sandbox::Assumptions::default();
        /// assumptions.several_sessions = false;
        /// // The same by name, as the command line and the seed file do it.
        /// assumptions.set("session_expires_after", "30m").unwrap();
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Assumptions {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        impl Default for Assumptions {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Assumptions {
            /// Sets one by its name, from text: `true` or `false`, a number, a time as in `90s` or `1h`, or `never`.
            ///
            /// # Errors
            /// Where nothing has this name, or the text does not fit it.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), AssumptionError> {
                match name {
                    $(stringify!($name) => {
                        self.$name = Answer::read(value).ok_or_else(|| AssumptionError {
                            message: format!("`{name}` must be {}, not `{value}`", <$type as Answer>::EXPECTED),
                        })?;
                    })+
                    _ => return Err(AssumptionError { message: unknown(name) }),
                }
                Ok(())
            }

            /// All of them: how they stand, and what they mean.
            pub fn list(&self) -> Vec<AssumptionView> {
                vec![$(AssumptionView {
                    question: $question,
                    name: stringify!($name),
                    value: self.$name.show(),
                    meaning: concat!($($doc),+).trim(),
                },)+]
            }
        }

        const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

assumptions! {
    /// P1: an app may have several sync sessions open at once. Default: yes. Otherwise starting a second one is refused
    /// with 409, unless `new_session_ends_older` is on.
    "P1" several_sessions: bool = true,
    /// P2: completing a session that is completed is answered 202 again, without effect. Default: no, 400.
    "P2" complete_twice_succeeds: bool = false,
    /// P3: a session that was abandoned can still be completed, with its clean-up. Default: no, 400.
    "P3" abandoned_can_be_completed: bool = false,
    /// P4: completing a session also removes a record that came after its snapshot, by another way than its own pages, for
    /// instance by a task. Default: no.
    "P4" newer_records_are_removed: bool = false,
    /// P5: a session that is still in progress so long after its start expires: nothing is removed, and every later call
    /// to it but the reading of its progress is answered 400. Default: never.
    "P5" session_expires_after: Option<Duration> = None,
    /// P6: `synced_count` counts every record of every page. Default: no, it counts different ids.
    "P6" synced_count_is_total: bool = false,
    /// P7: ids that differ only by upper and lower case are the same record. Default: no.
    "P7" ids_ignore_case: bool = false,
    /// P7: ids that differ only by space around them are the same record. Default: no.
    "P7" ids_are_trimmed: bool = false,
    /// P7: ids that differ only by their Unicode normal form are the same record. Default: no.
    "P7" ids_are_normalised: bool = false,
    /// P8: a task that was reported so long ago is found no more, neither in the lists nor by its id. Default: never.
    "P8" done_tasks_are_dropped_after: Option<Duration> = None,
    /// P9: starting a session abandons those that are still open. Default: no.
    "P9" new_session_ends_older: bool = false,
    /// P10: reporting a task again with the status that it has is answered 200, without effect. Default: no, 409.
    "P10" repeated_report_succeeds: bool = false,
    /// P11: abandoning a session that is completed is answered 204, without effect. Default: no, 400.
    "P11" completed_can_be_abandoned: bool = false,
    /// P12: completing a session also empties the types for which it pushed nothing at all. Default: yes.
    "P12" types_without_a_page_are_emptied: bool = true,
    /// P14: a membership or assignment that a pushed record does not list any more ends when the session is completed, and
    /// stays when it is abandoned. Default: no, it ends with the push.
    "P14" links_end_at_completion: bool = false,
    /// P15: a field that a pushed record leaves out is cleared. Default: yes. Otherwise the old value stays, and inside
    /// `memberships` and `assignments` the list of a slug that is left out stays.
    "P15" upsert_clears_left_out_fields: bool = true,
    /// P16: the progress of a session also lists the companion types. Default: no.
    "P16" companions_in_progress: bool = false,
    /// P17: a task that is reported as completed changes the record at once: the account is created, changed, removed or
    /// suspended. Default: no, only the next sync changes it.
    "P17" completed_tasks_change_records: bool = false,
    /// P18: the `memberships` of a task are added to those that the account has, where `completed_tasks_change_records`
    /// lets it change anything. Default: no, they are the whole set to hold afterwards.
    "P18" task_memberships_are_added: bool = false,
    /// How many tasks a page of a list holds where the query has no `limit`. Default: 50.
    "" task_page_size: usize = 50,
    /// How long after the answer 202 to a completion its clean-up is done. Until then the session is shown as `in_progress`,
    /// takes no page, and what it will remove is still active. Default: 0s.
    "" clean_up_takes: Duration = Duration::ZERO,
}

/// One of the [`Assumptions`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssumptionView {
    /// The open question that it answers, for example `P4`. Empty where the protocol's authors did not ask.
    pub question: &'static str,
    /// Its name, for [`Assumptions::set`].
    pub name: &'static str,
    /// How it stands, as [`Assumptions::set`] would read it.
    pub value: String,
    /// What it means, and its default.
    pub meaning: &'static str,
}

/// An assumption that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumptionError {
    message: String,
}

impl fmt::Display for AssumptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AssumptionError {}

fn unknown(name: &str) -> String {
    format!("there is no assumption `{name}`; there are {}", NAMES.join(", "))
}

/// A type that an assumption can have.
trait Answer: Sized {
    const EXPECTED: &str;

    fn read(text: &str) -> Option<Self>;

    fn show(&self) -> String;
}

impl Answer for bool {
    const EXPECTED: &str = "true or false";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Answer for usize {
    const EXPECTED: &str = "a whole number of at least 1";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number| *number > 0)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Answer for Duration {
    const EXPECTED: &str = span::EXPECTED;

    fn read(text: &str) -> Option<Self> {
        span::parse(text)
    }

    fn show(&self) -> String {
        span::show(*self)
    }
}

impl Answer for Option<Duration> {
    const EXPECTED: &str = "a time, as in `90s`, `10m` or `1h`, or `never`";

    fn read(text: &str) -> Option<Self> {
        if text == "never" { Some(None) } else { span::parse(text).map(Some) }
    }

    fn show(&self) -> String {
        self.map_or_else(|| "never".to_owned(), span::show)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_set() {
        let mut assumptions = Assumptions::default();
        for (name, value) in [
            ("several_sessions", "false"),
            ("session_expires_after", "1h"),
            ("task_page_size", "7"),
            ("clean_up_takes", "1m 30s"),
        ] {
            assumptions.set(name, value).expect(name);
        }
        assert!(!assumptions.several_sessions);
        assert_eq!(assumptions.session_expires_after, Some(Duration::from_secs(3600)));
        assert_eq!((assumptions.task_page_size, assumptions.clean_up_takes), (7, Duration::from_secs(90)));
        let mut again = Assumptions::default();
        for one in assumptions.list() {
            again.set(one.name, &one.value).expect(one.name);
        }
        assert_eq!(again, assumptions);
        again.set("session_expires_after", "never").expect("never");
        assert_eq!(again.session_expires_after, None);
    }

    #[test]
    fn a_wrong_name_or_value_says_what_would_be_right() {
        let mut assumptions = Assumptions::default();
        for (name, value, word) in [
            ("p4", "true", "newer_records_are_removed"),
            ("several_sessions", "yes", "true or false"),
            ("task_page_size", "0", "at least 1"),
            ("session_expires_after", "soon", "`1h`"),
            ("clean_up_takes", "-5s", "a time"),
        ] {
            let error = assumptions.set(name, value).expect_err(name).to_string();
            assert!(error.contains(word), "{error}");
        }
        assert_eq!(assumptions, Assumptions::default());
    }

    #[test]
    fn every_open_question_but_p13_has_an_answer() {
        let list = Assumptions::default().list();
        for number in (1..=18).filter(|number| *number != 13) {
            let question = format!("P{number}");
            let one = list.iter().find(|one| one.question == question);
            assert!(one.is_some_and(|one| one.meaning.starts_with(&format!("{question}: "))), "{question}");
        }
    }
}
