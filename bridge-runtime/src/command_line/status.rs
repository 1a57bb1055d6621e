//! What a connector is doing, read from its journal.

use std::{fmt, path::PathBuf};

use bridge_core::wire::{AppId, text::printable};
use jiff::Timestamp;
use serde::Serialize;

use super::ink::Ink;
use crate::{
    clock::{Clock, SystemClock},
    connector::ConnectorError,
    journal::{
        Activity, AppJournal, Approval, ControlJournal, Hold, KnownTask, PlanJournal, PollFailure, SqliteJournal,
        Status, TaskJournal, TaskState,
    },
    tasks::MOST_OVERDUE,
};

/// What `status` prints of one app.
#[derive(Debug, Serialize)]
pub(super) struct AppStatus {
    name: String,
    app: Option<AppId>,
    state: PathBuf,
    /// Whether an engine holds the lock at this moment.
    running: bool,
    /// What it said last.
    said: Option<Status>,
    completed_at: Option<Timestamp>,
    /// How many records Iden may hold, by type.
    known: Vec<(String, u64)>,
    held: Option<Hold>,
    /// Protected ids that no record has, by type.
    protected_unknown: Vec<(String, Vec<String>)>,
    /// The approval that waits for its plan.
    approved: Option<Approval>,
    tasks: TaskCounts,
    /// Since when polls for tasks have failed, if they do.
    polling: Option<PollFailure>,
}

/// How many tasks are begun and not over, by how far they have come.
#[derive(Debug, Serialize)]
struct TaskCounts {
    /// How many handlers there are. Without any, it does not look for tasks.
    handlers: usize,
    started: usize,
    interrupted: usize,
    parked: usize,
    executed: usize,
}

impl TaskCounts {
    fn of(open: &[KnownTask], handlers: usize) -> Self {
        let count = |state: TaskState| open.iter().filter(|task| task.state == state).count();
        TaskCounts {
            handlers,
            started: count(TaskState::Started),
            interrupted: count(TaskState::Interrupted),
            parked: count(TaskState::Parked),
            executed: count(TaskState::Executed),
        }
    }

    /// In words. What was begun is at work only while a connector runs.
    fn words(&self, running: bool) -> String {
        let (at_work, cut_off) = if running { (self.started, 0) } else { (0, self.started) };
        let counts = [
            (at_work, "being carried out"),
            (cut_off + self.interrupted, "cut off and to be settled"),
            (self.parked, "parked (see `tasks list`)"),
            (self.executed, "not reported yet"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let mut counts = counts.collect::<Vec<_>>().join(", ");
        // While it runs, one that was cut off is settled at once, unless its thread still works.
        if running && self.interrupted >= MOST_OVERDUE {
            counts +=
                "; stuck: their handlers still work on threads, and no other one is called before some of them end";
        }
        match (counts.is_empty(), self.handlers) {
            (true, 0) => "none: it has no handlers and does not poll".to_owned(),
            (true, _) => "none under way".to_owned(),
            (false, 0) => format!("{counts}; it has no handlers any more and does not poll"),
            (false, _) => counts,
        }
    }
}

impl AppStatus {
    /// `handlers`: how many the connector has. `protected`: its protected ids, by type.
    pub(super) async fn read(
        name: &str,
        state: PathBuf,
        handlers: usize,
        protected: &[(&'static str, Vec<String>)],
    ) -> Result<Self, ConnectorError> {
        let running = SqliteJournal::is_locked(&state)?;
        let journal = SqliteJournal::beside(state.clone())?;
        let now = SystemClock::new().wall();
        let mut protected_unknown = Vec::new();
        for (slug, ids) in protected {
            let unknown = journal.unknown(slug, ids).await?;
            if !unknown.is_empty() {
                protected_unknown.push(((*slug).to_owned(), unknown));
            }
        }
        Ok(AppStatus {
            protected_unknown,
            name: name.to_owned(),
            app: journal.app().await?.map(|app| app.id),
            state,
            running,
            said: journal.status().await?,
            completed_at: journal.completed_at().await?,
            known: journal.types().await?.into_iter().map(|one| (one.slug, one.known)).collect(),
            held: journal.held().await?,
            approved: journal.approvals().await?.into_iter().find(|approval| approval.is_good_at(now)),
            tasks: TaskCounts::of(&journal.open_tasks().await?, handlers),
            polling: journal.poll_failure().await?,
        })
    }

    fn doing(&self) -> String {
        let Some(said) = &self.said else {
            return if self.running { "starting".to_owned() } else { "it has not run yet".to_owned() };
        };
        if said.activity == Activity::Stopped {
            let failed = said.failed.as_ref().map(|why| format!("; the last sync failed: {}", printable(why, 500)));
            return format!("stopped at {:.0}{}", said.at, failed.unwrap_or_default());
        }
        let doing = doing(&said.activity);
        // The source gives nothing: it may hang.
        let doing = match said.silent_since.filter(|_| self.running) {
            Some(since) => format!("stuck: {doing}, and the source has given nothing since {since:.0}"),
            None => doing,
        };
        if self.running {
            format!("{doing} (since {:.0}, process {})", said.at, said.pid)
        } else {
            format!("not running; at {:.0} it was {doing}", said.at)
        }
    }
}

/// An activity in words.
pub(super) fn doing(activity: &Activity) -> String {
    match activity {
        Activity::Opening => "opening a session".to_owned(),
        Activity::Reading { slug, records } => format!("reading `{slug}`, {records} records so far"),
        Activity::Verifying { slug, checked } => {
            format!("verifying those missing from `{slug}`, {checked} looked up so far")
        }
        Activity::Completing => "completing the session; tasks wait".to_owned(),
        Activity::Settling => "waiting for Iden to clean up".to_owned(),
        Activity::Waiting { until } => format!("waiting until {until:.0}"),
        Activity::Held { hash, until } => format!("held, plan {hash}; the next sync is due at {until:.0}"),
        Activity::Failed { why, until } => {
            format!("the last sync failed: {}; the next one is due at {until:.0}", printable(why, 500))
        }
        Activity::TasksOnly => "carrying out tasks; it does not sync".to_owned(),
        Activity::Stopped => "stopped".to_owned(),
    }
}

/// Whether nothing of a sync is under way.
pub(super) fn settled(activity: &Activity) -> bool {
    match activity {
        Activity::Waiting { .. } | Activity::Held { .. } | Activity::Failed { .. } => true,
        Activity::TasksOnly | Activity::Stopped => true,
        Activity::Opening | Activity::Reading { .. } | Activity::Verifying { .. } => false,
        Activity::Completing | Activity::Settling => false,
    }
}

impl fmt::Display for AppStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let app = self.app.map_or_else(|| "none yet".to_owned(), |app| app.to_string());
        let completed = self.completed_at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}"));
        let known: Vec<_> = self.known.iter().map(|(slug, count)| format!("{slug} {count}")).collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        writeln!(f, "{}", self.name)?;
        writeln!(f, "  doing           {}", self.doing())?;
        writeln!(f, "  last completed  {completed}")?;
        writeln!(f, "  Iden may hold   {known}")?;
        if let Some(hold) = &self.held {
            writeln!(f, "  {}            {hold}", Ink::Warning.on("held"))?;
            writeln!(f, "                  {}", hold.remedy())?;
        }
        for (slug, ids) in &self.protected_unknown {
            writeln!(
                f,
                "  {}       no `{slug}` record has the protected id {}",
                Ink::Warning.on("protected"),
                ids.join(", ")
            )?;
        }
        if let Some(approval) = &self.approved {
            writeln!(f, "  approved        {approval}")?;
        }
        writeln!(f, "  tasks           {}", self.tasks.words(self.running))?;
        if let Some(PollFailure { since, at, why }) = &self.polling {
            let failing = Ink::Warning.on("failing");
            writeln!(
                f,
                "  polling         {failing} since {since:.0}, so no new task is found; last attempt at {at:.0}:"
            )?;
            writeln!(f, "                  {}", printable(why, 500))?;
        }
        writeln!(f, "  app             {app}")?;
        writeln!(f, "  state           {}", self.state.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_counted_in_words() {
        let none = TaskCounts { handlers: 2, started: 0, interrupted: 0, parked: 0, executed: 0 };
        assert_eq!(none.words(true), "none under way");
        let some = TaskCounts { handlers: 2, started: 2, interrupted: 0, parked: 1, executed: 3 };
        assert_eq!(some.words(true), "2 being carried out, 1 parked (see `tasks list`), 3 not reported yet");
        // Nobody is at work on them.
        assert!(some.words(false).starts_with("2 cut off and to be settled, 1 parked"));
    }

    #[test]
    fn sixteen_handlers_that_do_not_end_are_called_stuck() {
        let counts = |interrupted| TaskCounts { handlers: 2, started: 0, interrupted, parked: 0, executed: 0 };
        assert!(counts(16).words(true).starts_with("16 cut off and to be settled; stuck: their handlers still work"));
        assert_eq!(counts(15).words(true), "15 cut off and to be settled");
        assert_eq!(counts(16).words(false), "16 cut off and to be settled", "no thread survives its process");
    }

    #[test]
    fn a_connector_without_handlers_does_not_poll_and_says_so() {
        let none = TaskCounts { handlers: 0, started: 0, interrupted: 0, parked: 0, executed: 0 };
        assert_eq!(none.words(true), "none: it has no handlers and does not poll");
        let left = TaskCounts { parked: 1, ..none };
        assert_eq!(left.words(true), "1 parked (see `tasks list`); it has no handlers any more and does not poll");
    }
}
