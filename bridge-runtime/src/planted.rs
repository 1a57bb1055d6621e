//! Bugs on purpose, so that the simulation can show that it finds such bugs. Without the feature `planted-bugs`, which no
//! other feature brings, none of them is there: [`Bug::is_planted`] is constant then.

macro_rules! bugs {
    ($($name:ident,)*) => {
        /// A bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(not(feature = "planted-bugs"), allow(unreachable_pub))]
        #[allow(missing_docs)] // each stands where it is asked for
        #[cfg_attr(not(feature = "journal-sqlite"), allow(dead_code))]
        pub enum Bug { $($name,)* }

        #[cfg(feature = "planted-bugs")]
        impl Bug {
            /// Each of them.
            pub const ALL: &[Bug] = &[$(Bug::$name,)*];
        }
    };
}

bugs! {
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
    PushIsNotWritten,
    DayIsNotSummed,
    ApprovalIsNotSeen,
    StopIsNotHeard,
    GateHasNoEnd,
    AppIsNotLookedFor,
    UnknownStatusIsOpen,
    ChangedLoginIsIgnored,
    NotAppliedIsForgotten,
    LookUpsAreNotRenewed,
    FewerPushedAreApproved,
    PushedIsNotStruckOff,
    UnreadTypeIsEmptied,
    PanicsSpread,
    BareErrorIsSuccess,
    UnsupportedIsCompleted,
    DryRunIsWritten,
    SetClockIsNotSeen,
    SecondTypeIsNotReread,
    ClockStepEndsTheDay,
    LinksAreJudgedInTotalOnly,
    VanishedLinksAreNotCounted,
    ProtectedIsDeactivated,
    SpellingCounts,
    RespelledIsSilent,
    CreationsAreNotHeld,
    KnownLoginsAreIgnored,
    MovedTaskRunsWhereItWas,
    ChangedServerFailsTasks,
    WindowBreaksTheOrder,
}

impl Bug {
    /// Whether the engine is to have this bug now.
    #[cfg(feature = "planted-bugs")]
    pub(crate) fn is_planted(self) -> bool {
        PLANTED.get() == Some(self)
    }

    #[cfg(not(feature = "planted-bugs"))]
    pub(crate) const fn is_planted(self) -> bool {
        false
    }
}

#[cfg(feature = "planted-bugs")]
thread_local! {
    // Of one thread, since a simulated process runs on one.
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Plants a bug on this thread, or takes it out.
#[cfg(feature = "planted-bugs")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}
