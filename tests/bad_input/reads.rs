//! Sources whose pages go wrong. In no case is anybody removed who is there.

use std::sync::Arc;

use iden_bridge::{
    Exit,
    connector::{Attached, Connector},
    prelude::*,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    company::{Stage, go_on},
    corpus::cases,
    lists::{Lists, Person, Script, System},
    side_by_side::{is_printable, run, told},
};

#[derive(serde::Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// Everybody who is there, the first and the last number; all of them were synced before.
    present: (u32, u32),
    /// Those of them who leave before the read that goes wrong.
    #[serde(default)]
    gone: Vec<u32>,
    read: Script,
    /// The source can look up a single record.
    #[serde(default)]
    finds: bool,
    #[serde(default)]
    snapshot: bool,
    /// The sync is told to stop after so many milliseconds.
    stopped_after: Option<u64>,
    exit: String,
    #[serde(default)]
    says: Vec<String>,
    /// How many the session holds, where it is completed; and whom it removes.
    pushed: Option<usize>,
    #[serde(default)]
    removed: Vec<u32>,
}

const APP: &str = "Lists";

async fn attach<const S: bool>(stage: &Stage, lists: Arc<Lists>) -> Attached<System<S>> {
    let open = |_: NoSettings| async move { Ok::<_, std::io::Error>(System::<S>(lists)) };
    let connector = Connector::builder(APP, open).resource::<Person>().build().unwrap();
    connector.attach(&stage.target(), json!({})).await.unwrap()
}

async fn check(case: Case) -> Result<(), String> {
    if case.snapshot { check_with::<true>(case).await } else { check_with::<false>(case).await }
}

async fn check_with<const S: bool>(case: Case) -> Result<(), String> {
    let stage = Stage::with(0).await;
    let everybody: Vec<u32> = (case.present.0..=case.present.1).collect();
    let lists = Lists::of(everybody.clone(), case.finds);
    let connector = attach::<S>(&stage, lists.clone()).await;
    connector.sync(&go_on()).await.unwrap();
    lists.present.lock().unwrap().retain(|id| !case.gone.contains(id));
    let app = stage.sandbox.app_named(APP).unwrap();

    lists.begin(case.read);
    let stop = CancellationToken::new();
    if let Some(after) = case.stopped_after {
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(after)).await;
            stop.cancel();
        });
    }
    let ended = connector.sync(&stop).await;

    let exit = ended.as_ref().map_or_else(Exit::of, |_| Exit::Done);
    let said = ended.as_ref().map_or_else(ToString::to_string, |_| String::new());
    let session = app.sessions().pop().unwrap();
    let expected = if case.exit == "Done" { "completed" } else { "abandoned" };
    if (format!("{exit:?}"), session.status.as_str()) != (case.exit.clone(), expected) {
        return Err(told(&format!("{} expected, {exit:?} came, {}: {said}", case.exit, session.status)));
    }
    if let Some(part) = case.says.iter().find(|part| !said.contains(*part)) {
        return Err(told(&format!("`{part}` is missing: {said}")));
    }
    if !is_printable(&said) {
        return Err(format!("what is said is not fit to print: {said:?}"));
    }
    let mut removed: Vec<u32> = app.removed("person").iter().map(|id| id.parse().unwrap()).collect();
    removed.sort_unstable();
    if removed.iter().any(|id| everybody.contains(id) && !case.gone.contains(id)) {
        return Err(format!("somebody who is there is removed: {removed:?}"));
    }
    if removed != case.removed {
        return Err(format!("{:?} removed expected, {removed:?} came", case.removed));
    }
    let pushed = session.pushed.get("person").copied().unwrap_or_default();
    if let Some(expected) = case.pushed.filter(|expected| *expected != pushed) {
        return Err(format!("{expected} pushed expected, {pushed} came"));
    }

    // A source that behaves again brings everything in step; who came under the reader stays.
    let held = app.records("person").into_iter().filter(|record| !record.removed);
    let strangers = held.map(|record| record.id.parse().unwrap()).filter(|id| !everybody.contains(id));
    lists.present.lock().unwrap().extend(strangers.collect::<Vec<u32>>());
    lists.begin(Script::default());
    let ended = connector.sync(&go_on()).await.map_err(|error| format!("the next sync: {error}"))?;
    assert!(ended.completed);
    for id in everybody.iter().filter(|id| !case.gone.contains(id)) {
        app.assert_active("person", &id.to_string());
    }
    case.gone.iter().for_each(|id| app.assert_removed("person", &id.to_string()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_comes_to_what_the_corpus_says() {
    let cases = cases::<Case>("reads", 120).into_iter().map(|case| (case.name.clone(), case)).collect();
    run(cases, check).await;
}
