//! The first start against a tenant that is not on this machine. That Lighthouse lists no app of a name proves nothing, since it
//! may not list Bridge apps at all: the state may be lost, and a new app would be a second one.

use std::sync::Arc;

use async_trait::async_trait;
use bridge_sandbox::Fault;
use iden_bridge::{
    Exit,
    client::{ApiKey, BaseUrl, HttpOptions, HttpTransport, Request, Response, Transport, TransportError},
    connector::{AppChoice, ConnectorError, Outcome, Target},
    wire::NewApp,
};
use serde_json::json;

use crate::company::{NAME, Stage, go_on};

/// Takes requests for Iden's host to the sandbox.
struct Detour(HttpTransport, BaseUrl);

#[async_trait]
impl Transport for Detour {
    async fn send(&self, mut request: Request) -> Result<Response, TransportError> {
        let text = request.url.as_str().replace("https://developer.idenhq.com/org/acme", &self.1.to_string());
        request.url = text.parse().unwrap();
        self.0.send(request).await
    }
}

/// As [`Stage::target`], on Iden's host.
fn target(stage: &Stage) -> Target {
    let key = || ApiKey::new(stage.sandbox.api_key()).unwrap();
    let base: BaseUrl = stage.sandbox.base_url().parse().unwrap();
    let wire = HttpTransport::new(&base, &key(), &HttpOptions::default()).unwrap();
    let target = Target::new(BaseUrl::for_tenant("acme").unwrap(), key(), stage.state.path());
    target.clock(stage.clock()).transport(Arc::new(Detour(wire, base)))
}

/// Lighthouse does not list Bridge apps.
fn hide_apps(stage: &Stage) {
    let nothing = json!({"count": 0, "next": null, "previous": null, "results": []}).to_string();
    stage.sandbox.fault(Fault::on("GET", "/api/apps/").answer_raw(200, "application/json", &nothing));
}

#[tokio::test]
async fn off_this_machine_an_unlisted_name_creates_no_app() {
    let stage = Stage::with(3).await;
    let error = stage.try_attach(target(&stage)).await.unwrap_err();
    assert!(matches!(error, ConnectorError::FirstRun { .. }), "{error}");
    assert_eq!(Exit::of(&error), Exit::Configuration);
    let hint = error.hint().unwrap();
    assert!(hint.contains("--first-run") && hint.contains("--app-id"), "{hint}");
    assert!(stage.sandbox.apps().is_empty());

    let planned = stage.connector().plan(&target(&stage), json!({}), &go_on()).await.unwrap_err();
    assert_eq!(planned.to_string(), error.to_string(), "a plan says the same");
    let findings = stage.connector().examine(&target(&stage), Some(&stage.client()), json!({})).await;
    let app = findings.iter().find(|one| one.check == "app").unwrap();
    assert_eq!((app.outcome, app.exit), (Outcome::Failed, Exit::Configuration), "doctor too");
}

#[tokio::test]
async fn a_first_run_creates_the_app_and_the_state_knows_it_from_then_on() {
    let stage = Stage::with(3).await;
    let first = stage.try_attach(target(&stage).app(AppChoice::FirstRun)).await.unwrap().app();
    hide_apps(&stage);
    let again = stage.try_attach(target(&stage)).await.unwrap().app();
    let with_the_flag = stage.try_attach(target(&stage).app(AppChoice::FirstRun)).await.unwrap().app();
    assert_eq!([again, with_the_flag], [first, first]);
    assert_eq!(stage.sandbox.apps().len(), 1);
}

#[tokio::test]
async fn a_lost_state_creates_no_second_app_where_lighthouse_lists_none() {
    let stage = Stage::with(3).await;
    stage.try_attach(target(&stage).app(AppChoice::FirstRun)).await.unwrap().sync(&go_on()).await.unwrap();
    std::fs::remove_dir_all(stage.state.path()).unwrap();
    hide_apps(&stage);
    let error = stage.try_attach(target(&stage)).await.unwrap_err();
    assert!(matches!(error, ConnectorError::FirstRun { .. }), "{error}");
    assert_eq!(stage.sandbox.apps().len(), 1);
}

#[tokio::test]
async fn another_listed_bridge_app_proves_that_there_is_none_of_this_name() {
    let stage = Stage::with(3).await;
    stage.client().create_app(&NewApp::new("Payroll")).await.unwrap();
    stage.try_attach(target(&stage)).await.unwrap();
    assert!(stage.sandbox.app_named(NAME).is_some());
}

#[tokio::test]
async fn a_listed_app_that_is_no_bridge_app_proves_nothing() {
    let stage = Stage::with(3).await;
    let other = json!({"count": 1, "next": null, "previous": null, "results": [
        {"external_uuid": "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11", "name": "Slack"}
    ]});
    stage.sandbox.fault(Fault::on("GET", "/api/apps/").answer_raw(200, "application/json", &other.to_string()));
    let error = stage.try_attach(target(&stage)).await.unwrap_err();
    assert!(matches!(error, ConnectorError::FirstRun { .. }), "{error}");
}
