//! A journal that outlives the process: what was committed stays, what a scan has seen is gone. It can fail, and the
//! process can die before and after each entry.

use std::{collections::HashSet, future::Future, ops::Range, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use iden_bridge::{
    journal::{
        Activity, AppJournal, Approval, ApprovalError, Change, Command, ControlJournal, Ended, Hold, HoldReason,
        Journal, JournalError, Judgement, KnownApp, KnownTask, KnownType, LinksLost, LoginKey, Losses, MembersLost,
        OpenSession, Ordered, PlanItem, PlanJournal, PollFailure, Retry, ScanEnd, ScanJournal, ScanMode, Seen,
        SeenTask, SessionJournal, SqliteJournal, Status, TaskEffect, TaskEnd, TaskJournal, TaskState, TaskStep,
        Touched, UnreadType,
    },
    wire::{Kind, TaskId},
};
use jiff::{SignedDuration, Timestamp};

use crate::{faults::Fault, stage::Stage};

pub struct ProcessJournal {
    stage: Arc<Stage>,
    disk: Arc<SqliteJournal>,
}

impl ProcessJournal {
    pub fn new(stage: Arc<Stage>, disk: Arc<SqliteJournal>) -> Self {
        ProcessJournal { stage, disk }
    }

    /// Looks something up.
    async fn look<T>(
        &self,
        what: &'static str,
        does: impl Future<Output = Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        let done = does.await;
        self.took(what).await;
        done
    }

    /// Writes an entry.
    async fn write<T>(
        &self,
        what: &'static str,
        does: impl Future<Output = Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        self.stage.point(what).await;
        let fails = self.stage.enter().strikes(Fault::JournalError);
        // An entry whose commit failed may be there all the same.
        let is_there = !fails || self.stage.enter().net_dice.chance(0.3);
        let done = if is_there { does.await } else { Err(failed()) };
        if fails {
            // A step that fails ends the scan.
            self.disk.forget_scan();
            return Err(failed());
        }
        self.stage.point(what).await;
        self.took(what).await;
        done
    }

    async fn took(&self, what: &'static str) {
        let waits = {
            let mut guard = self.stage.enter();
            let state = &mut *guard;
            state.trace.note(state.now, "journal", what.as_bytes());
            self.stage.plan.journal_takes_time && state.net_dice.chance(0.2)
        };
        if waits {
            tokio::task::yield_now().await;
        }
    }
}

fn failed() -> JournalError {
    let (path, what) = (PathBuf::from("journal.db"), "written");
    JournalError::Io { path, what, source: std::io::Error::other("no space left") }
}

impl std::fmt::Debug for ProcessJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProcessJournal")
    }
}

impl Journal for ProcessJournal {}

macro_rules! entries {
    ($($part:ident { $($how:ident $name:ident($($arg:ident: $of:ty),*) -> $answer:ty;)* })*) => { $(
        #[async_trait]
        impl $part for ProcessJournal {
            $(async fn $name(&self, $($arg: $of),*) -> Result<$answer, JournalError> {
                self.$how(stringify!($name), self.disk.$name($($arg),*)).await
            })*
        }
    )* };
}

entries! {
    AppJournal {
        look app() -> Option<KnownApp>;
        write set_app(app: KnownApp) -> ();
        look types() -> Vec<KnownType>;
        look unread_types(read: &[&'static str]) -> Vec<UnreadType>;
        write note_type(slug: &str, kind: &str, foreign: bool) -> ();
        write set_registered(slug: &str, kind: Kind, name: &str) -> ();
        look unknown(slug: &str, ids: &[String]) -> Vec<String>;
        look completed_at() -> Option<Timestamp>;
    }
    SessionJournal {
        look session() -> Option<OpenSession>;
        write set_session(session: Option<OpenSession>) -> ();
        write begin_completing(session: OpenSession) -> ();
        write settle_completed(at: Timestamp) -> ();
    }
    ScanJournal {
        write begin_scan(mode: ScanMode) -> ();
        write see(slug: &str, kind: Kind, records: Vec<Seen>) -> Vec<Judgement>;
        look unseen(slug: &str, ids: Vec<String>) -> Vec<String>;
        write set_unreadable(slug: &str, ids: Vec<String>) -> ();
        write reject(slug: &str, id: &str, surely_not_applied: bool) -> ();
        look missing(slug: &str, after: Option<String>, limit: usize) -> Vec<String>;
        write set_absent(slug: &str, ids: Vec<String>) -> ();
        write set_absent_at(slug: &str, ids: Vec<String>, at: Duration) -> ();
        look stale(slug: &str, before: Duration, after: Option<String>, limit: usize) -> Vec<String>;
        write forget_absent(slug: &str) -> ();
        write set_read_again(slug: &str, ids: Vec<String>, last_touch: i64) -> ();
        write release(slug: &str, held: Vec<(String, u64)>, now: Timestamp) -> Vec<bool>;
        look losses(slug: &str, protected: &[String], now: Timestamp) -> Losses;
        look links_lost(slug: &str, now: Timestamp) -> Vec<LinksLost>;
        look members_lost(slug: &str, protected: &[String]) -> Vec<MembersLost>;
        write follow_clock(step: SignedDuration, now: Timestamp) -> ();
        look changes(slug: &str, change: Change, limit: usize) -> Vec<String>;
        look ended(limit: usize) -> Ended;
        write end_scan(end: ScanEnd, at: Timestamp) -> ();
    }
    TaskJournal {
        write see_tasks(tasks: Vec<SeenTask>, at: Timestamp) -> ();
        look tasks(ids: Vec<TaskId>) -> Vec<KnownTask>;
        look listed_tasks(after: Option<SeenTask>, limit: usize) -> Vec<KnownTask>;
        look logins(accounts: Vec<Touched>) -> Vec<[Option<LoginKey>; 2]>;
        look open_tasks() -> Vec<KnownTask>;
        look unclear_creation(within: Range<Timestamp>) -> Option<TaskId>;
        write start_task(task: &SeenTask, at: Timestamp) -> u32;
        write end_task(task: &SeenTask, end: &TaskEnd, effect: TaskEffect, at: Timestamp) -> ();
        write move_task(id: TaskId, to: TaskState, note: &str, at: Timestamp) -> ();
        look task_steps(id: TaskId) -> Vec<TaskStep>;
        write retry_task(id: TaskId, retry: Retry, at: Timestamp) -> Option<TaskState>;
        write forget_tasks(but: HashSet<TaskId>, before: Timestamp, at_least: u32) -> ();
        look overtaken_by(task: &SeenTask) -> Option<TaskId>;
        look is_ordered(loss: &Ordered) -> bool;
        look is_awaited(account: &Touched) -> bool;
        look at_work() -> Vec<Touched>;
        look touched() -> Vec<Touched>;
        look last_touch() -> i64;
    }
}

#[async_trait]
impl PlanJournal for ProcessJournal {
    async fn set_plan(&self, reasons: &[HoldReason], now: Timestamp) -> Result<String, JournalError> {
        self.write("set_plan", self.disk.set_plan(reasons, now)).await
    }

    async fn plan_items(&self, hash: &str, limit: usize) -> Result<Vec<PlanItem>, JournalError> {
        self.look("plan_items", self.disk.plan_items(hash, limit)).await
    }

    async fn held(&self) -> Result<Option<Hold>, JournalError> {
        self.look("held", self.disk.held()).await
    }

    async fn set_held(&self, hold: Option<&Hold>) -> Result<(), JournalError> {
        self.write("set_held", self.disk.set_held(hold)).await
    }

    async fn approve(&self, approval: Approval) -> Result<Hold, ApprovalError> {
        self.disk.approve(approval).await
    }

    async fn covering_approval(&self, reasons: &[HoldReason], now: Timestamp) -> Result<Option<String>, JournalError> {
        self.look("covering_approval", self.disk.covering_approval(reasons, now)).await
    }

    async fn approvals(&self) -> Result<Vec<Approval>, JournalError> {
        self.look("approvals", self.disk.approvals()).await
    }
}

#[async_trait]
impl ControlJournal for ProcessJournal {
    async fn ask(&self, command: Command, at: Timestamp) -> Result<(), JournalError> {
        self.disk.ask(command, at).await
    }

    // What the operator has asked for. Not from the disk: it is called every second.
    async fn take_commands(&self) -> Result<Vec<Command>, JournalError> {
        Ok(std::mem::take(&mut self.stage.look().asked))
    }

    /// What people read. It is not part of what has to survive.
    async fn set_status(&self, status: &Status) -> Result<(), JournalError> {
        let what = match status.activity {
            Activity::Opening => "opening",
            Activity::Held { .. } => "held",
            Activity::Failed { .. } => "failed",
            Activity::Completing => "completing",
            _ => "status",
        };
        self.took(what).await;
        Ok(())
    }

    async fn status(&self) -> Result<Option<Status>, JournalError> {
        Ok(None)
    }

    /// For people, as the status.
    async fn polled(&self, _: Option<String>, _: Timestamp) -> Result<(), JournalError> {
        Ok(())
    }

    async fn poll_failure(&self) -> Result<Option<PollFailure>, JournalError> {
        Ok(None)
    }
}
