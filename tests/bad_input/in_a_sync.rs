//! What a whole sync makes of an answer. Whatever it is, nobody who is there is removed, and the next sync mends it.

use iden_bridge::{Exit, clock::SystemClock, connector::Attached};
use serde_json::json;

use crate::{
    company::{HasteClock, Hr, Mood, Stage, go_on},
    corpus::cases,
    meddler::{Meddler, Rule},
    side_by_side::{is_printable, run, told},
    trouble::{assert_in_step, assert_nobody_present_is_removed, statuses},
};

#[derive(serde::Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    answer: Rule,
    /// The source fails, so that the session is to be abandoned.
    #[serde(default)]
    source_fails: bool,
    /// The exit code, by its name.
    exit: String,
    /// How the session stands afterwards; `none` where the server opened none.
    session: String,
    #[serde(default)]
    says: Vec<String>,
    /// The next sync does not complete either: it waits for a clean-up that Iden has promised, or for a person.
    #[serde(default)]
    waits: bool,
}

const PEOPLE: u32 = 12;

async fn attach(stage: &Stage, meddler: &std::sync::Arc<Meddler>) -> Attached<Hr> {
    let clock = std::sync::Arc::new(HasteClock(SystemClock::new()));
    let target = stage.target().transport(meddler.clone()).clock(clock);
    stage.connector().attach(&target, json!({})).await.unwrap()
}

async fn check(case: Case) -> Result<(), String> {
    let stage = Stage::with(PEOPLE).await;
    let meddler = Meddler::before(&stage);
    let connector = attach(&stage, &meddler).await;
    connector.sync(&go_on()).await.unwrap();
    stage.company.lose([PEOPLE]);
    stage.company.gain([PEOPLE + 1]);
    if case.source_fails {
        *stage.company.mood.lock().unwrap() = Mood::FailsAfter(3);
    }

    meddler.begin(case.answer);
    let ended = connector.sync(&go_on()).await;
    if !meddler.end() {
        return Err("the answer was never given".into());
    }

    let (exit, told_of) = match &ended {
        Ok(_) => (Exit::Done, String::new()),
        Err(error) => (Exit::of(error), format!("{error}\n{}", error.hint().unwrap_or_default())),
    };
    let statuses = statuses(&stage);
    let session = statuses.get(1).map_or("none", String::as_str);
    if (format!("{exit:?}"), session) != (case.exit.clone(), &case.session) {
        return Err(told(&format!(
            "{} and {} expected, {exit:?} and {session} came: {told_of}",
            case.exit, case.session
        )));
    }
    if let Some(part) = case.says.iter().find(|part| !told_of.contains(*part)) {
        return Err(told(&format!("`{part}` is missing: {told_of}")));
    }
    if !told_of.lines().all(is_printable) || told_of.lines().count() > 2 {
        return Err(format!("what is said is not fit to print: {told_of:?}"));
    }
    assert_nobody_present_is_removed(&stage);
    let removed = stage.app().removed("employee");
    if removed.is_empty() == (session == "completed") {
        return Err(format!("{session}, and removed are {removed:?}"));
    }
    // Nothing of it is left.
    *stage.company.mood.lock().unwrap() = Mood::Well;
    match connector.sync(&go_on()).await {
        Ok(_) if !case.waits => {
            assert_in_step(&stage);
            assert_eq!(stage.app().removed("employee"), [PEOPLE.to_string()]);
            Ok(())
        }
        Err(error) if case.waits && matches!(Exit::of(&error), Exit::Unavailable | Exit::Held) => {
            assert_nobody_present_is_removed(&stage);
            Ok(())
        }
        ended => Err(told(&format!("the next sync: {ended:?}"))),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_ends_a_sync_as_the_corpus_says() {
    let cases = cases::<Case>("syncs", 67).into_iter().map(|case| (case.name.clone(), case)).collect();
    run(cases, check).await;
}
