#![doc = include_str!("../README.md")]

// Paths in generated code start with `::iden_bridge`, in this crate's own doc tests and examples too.
#[allow(unused_extern_crates)]
extern crate self as iden_bridge;

pub use bridge_core::{
    Account, AssignedTo, BoxError, BridgeError, BridgeId, BridgeResource, BridgeStatus, Created, CustomField,
    EdgeField, EdgeKind, FieldError, Group, IntoId, IntoOutcome, License, MemberOf, NewPassword, Outcome, Probe,
    RecordOf, Ref, Resource, Secret, SourceError, Status, StatusField, TaskError, TaskResult, TextField, TypeSchema,
    Verdict, payload, policy, wire,
};
pub use bridge_derive::{BridgeError, BridgeResource, BridgeStatus, bridge_task};
#[cfg(feature = "dev")]
pub use bridge_runtime::dev;
#[cfg_attr(feature = "journal-sqlite", doc = include_str!("docs/testing.md"))]
pub use bridge_runtime::testing;
pub use bridge_runtime::{
    client, clock,
    connector::{self, Connector, ConnectorError, Exit, Fleet, NoSettings, Schedule, Target},
    journal, random,
    source::{self, BlockingOut, Out, Page, Pages, Source},
    sync,
    tasks::{self, Route, TaskContext, TaskInfo, Tasks},
    telemetry,
};

// For readers alone: no program needs it.
#[cfg(any(doc, doctest))]
pub mod guide;

/// What a connector needs: `use iden_bridge::prelude::*;`.
pub mod prelude {
    pub use std::process::ExitCode;

    pub use crate::{
        BridgeError, BridgeResource, BridgeStatus, Connector, Created, Fleet, NewPassword, NoSettings, Out, Page,
        Pages, Probe, Ref, Secret, Source, SourceError, Status, TaskContext, TaskError, bridge_task,
        payload::{
            AccountChange, AnyTask, CreateAccount, DeleteAccount, ResetPassword, SuspendAccount, UnsuspendAccount,
            UpdateAccount,
        },
        tasks,
    };
}

/// Lists the handlers of a connector: `tasks![hire, leaving::suspend, lock::<Robot>]`.
///
/// Two handlers for one route, the same action on the same account type, do not compile.
// A `macro_rules!` in front of the procedural macro, so that `$crate` finds this crate under whatever name.
#[macro_export]
macro_rules! tasks {
    ($($handlers:tt)*) => { $crate::__private::tasks! { $crate; $($handlers)* } };
}

/// What generated code names. No part of the API: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use bridge_core::{
        Account, AssignedTo, BridgeError, BridgeResource, BridgeStatus, EdgeField, EdgeSchema, FieldError, Group,
        License, MemberOf, Probe, RecordWriter, Status, TaskError, Verdict, assert_distinct_targets,
        assert_thread_safe,
        payload::TaskPayload,
        policy::{Fail, Inferred, Named, Rerun, Undeclared, Verify},
        wire::Kind,
    };
    pub use bridge_derive::tasks;
    pub use bridge_runtime::tasks::{Entry, Listed, TaskHandler, Tasks, assert_distinct, entry, verdict_of_probe};
}
