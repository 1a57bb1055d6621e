//! Bugs on purpose, so that the simulation can show that it finds such bugs. Without the feature `planted-bugs`, which no
//! other feature brings, none of them is there: [`planted`] is a constant then.

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted-bugs"), allow(unreachable_pub))]
#[allow(missing_docs)] // each stands where it is asked for
pub enum Bug {
    FailedPageIsForgotten,
    KnownShrinksBeforeCompletion,
    TouchIsNotWritten,
    NoGate,
    OrphanIsCompleted,
    MissingAreNotLookedUp,
    LookUpErrorIsAbsent,
    GuardIsOff,
    ReductionsAreNotHeldBack,
    ReportFlips,
    AtMostOnceRunsAgain,
    EndIsNotWritten,
    StartIsWrittenAfterwards,
    LostPasswordIsCompleted,
    TwoOfOneLane,
    ParkedBlocksNothing,
    RetryAfterIsIgnored,
    ApprovalIsUsedTwice,
    ScheduledIsPickedUp,
    TaskPageIsSkipped,
    SettledRunsAgain,
    InterruptionIsForgotten,
    RetriesAreFree,
    AbandonIsForgotten,
    VanishedIsRemoved,
    RefusedIsForgotten,
    InheritedCompletes,
    OrderIsIgnored,
    OvertakenRuns,
}

#[cfg(feature = "planted-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        // Of one thread, since a simulation runs on one.
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants a bug on this thread, or takes it out.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    pub(crate) fn planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "planted-bugs")]
pub use switch::plant;
#[cfg(feature = "planted-bugs")]
pub(crate) use switch::planted;

#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn planted(_: Bug) -> bool {
    false
}
