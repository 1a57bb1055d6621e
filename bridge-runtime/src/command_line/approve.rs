//! `approve`: a person's word that exactly what a plan lists may be removed.

use serde::Serialize;

use super::{ink::Ink, print, settings::Settings};
use crate::{
    clock::{Clock, SystemClock},
    connector::{ConnectorError, Exit, Fleet},
    journal::{Approval, ApprovalError, Hold, PlanJournal, SqliteJournal},
};

/// What `approve --json` prints.
#[derive(Serialize)]
struct Approved<'a> {
    app: &'a str,
    approval: &'a Approval,
    /// What it lets through; without reasons, nothing in the plan needs it.
    lets_through: &'a Hold,
}

pub(super) async fn run(
    fleet: &Fleet,
    settings: &Settings,
    hash: &str,
    reason: &str,
    json: bool,
) -> Result<Exit, ConnectorError> {
    let who = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let approval = Approval::new(hash, who.unwrap_or_else(|| "unknown".to_owned()), reason, SystemClock::new().wall());
    for name in fleet.members().iter().map(|member| member.name()) {
        let hold = match SqliteJournal::beside(settings.folder(name)?)?.approve(approval.clone()).await {
            Ok(hold) => hold,
            // It may be a plan of another app.
            Err(ApprovalError::Unknown { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        if json {
            print::json(&Approved { app: name, approval: &approval, lets_through: &hold })?;
        } else if hold.reasons.is_empty() {
            print::out(&format!("{name}: approved, although nothing in this plan needs it\n"))?;
        } else {
            print::out(&format!("{name}: {} for 24 hours, once: {hold}\n", Ink::Good.on("approved")))?;
        }
        return Ok(Exit::Done);
    }
    Err(ApprovalError::Unknown { hash: hash.to_owned() }.into())
}
