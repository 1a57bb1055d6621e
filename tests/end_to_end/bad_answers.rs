//! What a user is told when Iden does not answer as it should: one message, with the call and the remedy.

use bridge_sandbox::Fault;
use iden_bridge::{
    Exit,
    client::ApiKey,
    connector::{AppChoice, ConnectorError, Target},
};

use crate::company::{Stage, go_on};

fn check(error: &ConnectorError, exit: Exit, says: &[&str]) {
    assert_eq!(Exit::of(error), exit, "{error}");
    let told = format!("{error}\n{}", error.hint().unwrap_or("no hint"));
    for part in says {
        assert!(told.contains(part), "`{part}` is missing in: {told}");
    }
}

#[tokio::test]
async fn a_wrong_key() {
    let stage = Stage::with(1).await;
    let wrong =
        Target::new(stage.sandbox.base_url().parse().unwrap(), ApiKey::new("wrong-key").unwrap(), stage.state.path());
    let error = stage.try_attach(wrong).await.unwrap_err();
    check(&error, Exit::Refused, &["list the apps", "401", "BRIDGE_API_KEY"]);
    assert!(!format!("{error} {error:?}").contains("wrong-key"));
}

#[tokio::test]
async fn a_revoked_key() {
    let stage = Stage::with(1).await;
    let connector = stage.attach().await;
    stage.sandbox.revoke_key();
    let error = connector.sync(&go_on()).await.unwrap_err();
    check(&error, Exit::Refused, &["start a sync session", "403", "revoked"]);
}

#[tokio::test]
async fn an_app_that_is_not_there() {
    let stage = Stage::with(1).await;
    let target = stage.target().app(AppChoice::Id("6f4b0d4e-4b3f-4b6e-9a57-1d3f2c1b0a99".parse().unwrap()));
    let connector = stage.try_attach(target).await.unwrap();
    let error = connector.sync(&go_on()).await.unwrap_err();
    check(&error, Exit::Configuration, &["start a sync session", "404", "BRIDGE_APP_ID"]);
}

#[tokio::test]
async fn a_page_instead_of_json() {
    let stage = Stage::with(1).await;
    let connector = stage.attach().await;
    let page = "<html><body>Sign in</body></html>";
    stage.sandbox.fault(Fault::ending("POST", "/sync/").answer_raw(200, "text/html", page));
    let error = connector.sync(&go_on()).await.unwrap_err();
    check(&error, Exit::Unavailable, &["start a sync session", "text/html", "BRIDGE_URL"]);
}

#[tokio::test]
async fn wrong_json() {
    let stage = Stage::with(1).await;
    let connector = stage.attach().await;
    stage.sandbox.fault(Fault::ending("POST", "/sync/").answer_raw(201, "application/json", "{\"id\": 7}"));
    let error = connector.sync(&go_on()).await.unwrap_err();
    check(&error, Exit::Unavailable, &["start a sync session", "sync_id"]);
}

#[tokio::test]
async fn a_host_that_cannot_be_reached() {
    let stage = Stage::with(1).await;
    let key = ApiKey::new(stage.sandbox.api_key()).unwrap();
    // A port that was just free: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/org/acme");
    let target = Target::new(url.parse().unwrap(), key, stage.state.path()).clock(stage.clock());
    let error = stage.try_attach(target).await.unwrap_err();
    check(&error, Exit::Unavailable, &["127.0.0.1", "could not be reached", "firewall"]);
}

#[tokio::test]
async fn a_server_that_asks_for_a_rest_to_the_end() {
    let stage = Stage::with(1).await;
    let connector = stage.attach().await;
    stage.sandbox.fault(Fault::ending("POST", "/sync/").answer(429, "slow down"));
    let error = connector.sync(&go_on()).await.unwrap_err();
    check(&error, Exit::TryLater, &["429", "slow down", "sync less often"]);
}
