//! What the journal promises, by what it is about.

use std::path::Path;

use bridge_core::{
    Status,
    wire::{Kind, TaskId, TaskReport},
};
use jiff::Timestamp;

use super::SqliteJournal;
use crate::journal::{
    AppJournal, Change, EdgeKey, Judgement, KnownApp, LoginKey, LossKind, Losses, Ordered, Origin, ScanEnd,
    ScanJournal, ScanMode, Seen, SeenTask, TaskEffect, TaskEnd, TaskJournal, TaskState, Touched, folded_key,
};

mod app;
mod approval;
mod awaited;
mod canary;
mod completion;
mod control;
#[cfg(unix)]
mod disk;
mod dry;
mod files;
mod forget_tasks;
mod last_day;
mod links;
mod logins;
mod migration;
mod missing;
mod ordered;
mod overtaken;
#[cfg(unix)]
mod ownership;
mod plan;
mod reduction;
mod retry;
mod see;
mod session;
mod spared;
mod spelling;
mod steps;
mod tasks;
mod touched;
mod unclear;

const APP: &str = "6f4b0d4e-4b3f-4b6e-9a57-1d3f2c1b0a99";
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

const REDUCED: ScanEnd = ScanEnd::Reduced;
const COMPLETED: ScanEnd = ScanEnd::Completed { settled: true };

fn app() -> KnownApp {
    KnownApp { id: APP.parse().unwrap(), origin: Origin::Created }
}

fn open(directory: &tempfile::TempDir) -> SqliteJournal {
    SqliteJournal::open(directory.path().join("app")).unwrap()
}

fn beside(directory: &tempfile::TempDir) -> SqliteJournal {
    SqliteJournal::beside(directory.path().join("app")).unwrap()
}

/// An employee who is active, says nothing, and has the fingerprint 1.
fn employee(id: &str) -> Seen {
    Seen {
        id: id.to_owned(),
        status: None,
        edges: Vec::new(),
        fingerprint: 1,
        logins: [None; 2],
        folded: folded_key(id),
    }
}

fn member(id: &str, teams: &[&str]) -> Seen {
    Seen { edges: teams.iter().map(|team| EdgeKey::of("team", team)).collect(), ..employee(id) }
}

fn with_status(status: Status, seen: Seen) -> Seen {
    Seen { status: Some(status), ..seen }
}

async fn see_teams(journal: &SqliteJournal, ids: &[&str]) -> Vec<Judgement> {
    let teams = ids.iter().map(|id| employee(id)).collect();
    journal.see("team", Kind::Group, teams).await.unwrap()
}

async fn see(journal: &SqliteJournal, employees: Vec<Seen>) -> Vec<Judgement> {
    journal.see("employee", Kind::Account, employees).await.unwrap()
}

async fn see_one(journal: &SqliteJournal, employee: Seen) -> Judgement {
    see(journal, vec![employee]).await.remove(0)
}

/// A scan that was completed and held these.
async fn completed(journal: &SqliteJournal, teams: &[&str], employees: Vec<Seen>) {
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(journal, teams).await;
    see(journal, employees).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
}

/// A journal in memory where such a scan was completed, and the next one has begun and seen the teams.
async fn next_scan(teams: &[&str], employees: Vec<Seen>, teams_now: &[&str]) -> SqliteJournal {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, teams, employees).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, teams_now).await;
    journal
}

async fn losses(journal: &SqliteJournal) -> Losses {
    journal.losses("employee", &[], NOW).await.unwrap()
}

/// Every id of the known set, by a scan that sees nothing.
async fn known(journal: &SqliteJournal, slug: &str) -> Vec<String> {
    journal.begin_scan(ScanMode::Dry).await.unwrap();
    let known = journal.missing(slug, None, usize::MAX).await.unwrap();
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    known
}

/// What the next scan would say of this employee.
async fn change_of(journal: &SqliteJournal, teams: &[&str], employee: Seen) -> Change {
    journal.begin_scan(ScanMode::Dry).await.unwrap();
    see_teams(journal, teams).await;
    let judged = see_one(journal, employee).await;
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    judged.change
}

/// All bytes of all files of a directory.
fn bytes_of(directory: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|file| std::fs::read(file).unwrap()).collect()
}

async fn set_app(journal: &SqliteJournal) {
    journal.set_app(app()).await.unwrap();
}

fn task_id(number: u8) -> TaskId {
    format!("00000000-0000-4000-8000-0000000000{number:02}").parse().unwrap()
}

/// A task that updates this employee, or is not about one yet.
fn task(number: u8, account: Option<&str>) -> SeenTask {
    SeenTask {
        id: task_id(number),
        action: "update_account".to_owned(),
        slug: "employee".to_owned(),
        account: account.map(str::to_owned),
        logins: [None; 2],
        changed: [None; 2],
        due: None,
        created: None,
    }
}

fn done() -> TaskEnd {
    TaskEnd { report: TaskReport::completed(None), secret: false }
}

/// The employee of this id, as tasks touch it.
fn account(id: &str) -> Touched {
    Touched { slug: "employee".to_owned(), id: id.to_owned() }
}

async fn start(journal: &SqliteJournal, task: &SeenTask) -> u32 {
    journal.start_task(task, NOW).await.unwrap()
}

async fn end(journal: &SqliteJournal, task: &SeenTask, effect: TaskEffect) {
    journal.end_task(task, &done(), effect, NOW).await.unwrap();
}

async fn move_to(journal: &SqliteJournal, task: &SeenTask, state: TaskState) {
    journal.move_task(task.id, state, "", NOW).await.unwrap();
}

/// Ends a task, and Iden is told.
async fn settle(journal: &SqliteJournal, task: &SeenTask, effect: TaskEffect) {
    end(journal, task, effect).await;
    move_to(journal, task, TaskState::Reported).await;
}

async fn state(journal: &SqliteJournal, task: &SeenTask) -> Option<TaskState> {
    journal.tasks(vec![task.id]).await.unwrap().first().map(|task| task.state)
}

/// A task that is over and reported has ordered these losses.
async fn ordered_by_a_task(journal: &SqliteJournal, ordered: Vec<Ordered>) {
    settle(journal, &task(99, None), TaskEffect { ordered, ..TaskEffect::default() }).await;
}

/// A task that changed this account and ordered nothing.
fn touching(touched: Option<Touched>) -> TaskEffect {
    TaskEffect { touched, ..TaskEffect::default() }
}
