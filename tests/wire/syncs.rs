//! Whole syncs over a wire that breaks at any request.

use std::{sync::Arc, time::Duration};

use iden_bridge::{
    client::ApiKey,
    clock::SystemClock,
    connector::{Attached, Target},
};
use serde_json::json;

use crate::{
    company::{Hr, Stage, go_on},
    fault::{End, Fault, Place},
    proxy::{Proxy, Rule},
    side_by_side::run,
    time::HasteClock,
    trouble::{assert_in_step, assert_nobody_present_is_removed},
};

/// What happens to a request that is neither read nor answered as it should be.
pub const FAULTS: [(&str, Fault); 7] = [
    ("no byte of the request arrives", Fault::CutRequest(0)),
    ("all but the end of the request arrives", Fault::CutRequest(usize::MAX)),
    ("no byte of the answer arrives", Fault::CutAnswer(Place::Byte(0), End::Reset)),
    ("half of the answer's head arrives", Fault::CutAnswer(Place::MiddleOfHead, End::Close)),
    ("all but the end of the answer arrives", Fault::CutAnswer(Place::LastByte, End::Reset)),
    ("the answer comes slowly", Fault::Drip(8, Duration::from_millis(1))),
    ("a gateway's page comes", Fault::Rewrite(|_| b"HTTP/1.1 504 No\r\nContent-Length: 3\r\n\r\n<p>".into(), false)),
];

/// How many requests a sync makes.
const REQUESTS: usize = 8;

/// A target that goes through the proxy.
pub fn target(stage: &Stage, proxy: &Proxy) -> Target {
    let key = ApiKey::new(stage.sandbox.api_key()).unwrap();
    let clock = Arc::new(HasteClock(SystemClock::new()));
    Target::new(proxy.base_url().parse().unwrap(), key, stage.state.path()).clock(clock)
}

async fn attach(stage: &Stage, proxy: &Proxy) -> Attached<Hr> {
    stage.connector().attach(&target(stage, proxy), json!({})).await.unwrap()
}

async fn check((fault, at, times): (Fault, usize, usize)) -> Result<(), String> {
    let stage = Stage::with(6).await;
    let proxy = Proxy::before(stage.sandbox.address()).await;
    let connector = attach(&stage, &proxy).await;
    connector.sync(&go_on()).await.unwrap();
    stage.company.lose([6]);
    stage.company.gain([7]);
    proxy.begin(Rule { method: "*", end: "/", after: at, times, fault });
    let ended = connector.sync(&go_on()).await;
    proxy.end();

    if proxy.seen().len() <= at {
        return Err(format!("it never happened: {:?}", proxy.seen()));
    }
    assert_nobody_present_is_removed(&stage);
    let completed = stage.app().sessions().iter().skip(1).any(|session| session.status == "completed");
    if ended.is_ok() && !completed {
        return Err("it says that it is completed, and no session is".into());
    }
    let removed = stage.app().removed("employee");
    if completed == removed.is_empty() {
        return Err(format!("completed: {completed}, removed: {removed:?}"));
    }
    // Once is got over, but where a lost answer has left a doubt.
    match ended {
        Err(error) if times == 1 && !completed => return Err(format!("one fault was too many: {error}")),
        _ => {}
    }
    connector.sync(&go_on()).await.map_err(|error| format!("the next sync: {error}"))?;
    assert_in_step(&stage);
    stage.app().assert_removed("employee", "6");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_breaks_once_at_any_request_of_a_sync_removes_nobody() {
    let cases = FAULTS
        .iter()
        .flat_map(|(name, fault)| (0..REQUESTS).map(move |at| (format!("{name}, at request {at}"), (*fault, at, 1))));
    run(cases.collect(), check).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_stays_broken_from_any_request_of_a_sync_on_removes_nobody() {
    let lasting = FAULTS.iter().filter(|(name, _)| !name.contains("slowly")).step_by(2);
    let cases = lasting.flat_map(|(name, fault)| {
        (0..REQUESTS).map(move |at| (format!("{name}, from request {at} on"), (*fault, at, usize::MAX)))
    });
    run(cases.collect(), check).await;
}
