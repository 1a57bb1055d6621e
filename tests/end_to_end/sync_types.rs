//! The types that the connector reads against those that the app has: a sync that would empty one is held before the first push.

use std::sync::Arc;

use bridge_sandbox::{Assumptions, Sandbox};
use iden_bridge::{
    Exit,
    client::{ApiKey, HttpOptions, HttpTransport, Method, Request, Response, Transport, TransportError},
    connector::{Attached, Connector},
    journal::HoldReason,
    prelude::*,
    wire::{Kind, ResourceType},
};
use serde_json::json;

use crate::{
    company::{Company, Employee, Hr, NAME, Seat, Stage, Team, go_on},
    sync_held::hold,
    trouble::{assert_abandoned, assert_last, assert_mended, calls, with_a_leaver, with_a_leaver_on},
};

#[derive(BridgeResource)]
#[bridge(account)]
struct Robot {
    id: u32,
    username: String,
}

impl Source<Robot> for Hr {
    async fn read(&self, out: &Out<Robot>) -> Result<(), SourceError> {
        for id in 1..=4 {
            out.push(Robot { id, username: format!("r{id}") }).await;
        }
        Ok(())
    }
}

/// As [`Stage::attach`], with one type more.
async fn attach_with_robots(stage: &Stage) -> Attached<Hr> {
    let company = stage.company.clone();
    let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Hr(company)) };
    let builder = Connector::builder(NAME, open).resource::<Employee>().resource::<Team>().resource::<Seat>();
    builder.resource::<Robot>().build().unwrap().attach(&stage.target(), json!({})).await.unwrap()
}

async fn robots_were_synced() -> Stage {
    let stage = Stage::with(3).await;
    attach_with_robots(&stage).await.sync(&go_on()).await.unwrap();
    assert_eq!(stage.app().active("robot"), 4);
    stage.company.people.lock().unwrap().remove(&3).unwrap();
    stage.sandbox.clear_requests();
    stage
}

#[tokio::test]
async fn a_type_that_is_read_no_more_is_held_before_the_first_push() {
    let stage = robots_were_synced().await;
    let connector = stage.attach().await;

    let held = hold(&connector.sync(&go_on()).await.unwrap_err());

    assert_eq!(held.reasons, [HoldReason::Unread { slug: "robot".into(), known: Some(4) }]);
    assert_eq!(calls(&stage, "POST", "/sync/").len(), 0, "no session was opened for it");
    assert_eq!(stage.sandbox.requests().iter().filter(|request| request.method == "PUT").count(), 0);
    assert_eq!(stage.app().active("robot"), 4);
    drop(connector);
    // With its source back, all is well.
    attach_with_robots(&stage).await.sync(&go_on()).await.unwrap();
    assert_last(&stage, "completed");
    assert_eq!((stage.app().active("robot"), stage.app().removed("employee")), (4, vec!["3".to_owned()]));
}

/// The progress may list only what was pushed (protocol.md says nothing of it); this is asked before anything is.
struct OnlyWhatWasPushed(HttpTransport);

#[async_trait::async_trait]
impl Transport for OnlyWhatWasPushed {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let path = request.url.path();
        if request.method != Method::Get || !path.contains("/sync/") {
            return self.0.send(request).await;
        }
        let id = path.rsplit('/').nth(1).unwrap();
        Ok(Response::json(200, json!({"sync_id": id, "status": "in_progress", "progress": []}).to_string()))
    }
}

#[tokio::test]
async fn a_type_that_only_the_journal_knows_is_held_before_the_first_push() {
    let stage = robots_were_synced().await;
    let (base, key) = (stage.sandbox.base_url().parse().unwrap(), ApiKey::new(stage.sandbox.api_key()).unwrap());
    let wire = OnlyWhatWasPushed(HttpTransport::new(&base, &key, &HttpOptions::default()).unwrap());
    let connector = stage.try_attach(stage.target().transport(Arc::new(wire))).await.unwrap();

    let held = hold(&connector.sync(&go_on()).await.unwrap_err());

    assert_eq!(held.reasons, [HoldReason::Unread { slug: "robot".into(), known: Some(4) }]);
    assert_eq!(stage.sandbox.requests().iter().filter(|request| request.method == "PUT").count(), 0);
    assert_eq!(stage.app().active("robot"), 4);
}

#[tokio::test]
async fn a_type_that_somebody_registers_between_two_syncs_is_held_before_the_first_push() {
    let (stage, connector) = with_a_leaver(3).await;
    let crew = ResourceType::new("crew", "Crews", Kind::Group);
    stage.client().register_type(connector.app(), &crew).await.unwrap();
    stage.app().put_record("crew", &json!({"id": "c1", "name": "C1"}));

    let error = connector.sync(&go_on()).await.unwrap_err();

    assert_abandoned(&stage, &error, Exit::Held, 3);
    assert!(error.to_string().contains("`crew`"), "{error}");
    assert_eq!(stage.sandbox.requests().iter().filter(|request| request.method == "PUT").count(), 0);
    stage.app().assert_active("crew", "c1");
}

#[tokio::test]
async fn a_slug_that_has_another_kind_there_stops_before_the_first_push() {
    let stage = Stage::with(3).await;
    let app = stage.sandbox.create_app(NAME);
    let team = ResourceType::new("team", "Teams", Kind::License);
    stage.client().register_type(app.id().into(), &team).await.unwrap();
    app.put_record("team", &json!({"id": "t1", "name": "T1"}));

    let error = stage.attach().await.sync(&go_on()).await.unwrap_err();

    assert_abandoned(&stage, &error, Exit::Configuration, 0);
    assert!(error.to_string().contains("`team`") && error.to_string().contains("license"), "{error}");
    assert_eq!(stage.sandbox.requests().iter().filter(|request| request.method == "PUT").count(), 0);
    stage.app().assert_active("team", "t1");
}

#[tokio::test]
async fn companion_types_in_the_progress_stop_nothing() {
    let mut assumptions = Assumptions::default();
    assumptions.companions_in_progress = true;
    let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
    let stage = Stage { sandbox, state: tempfile::tempdir().unwrap(), company: Company::of(3) };
    let (stage, connector) = with_a_leaver_on(stage, 3).await;
    assert_mended(&stage, &connector).await;
    assert_eq!(calls(&stage, "PUT", "/employee/").len(), 1);
}
