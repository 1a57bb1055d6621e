/// What the sandbox takes for granted where the protocol is silent.
///
/// Each field answers one open question (P1, P4, P9, P12 and P15, P16: `reliability.md` section 1 and `protocol.md` section 9). A
/// connector has to be right under both answers, so tests run under both.
///
/// ```
/// let mut assumptions = bridge_sandbox::Assumptions::default();
/// assumptions.several_sessions = false;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assumptions {
    /// P1: an app may have several sync sessions open at once. Default: yes. Otherwise starting a second one is refused
    /// with 409, unless [`new_session_ends_older`](Self::new_session_ends_older) is on.
    pub several_sessions: bool,
    /// P4: completing a session also removes a record that came after its snapshot, by another way than its own pages.
    /// Default: no.
    pub newer_records_are_removed: bool,
    /// P9: starting a session abandons those that are still open. Default: no.
    pub new_session_ends_older: bool,
    /// P12: completing leaves a type alone that the session pushed nothing for. Default: no, all its records are removed.
    pub untouched_types_are_kept: bool,
    /// P16: the progress of a session also lists the companion types. Default: no.
    pub companions_in_progress: bool,
    /// P15: a field that a pushed record leaves out is cleared. Default: yes. Otherwise the old value stays, and inside
    /// `memberships` and `assignments` the list of a slug that is left out stays.
    pub upsert_clears_left_out_fields: bool,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            several_sessions: true,
            newer_records_are_removed: false,
            new_session_ends_older: false,
            untouched_types_are_kept: false,
            companions_in_progress: false,
            upsert_clears_left_out_fields: true,
        }
    }
}
