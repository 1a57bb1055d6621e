//! Which app a connector works on, and what it registers there.

use bridge_sandbox::Fault;
use iden_bridge::{
    Exit,
    connector::{AppChoice, Connector, ConnectorError},
    prelude::*,
};
use serde_json::json;

use crate::company::{Company, Employee, Hr, NAME, Seat, Stage, Team, go_on};

fn posts_to_apps(stage: &Stage) -> usize {
    let requests = stage.sandbox.requests();
    requests.iter().filter(|request| request.method == "POST" && request.path.ends_with("/bridge/apps/")).count()
}

#[tokio::test]
async fn an_app_is_created_once_and_known_by_the_state_from_then_on() {
    let stage = Stage::with(1).await;
    let first = stage.attach().await.app();
    let again = stage.attach().await.app();
    assert_eq!(first, again);
    assert_eq!(posts_to_apps(&stage), 1);
    let types: Vec<String> =
        stage.app().types().iter().map(|one| format!("{}: {} ({})", one.slug, one.name, one.kind)).collect();
    assert_eq!(types, ["employee: Employees (account)", "team: Team (group)", "seat: Seats (license)"]);
}

#[tokio::test]
async fn an_app_can_be_named_by_its_id() {
    let stage = Stage::with(1).await;
    let there = stage.sandbox.create_app("some name");
    let target = stage.target().app(AppChoice::Id(there.id().into()));
    let connector = stage.try_attach(target).await.unwrap();
    assert_eq!(connector.app().to_string(), there.id().to_string());
    assert_eq!(there.types().len(), 0, "nothing is registered before a session has shown the types of the app");
    crate::sync_held::hold(&connector.sync(&go_on()).await.unwrap_err());
    assert_eq!(there.types().len(), 3);
    drop(connector);

    let other = stage.sandbox.create_app("another");
    let target = stage.target().app(AppChoice::Id(other.id().into()));
    let error = stage.try_attach(target).await.unwrap_err();
    assert!(matches!(error, ConnectorError::OtherApp { .. }), "{error}");
    assert_eq!(Exit::of(&error), Exit::Configuration);
}

#[tokio::test]
async fn several_apps_of_one_name_need_a_word_from_the_user() {
    let stage = Stage::with(1).await;
    let (one, two) = (stage.sandbox.create_app(NAME), stage.sandbox.create_app(NAME));
    let error = stage.try_attach(stage.target()).await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Configuration);
    let message = error.to_string();
    for part in [&one.id().to_string(), &two.id().to_string(), "--app-id", "--create-app"] {
        assert!(message.contains(part), "{message}");
    }
    let made = stage.try_attach(stage.target().app(AppChoice::Create)).await.unwrap();
    assert!(![one.id().to_string(), two.id().to_string()].contains(&made.app().to_string()));
}

#[tokio::test]
async fn a_lighthouse_that_does_not_answer_creates_nothing() {
    let stage = Stage::with(1).await;
    stage.sandbox.fault(Fault::on("GET", "/api/apps/").answer(404, "no such page"));
    let error = stage.try_attach(stage.target()).await.unwrap_err();
    assert!(error.to_string().contains("--app-id") && error.to_string().contains("--create-app"), "{error}");
    assert_eq!(posts_to_apps(&stage), 0);
}

#[tokio::test]
async fn a_lost_answer_never_makes_a_second_app() {
    let stage = Stage::with(1).await;
    stage.sandbox.fault(Fault::ending("POST", "/bridge/apps/").lose_answer());
    let error = stage.try_attach(stage.target()).await.unwrap_err();
    assert!(matches!(error, ConnectorError::AppLost { .. }), "{error}");
    assert_eq!(posts_to_apps(&stage), 1);
}

#[tokio::test]
async fn a_type_that_is_there_already_is_no_error_and_gets_its_name() {
    let stage = Stage::with(1).await;
    stage.attach().await;
    let fresh = tempfile::tempdir().unwrap();
    stage.try_attach(stage.target_in(fresh.path())).await.unwrap();
    assert_eq!(stage.app().types().len(), 3);
}

#[tokio::test]
async fn a_changed_display_name_is_updated() {
    #[derive(BridgeResource)]
    #[bridge(group, slug = "team", name = "Crews")]
    struct Crew {
        id: String,
        name: String,
    }
    impl Source<Crew> for Hr {
        async fn read(&self, out: &Out<Crew>) -> Result<(), SourceError> {
            out.push(Crew { id: "red".into(), name: "Red".into() }).await;
            Ok(())
        }
    }
    let stage = Stage::with(1).await;
    let open = |_: NoSettings| async { Ok::<_, std::io::Error>(Hr(Company::of(1))) };
    let with_team = Connector::builder(NAME, open).resource::<Team>().build().unwrap();
    with_team.attach(&stage.target(), json!({})).await.unwrap();
    let with_crew = Connector::builder(NAME, open).resource::<Crew>().build().unwrap();
    with_crew.attach(&stage.target(), json!({})).await.unwrap();
    let names: Vec<String> = stage.app().types().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["Crews"]);
}

#[tokio::test]
async fn a_clone_registers_nothing_and_syncs_on_its_own() {
    let stage = Stage::with(2).await;
    let parent = stage.attach().await;
    parent.sync(&go_on()).await.unwrap();
    stage.sandbox.clear_requests();

    let open = |_: NoSettings| async { Ok::<_, std::io::Error>(Hr(Company::of(7))) };
    let clone = Connector::builder("Acme Europe", open).resource::<Team>().resource::<Seat>().resource::<Employee>();
    let target = stage.target().clone_from(parent.app());
    let clone = clone.build().unwrap().attach(&target, json!({})).await.unwrap();
    clone.sync(&go_on()).await.unwrap();

    let registrations =
        stage.sandbox.requests().iter().filter(|request| request.path.contains("resource-types")).count();
    assert_eq!(registrations, 0);
    let europe = stage.sandbox.app_named("Acme Europe").unwrap();
    assert_eq!(europe.cloned_from(), Some(stage.app().id()));
    assert_eq!((europe.active("employee"), stage.app().active("employee")), (7, 2));
}

#[tokio::test]
async fn a_second_engine_on_the_same_state_is_told_to_come_back() {
    let stage = Stage::with(1).await;
    let _first = stage.attach().await;
    let error = stage.try_attach(stage.target()).await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::TryLater);
}

#[test]
fn a_builder_reports_all_its_problems_at_once() {
    let open = |_: NoSettings| async { Ok::<_, std::io::Error>(Hr(Company::of(1))) };
    let builder = Connector::builder("", open).resource::<Employee>().resource::<Employee>().handlers_at_once(0);
    let error = builder.build().unwrap_err().to_string();
    let expected = "\
the connector `` cannot be built:
  - the name must have 1 to 255 characters
  - `employee` has memberships in `team`, which is not registered: add `.resource::<T>()` for it
  - `employee` has assignments in `seat`, which is not registered: add `.resource::<T>()` for it
  - two resource types have the slug `employee`: give one of them another, `#[bridge(slug = \"…\")]`";
    assert!(error.starts_with(expected), "{error}");
    assert!(error.contains("`.handlers_at_once(0)`: 1 to 64 handlers can run at once"), "{error}");
}
