//! A connector whose types change: a slug that is tried, a release that adds a type and is rolled back. Nothing is registered or
//! pushed before the types fit, and each way leads back. What `plan` says of it is what `sync` does.

use bridge_sandbox::{Assumptions, Sandbox};
use iden_bridge::{
    Exit,
    connector::{Attached, Connector, ConnectorError},
    journal::{Approval, Hold, HoldReason, PlanJournal, SqliteJournal},
    prelude::*,
    sync::Plan,
    wire::{Kind, ResourceType},
};
use serde_json::json;

use crate::{
    company::{Company, Hr, NAME, Stage, go_on},
    sync_held::hold,
};

/// The rooms of a JupyterHub, under the slug that is tried first, and under another one.
macro_rules! room {
    ($name:ident, $slug:literal) => {
        #[derive(BridgeResource)]
        #[bridge(group, slug = $slug)]
        struct $name {
            id: String,
            name: String,
        }

        impl Source<$name> for Hr {
            async fn read(&self, out: &Out<$name>) -> Result<(), SourceError> {
                let teams = self.teams.lock().unwrap().clone();
                for team in teams {
                    out.push($name { id: team.id, name: team.name }).await;
                }
                Ok(())
            }
        }
    };
}

room!(Group, "group");
room!(Squad, "squad");

#[derive(BridgeResource)]
#[bridge(license, slug = "squad")]
struct SquadLicense {
    id: String,
    name: String,
}

impl Source<SquadLicense> for Hr {
    async fn read(&self, out: &Out<SquadLicense>) -> Result<(), SourceError> {
        out.push(SquadLicense { id: "red".into(), name: "Red".into() }).await;
        Ok(())
    }
}

#[derive(BridgeResource)]
#[bridge(account)]
struct User {
    id: u32,
    username: String,
}

impl Source<User> for Hr {
    async fn read(&self, out: &Out<User>) -> Result<(), SourceError> {
        let people: Vec<u32> = self.people.lock().unwrap().keys().copied().collect();
        for id in people {
            out.push(User { id, username: format!("u{id}") }).await;
        }
        Ok(())
    }
}

/// A release of the connector: users, and these types.
macro_rules! release {
    ($stage:expr $(, $more:ty)*) => {{
        let company = $stage.company.clone();
        let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Hr(company)) };
        Connector::builder(NAME, open).resource::<User>()$(.resource::<$more>())*.build().unwrap()
    }};
}

async fn attach(stage: &Stage, connector: Connector<Hr>) -> Attached<Hr> {
    connector.attach(&stage.target(), json!({})).await.unwrap()
}

async fn plan(stage: &Stage, connector: Connector<Hr>) -> Result<Plan, ConnectorError> {
    connector.plan(&stage.target(), json!({}), &go_on()).await
}

async fn completes(connector: &Attached<Hr>) {
    assert!(connector.sync(&go_on()).await.unwrap().completed);
}

/// As the command `approve` does, beside no engine.
async fn approve(stage: &Stage, hash: &str) {
    let folder = std::fs::read_dir(stage.state.path()).unwrap().next().unwrap().unwrap().path();
    let beside = SqliteJournal::beside(folder).unwrap();
    beside.approve(Approval::new(hash, "ada", "it was renamed", jiff::Timestamp::now())).await.unwrap();
}

fn types(stage: &Stage) -> Vec<String> {
    stage.app().types().into_iter().map(|one| one.slug).collect()
}

fn writes(stage: &Stage) -> Vec<String> {
    let requests = stage.sandbox.requests().into_iter().filter(|request| request.method != "GET");
    requests.map(|request| format!("{} {}", request.method, request.path)).collect()
}

async fn stage(keeps: bool) -> Stage {
    let mut assumptions = Assumptions::default();
    assumptions.types_without_a_page_are_emptied = !keeps;
    Stage::on(Sandbox::builder().assumptions(assumptions), 5).await
}

#[tokio::test]
async fn a_slug_that_is_tried_registers_nothing_and_the_old_one_works_again() {
    let stage = Stage::with(5).await;
    completes(&attach(&stage, release!(stage, Group)).await).await;
    stage.sandbox.clear_requests();

    let renamed = attach(&stage, release!(stage, Squad)).await;
    let held = hold(&renamed.sync(&go_on()).await.unwrap_err());
    drop(renamed);
    assert_eq!(held.reasons, [HoldReason::Unread { slug: "group".into(), known: Some(2) }]);
    assert_eq!(writes(&stage), [""; 0], "nothing is registered or pushed");
    assert_eq!(types(&stage), ["user", "group"]);

    completes(&attach(&stage, release!(stage, Group)).await).await;
    assert_eq!((stage.app().active("group"), stage.app().active("user")), (2, 5));
}

#[tokio::test]
async fn a_type_of_an_older_version_that_was_registered_and_never_pushed_to_locks_nothing() {
    let stage = Stage::with(5).await;
    let connector = attach(&stage, release!(stage, Group)).await;
    completes(&connector).await;
    // Older versions registered the new slug before they looked.
    stage.client().register_type(connector.app(), &ResourceType::new("squad", "Squads", Kind::Group)).await.unwrap();
    let beside = SqliteJournal::beside(connector.state()).unwrap();
    iden_bridge::journal::AppJournal::set_registered(&beside, "squad", Kind::Group, "Squads").await.unwrap();

    for _ in 0..2 {
        completes(&connector).await;
    }
    assert_eq!((stage.app().active("group"), stage.app().active("user")), (2, 5));
}

#[tokio::test]
async fn a_renamed_slug_goes_through_with_an_approval_and_back_with_another_one() {
    for keeps in [false, true] {
        let stage = stage(keeps).await;
        completes(&attach(&stage, release!(stage, Group)).await).await;

        let planned = plan(&stage, release!(stage, Squad)).await.unwrap();
        assert_eq!(
            planned.losses.iter().map(|item| (&*item.slug, &*item.id)).collect::<Vec<_>>(),
            [("group", "blue"), ("group", "red")]
        );
        let renamed = attach(&stage, release!(stage, Squad)).await;
        let held = hold(&renamed.sync(&go_on()).await.unwrap_err());
        assert_eq!((&held.hash, &held.reasons), (&planned.hash, &planned.held));
        approve(&stage, &held.hash).await;
        completes(&renamed).await;
        for _ in 0..2 {
            completes(&renamed).await;
        }
        drop(renamed);
        let left = if keeps { 2 } else { 0 };
        assert_eq!((stage.app().active("group"), stage.app().active("squad")), (left, 2), "keeps: {keeps}");

        // The rollback: the slug of before has its records again, and the other one is emptied.
        let planned = plan(&stage, release!(stage, Group)).await.unwrap();
        assert!(planned.is_held());
        approve(&stage, &planned.hash).await;
        let approved = plan(&stage, release!(stage, Group)).await.unwrap();
        assert!(!approved.is_held() && approved.approved.as_ref() == Some(&planned.hash));
        completes(&attach(&stage, release!(stage, Group)).await).await;
        let left = if keeps { 2 } else { 0 };
        assert_eq!((stage.app().active("group"), stage.app().active("squad")), (2, left), "keeps: {keeps}");
    }
}

#[tokio::test]
async fn a_type_that_someone_else_registered_is_held_and_an_approval_removes_its_records() {
    let stage = Stage::with(5).await;
    let connector = attach(&stage, release!(stage, Group)).await;
    completes(&connector).await;
    stage.client().register_type(connector.app(), &ResourceType::new("crew", "Crews", Kind::Group)).await.unwrap();
    stage.app().put_record("crew", &json!({"id": "c1", "name": "C1"}));

    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    assert_eq!(held.reasons, [HoldReason::Unread { slug: "crew".into(), known: None }]);
    stage.app().assert_active("crew", "c1");
    let planned = plan(&stage, release!(stage, Group)).await.unwrap();
    assert_eq!((&held.hash, &held.reasons), (&planned.hash, &planned.held), "the journal knows of it now");
    approve(&stage, &held.hash).await;
    completes(&connector).await;
    stage.app().assert_removed("crew", "c1");
    completes(&connector).await;
}

/// What a sync, and what a plan, would come to.
#[derive(Debug, PartialEq)]
enum Verdict {
    Goes,
    Held(String, Vec<HoldReason>),
    Fails(Exit),
}

impl Verdict {
    fn of_plan(plan: Result<Plan, ConnectorError>) -> Self {
        match plan {
            Ok(plan) if plan.is_held() => Verdict::Held(plan.hash, plan.held),
            Ok(_) => Verdict::Goes,
            Err(error) => Verdict::Fails(Exit::of(&error)),
        }
    }

    async fn of_sync(stage: &Stage, connector: Connector<Hr>) -> Self {
        let synced = async { connector.attach(&stage.target(), json!({})).await?.sync(&go_on()).await };
        match synced.await {
            Ok(_) => Verdict::Goes,
            Err(error) if Exit::of(&error) == Exit::Held => {
                let Hold { hash, reasons, .. } = hold(&error);
                Verdict::Held(hash, reasons)
            }
            Err(error) => Verdict::Fails(Exit::of(&error)),
        }
    }
}

#[tokio::test]
async fn what_a_plan_says_is_what_the_sync_does() {
    type Given = fn(&Stage);
    type Release = fn(&Stage) -> Connector<Hr>;
    let synced_before: &[(&str, Given)] = &[
        ("nothing has changed", |_| {}),
        ("one leaves", |stage| stage.company.lose([1])),
        ("everybody leaves", |stage| stage.company.people.lock().unwrap().clear()),
        ("the source fails", |stage| *stage.company.team_mood.lock().unwrap() = crate::company::Mood::FailsAfter(1)),
        ("the state is lost", |stage| {
            std::fs::remove_dir_all(stage.state.path()).unwrap();
            std::fs::create_dir(stage.state.path()).unwrap();
        }),
        ("the state is lost, and there are two apps", |stage| {
            std::fs::remove_dir_all(stage.state.path()).unwrap();
            std::fs::create_dir(stage.state.path()).unwrap();
            stage.sandbox.create_app(NAME);
        }),
    ];
    for (situation, given) in synced_before {
        let stage = Stage::with(5).await;
        completes(&attach(&stage, crate::company::Stage::connector(&stage)).await).await;
        given(&stage);
        let planned = Verdict::of_plan(plan(&stage, stage.connector()).await);
        let synced = Verdict::of_sync(&stage, stage.connector()).await;
        assert_eq!(planned, synced, "{situation}");
    }
    let renamed: &[(&str, Release)] = &[
        ("a slug is renamed", |stage| release!(stage, Squad)),
        ("a type is left out", |stage| release!(stage)),
        ("a type is added", |stage| release!(stage, Group, Squad)),
        ("a slug is renamed, and one is added", |stage| release!(stage, SquadLicense)),
    ];
    for (situation, release) in renamed {
        let stage = Stage::with(5).await;
        completes(&attach(&stage, release!(stage, Group)).await).await;
        let planned = Verdict::of_plan(plan(&stage, release(&stage)).await);
        let synced = Verdict::of_sync(&stage, release(&stage)).await;
        assert_eq!(planned, synced, "{situation}");
    }
    let stage = Stage::with(5).await;
    completes(&attach(&stage, release!(stage, Squad)).await).await;
    let planned = Verdict::of_plan(plan(&stage, release!(stage, SquadLicense)).await);
    let synced = Verdict::of_sync(&stage, release!(stage, SquadLicense)).await;
    assert_eq!(
        (planned, synced),
        (Verdict::Fails(Exit::Configuration), Verdict::Fails(Exit::Configuration)),
        "another kind"
    );
    let stage = Stage { company: Company::of(3), ..Stage::with(0).await };
    assert_eq!(Verdict::of_plan(plan(&stage, stage.connector()).await), Verdict::Goes, "a fresh app");
    assert_eq!(Verdict::of_sync(&stage, stage.connector()).await, Verdict::Goes, "a fresh app");
}

#[tokio::test]
async fn an_app_that_was_there_before_gets_no_type_before_its_own_were_looked_at() {
    let stage = Stage::with(5).await;
    let app = stage.sandbox.create_app(NAME);
    stage.client().register_type(app.id().into(), &ResourceType::new("crew", "Crews", Kind::Group)).await.unwrap();
    app.put_record("crew", &json!({"id": "c1", "name": "C1"}));

    let connector = attach(&stage, release!(stage, Group)).await;
    assert_eq!(types(&stage), ["crew"]);
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    assert!(held.reasons.contains(&HoldReason::Unread { slug: "crew".into(), known: None }), "{held:?}");
    assert_eq!(types(&stage), ["crew"]);
    approve(&stage, &held.hash).await;
    completes(&connector).await;
    assert_eq!((types(&stage).len(), stage.app().active("crew"), stage.app().active("user")), (3, 0, 5));
}
