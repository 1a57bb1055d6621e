//! What a connector is doing, read from its journal.

use std::{fmt, path::PathBuf};

use bridge_core::wire::{AppId, text::printable};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    clock::{Clock, SystemClock},
    connector::ConnectorError,
    journal::{Activity, AppJournal, Approval, ControlJournal, Hold, PlanJournal, SqliteJournal, Status, TaskJournal},
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
    /// The approval that waits for its plan.
    approved: Option<Approval>,
    tasks_under_way: usize,
}

impl AppStatus {
    pub(super) async fn read(name: &str, state: PathBuf) -> Result<Self, ConnectorError> {
        let running = SqliteJournal::is_locked(&state);
        let journal = SqliteJournal::beside(state.clone())?;
        let now = SystemClock::new().wall();
        Ok(AppStatus {
            name: name.to_owned(),
            app: journal.app().await?.map(|app| app.id),
            state,
            running,
            said: journal.status().await?,
            completed_at: journal.completed_at().await?,
            known: journal.types().await?.into_iter().map(|one| (one.slug, one.known)).collect(),
            held: journal.held().await?,
            approved: journal.approvals().await?.into_iter().find(|approval| approval.is_good_at(now)),
            tasks_under_way: journal.open_tasks().await?.len(),
        })
    }

    fn doing(&self) -> String {
        let Some(said) = &self.said else {
            return if self.running { "starting".to_owned() } else { "it has not run yet".to_owned() };
        };
        let doing = match &said.activity {
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
            Activity::Stopped => return format!("stopped at {:.0}", said.at),
        };
        if self.running {
            format!("{doing} (since {:.0}, process {})", said.at, said.pid)
        } else {
            format!("not running; at {:.0} it was {doing}", said.at)
        }
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
            writeln!(f, "  held            {hold}")?;
            writeln!(f, "                  {}", hold.remedy())?;
        }
        if let Some(approval) = &self.approved {
            writeln!(f, "  approved        {approval}")?;
        }
        if self.tasks_under_way > 0 {
            writeln!(f, "  tasks           {} begun and not settled", self.tasks_under_way)?;
        }
        writeln!(f, "  app             {app}")?;
        writeln!(f, "  state           {}", self.state.display())
    }
}
