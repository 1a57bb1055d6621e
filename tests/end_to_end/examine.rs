//! What `doctor` says of one connector: each failure that it can name, with what to do about it.

use std::{fs, io};

use iden_bridge::{
    Connector, Exit,
    connector::{AppChoice, Finding, Outcome, Target},
    prelude::*,
    tasks,
};
use serde_json::json;

use crate::company::{Employee, Hr, Mood, NAME, Seat, Stage, Team, go_on};

async fn examine(stage: &Stage, target: &Target) -> Vec<Finding> {
    stage.connector().examine(target, Some(&stage.client()), json!({})).await
}

/// The one finding of this check, about this.
#[track_caller]
fn of<'a>(findings: &'a [Finding], check: &str, of: &str) -> &'a Finding {
    let found: Vec<_> = findings.iter().filter(|one| one.check == check && one.of.as_deref() == Some(of)).collect();
    assert_eq!(found.len(), 1, "{check} of {of} in {findings:#?}");
    found[0]
}

#[track_caller]
fn fails(finding: &Finding, exit: Exit, says: &str) {
    assert_eq!((finding.outcome, finding.exit), (Outcome::Failed, exit), "{finding:?}");
    assert!(finding.found.contains(says), "{finding:?}");
    assert!(finding.remedy.as_ref().is_some_and(|remedy| !remedy.is_empty()), "{finding:?}");
}

#[tokio::test]
async fn before_the_first_run_it_says_what_that_will_do_and_does_nothing() {
    let stage = Stage::with(250).await;
    let findings = examine(&stage, &stage.target()).await;
    assert_eq!(of(&findings, "journal", NAME).outcome, Outcome::Warning, "a lost state looks like this");
    let app = of(&findings, "app", NAME);
    assert!(app.outcome == Outcome::Ok && app.found.contains("creates it"), "{app:?}");
    let people = of(&findings, "source", "Acme HR employee");
    assert_eq!((people.outcome, people.found.as_str()), (Outcome::Ok, "the first 100 records can be read"));
    assert_eq!(of(&findings, "source", "Acme HR team").found, "2 records, read to the end");
    assert!(stage.sandbox.apps().is_empty());
    assert!(stage.sandbox.requests().iter().all(|request| request.method == "GET"));
    assert_eq!(fs::read_dir(stage.state.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn beside_a_connector_at_work_all_is_well_and_nothing_is_touched() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    let before = stage.sandbox.requests().len();
    let findings = examine(&stage, &stage.target()).await;
    assert!(findings.iter().all(|one| one.outcome == Outcome::Ok), "{findings:#?}");
    let sent = stage.sandbox.requests().split_off(before);
    assert!(sent.iter().all(|request| request.method == "GET"), "{sent:?}");
}

#[tokio::test]
async fn an_app_that_is_not_there_another_one_or_several_are_named() {
    let stage = Stage::with(5).await;
    let unknown: iden_bridge::wire::AppId = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11".parse().unwrap();
    let named = stage.target().app(AppChoice::Id(unknown));
    fails(of(&examine(&stage, &named).await, "app", NAME), Exit::Configuration, "404");

    stage.attach().await;
    fails(of(&examine(&stage, &named).await, "app", NAME), Exit::Configuration, "belongs to the app");

    // The state is lost, and somebody has made another one.
    let elsewhere = tempfile::tempdir().unwrap();
    let adopted = examine(&stage, &stage.target_in(elsewhere.path())).await;
    let adopted = of(&adopted, "app", NAME);
    assert!(
        adopted.outcome == Outcome::Warning && adopted.remedy.as_ref().unwrap().contains("approval"),
        "{adopted:?}"
    );
    stage.client().create_app(&iden_bridge::wire::NewApp::new(NAME)).await.unwrap();
    let several = examine(&stage, &stage.target_in(elsewhere.path())).await;
    fails(of(&several, "app", NAME), Exit::Configuration, "several apps");
}

#[tokio::test]
async fn a_type_that_nobody_reads_any_more_is_named() {
    let stage = Stage::with(5).await;
    stage.attach().await.sync(&go_on()).await.unwrap();
    let company = stage.company.clone();
    let open = move |_: NoSettings| async move { Ok::<_, io::Error>(Hr(company)) };
    let renamed = Connector::builder(NAME, open).resource::<Team>().build().unwrap();
    let findings = renamed.examine(&stage.target(), Some(&stage.client()), json!({})).await;
    fails(of(&findings, "types", NAME), Exit::Held, "`employee`");
}

#[tokio::test]
async fn a_source_that_fails_panics_or_has_rows_that_cannot_be_mapped_is_named_by_its_type() {
    let stage = Stage::with(5).await;
    for (mood, says) in [(Mood::FailsAfter(2), "the database went away"), (Mood::PanicsAfter(2), "panicked")] {
        *stage.company.mood.lock().unwrap() = mood;
        let findings = examine(&stage, &stage.target()).await;
        fails(of(&findings, "source", "Acme HR employee"), Exit::Unavailable, says);
        assert_eq!(of(&findings, "source", "Acme HR team").outcome, Outcome::Ok);
    }
    *stage.company.mood.lock().unwrap() = Mood::Well;
    stage.company.unreadable.lock().unwrap().push(3);
    let findings = examine(&stage, &stage.target()).await;
    let people = of(&findings, "source", "Acme HR employee");
    assert!(people.outcome == Outcome::Warning && people.found.contains("gone?"), "{people:?}");
}

/// A typing error in `protected` protects nobody.
#[tokio::test]
async fn a_protected_id_that_no_record_has_is_a_warning() {
    let stage = Stage::with(5).await;
    let protected = |ids: [&str; 2]| {
        let (company, ids) = (stage.company.clone(), ids.map(str::to_owned));
        let open = move |_: NoSettings| async move { Ok::<_, io::Error>(Hr(company)) };
        let builder = Connector::builder(NAME, open).resource::<Team>().resource::<Seat>().resource::<Employee>();
        builder.limits::<Employee>(|usual| usual.protected(ids)).build().unwrap()
    };
    let findings = async |ids| {
        let findings = protected(ids).examine(&stage.target(), Some(&stage.client()), json!({})).await;
        findings.into_iter().filter(|one| one.check == "protected").collect::<Vec<_>>()
    };
    assert!(findings(["3", "33"]).await.is_empty(), "nothing was synced yet");
    stage.attach().await.sync(&go_on()).await.unwrap();
    let unknown = findings(["3", "33"]).await;
    let [unknown] = unknown.as_slice() else { panic!("one is expected: {unknown:?}") };
    assert_eq!((unknown.outcome, unknown.of.as_deref()), (Outcome::Warning, Some("Acme HR employee")));
    assert_eq!(unknown.found, "no record has the protected id 33");
    assert!(findings(["3", "4"]).await.is_empty());
}

#[tokio::test]
async fn a_source_of_which_no_record_can_be_read_fails() {
    let stage = Stage::with(5).await;
    stage.company.unreadable.lock().unwrap().extend(1..=5);
    let findings = examine(&stage, &stage.target()).await;
    fails(of(&findings, "source", "Acme HR employee"), Exit::Data, "none of the first records can be read");
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Guest {
    id: u32,
    username: String,
}

impl Source<Guest> for Hr {
    async fn read(&self, out: &Out<Guest>) -> Result<(), SourceError> {
        for id in 1..=3 {
            out.push(Guest { id, username: format!("g{id}") }).await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn accounts_without_an_e_mail_address_are_counted() {
    let stage = Stage::with(5).await;
    let connector = stage.builder().resource::<Guest>().build().unwrap();
    let findings = connector.examine(&stage.target(), Some(&stage.client()), json!({})).await;
    let guests = of(&findings, "email", "Acme HR guest");
    assert_eq!(guests.outcome, Outcome::Warning);
    assert!(guests.found.contains("3 of the first 3 accounts have no e-mail address"), "{guests:?}");
    assert!(!findings.iter().any(|one| one.check == "email" && one.of.as_deref() == Some("Acme HR employee")));
}

#[bridge_task]
async fn unsuspend(_: TaskContext<Hr>, _: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

#[bridge_task]
async fn suspend(_: TaskContext<Hr>, _: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

#[tokio::test]
async fn a_connector_whose_handlers_cannot_off_board_anyone_is_warned_of() {
    let stage = Stage::with(5).await;
    let warned =
        |findings: &[Finding]| findings.iter().any(|one| one.check == "handlers" && one.found.contains("`employee`"));
    let only_back = stage.connector_with(tasks![unsuspend]);
    assert!(warned(&only_back.examine(&stage.target(), Some(&stage.client()), json!({})).await));
    let both = stage.connector_with(tasks![unsuspend, suspend]);
    assert!(!warned(&both.examine(&stage.target(), Some(&stage.client()), json!({})).await));
    assert!(!warned(&examine(&stage, &stage.target()).await), "without tasks there is nothing to do");
}

#[tokio::test]
async fn a_source_that_hangs_is_given_up() {
    let stage = Stage::with(5).await;
    *stage.company.mood.lock().unwrap() = Mood::HangsAfter(2);
    let findings = examine(&stage, &stage.target()).await;
    fails(of(&findings, "source", "Acme HR employee"), Exit::Unavailable, "after 2 records: it took more than 30 s");
}

#[tokio::test]
async fn a_system_that_cannot_be_opened_and_settings_that_do_not_fit_are_told_apart() {
    let stage = Stage::with(5).await;
    let open = |_: NoSettings| async { Err::<Hr, _>(io::Error::other("the password is wrong")) };
    let connector = || Connector::builder(NAME, open).resource::<Team>().build().unwrap();
    let findings = connector().examine(&stage.target(), None, json!({})).await;
    fails(of(&findings, "source", NAME), Exit::Unavailable, "the password is wrong");
    let findings = connector().examine(&stage.target(), None, json!({"sevrer": 1})).await;
    fails(of(&findings, "source", NAME), Exit::Configuration, "do not fit");
    assert_eq!(of(&findings, "app", NAME).outcome, Outcome::Skipped, "without Iden");
}

#[tokio::test]
async fn a_journal_that_is_damaged_is_named_and_left_alone() {
    let stage = Stage::with(5).await;
    let file = {
        let connector = stage.attach().await;
        connector.state().join("journal.db")
    };
    fs::write(&file, "no database, and longer than its header is: ".repeat(100)).unwrap();
    let findings = examine(&stage, &stage.target()).await;
    fails(of(&findings, "journal", NAME), Exit::Journal, "journal.db");
    assert_eq!(of(&findings, "source", "Acme HR employee").outcome, Outcome::Ok, "the rest is looked at");
    assert!(fs::read_to_string(&file).unwrap().starts_with("no database"));
}
