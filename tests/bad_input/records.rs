//! Odd records from a source, and what Iden shows of them.

use std::sync::{Arc, Mutex};

use bridge_sandbox::App;
use iden_bridge::{
    Exit,
    connector::{Attached, Connector},
    prelude::*,
};
use serde_json::{Value, json};

use crate::{
    company::{Stage, go_on},
    corpus::{cases, expand_text},
    people::{Crew, Directory, Person, Rows, Seat},
    side_by_side::{is_printable, run, told},
};

#[derive(serde::Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    people: Vec<String>,
    /// So many ordinary people come after the first row.
    #[serde(default)]
    between: usize,
    #[serde(default = "crews")]
    crews: Vec<String>,
    /// Who was there, and was synced, before.
    before: Option<Vec<String>>,
    #[serde(default)]
    distinct: bool,
    #[serde(default)]
    snapshot: bool,
    #[serde(default = "done")]
    exit: String,
    #[serde(default)]
    says: Vec<String>,
    /// What Iden holds of the rows in the end, where it is not all of them as they are.
    holds: Option<Vec<String>>,
    #[serde(default)]
    removed: Vec<String>,
    #[serde(default)]
    counts: Counts,
    /// Parts of what the report says of those that could not be read, were refused, or point to nobody.
    #[serde(default)]
    examples: Vec<String>,
}

/// What the report counts.
#[derive(serde::Deserialize, Clone, Copy, Debug, Default, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Counts {
    unreadable: u64,
    rejected: u64,
    dangling: u64,
    repeated: u64,
    twins: u64,
}

fn crews() -> Vec<String> {
    ["red", "blue"].map(|id| json!({"id": id}).to_string()).into()
}

fn done() -> String {
    "Done".into()
}

const APP: &str = "Directory";

async fn attach<const D: bool, const S: bool>(stage: &Stage, rows: Arc<Mutex<Rows>>) -> Attached<Directory<D, S>> {
    let open = |_: NoSettings| async move { Ok::<_, std::io::Error>(Directory::<D, S>(rows)) };
    let builder = Connector::builder(APP, open).resource::<Crew>().resource::<Seat>().resource::<Person>();
    builder.build().unwrap().attach(&stage.target(), json!({})).await.unwrap()
}

fn expanded(rows: &[String]) -> Vec<String> {
    rows.iter().map(|row| expand_text(row, &[])).collect()
}

/// The record that a row stands for, as protocol.md section 5 writes it.
fn as_sent(row: &str) -> Value {
    let Value::Object(mut fields) = serde_json::from_str(row).unwrap() else { panic!("`{row}` is no object") };
    let crews = fields.remove("crews").unwrap_or(json!([]));
    let seats = fields.remove("seats").unwrap_or(json!([]));
    if !fields.contains_key("email") && !fields.contains_key("username") {
        fields.insert("email".into(), json!("p@acme.example"));
    }
    if let Some(Value::String(score)) = fields.get("score") {
        let score: f64 = score.parse().unwrap();
        fields.insert("score".into(), json!(score));
    }
    fields.retain(|_, value| !value.is_null());
    fields.insert("memberships".into(), json!({"crew": crews}));
    fields.insert("assignments".into(), json!({"seat": seats}));
    Value::Object(fields)
}

/// Iden holds exactly these, beside the ordinary ones.
fn compare(app: &App, expected: &[String], ordinary: Option<usize>) -> Result<(), String> {
    let mut expected: Vec<Value> = expected.iter().map(|row| as_sent(row)).collect();
    let held = app.records("person").into_iter().filter(|record| !record.removed).map(|record| record.fields);
    let (others, mut held): (Vec<_>, Vec<_>) = held.partition(|fields| fields["last_name"] == "Ordinary");
    let by_id = |record: &Value| record["id"].as_str().unwrap().to_owned();
    expected.sort_by_key(by_id);
    held.sort_by_key(by_id);
    if let Some(ordinary) = ordinary.filter(|ordinary| *ordinary != others.len()) {
        return Err(format!("{ordinary} ordinary ones expected, {} are held", others.len()));
    }
    if held != expected {
        return Err(told(&format!("held are {} expected {}", json!(held), json!(expected))));
    }
    Ok(())
}

async fn check(case: Case) -> Result<(), String> {
    match (case.distinct, case.snapshot) {
        (false, false) => check_with::<false, false>(case).await,
        (true, false) => check_with::<true, false>(case).await,
        (false, true) => check_with::<false, true>(case).await,
        (true, true) => check_with::<true, true>(case).await,
    }
}

async fn check_with<const D: bool, const S: bool>(case: Case) -> Result<(), String> {
    let stage = Stage::with(0).await;
    let mut people_rows = expanded(&case.people);
    let ordinary = |number| json!({"id": format!("ordinary-{number}"), "last_name": "Ordinary"}).to_string();
    people_rows.splice(1.min(people_rows.len())..1.min(people_rows.len()), (0..case.between).map(ordinary));
    let seats = vec![json!({"id": "mail"}).to_string()];
    let mut rows = Rows { crews: expanded(&case.crews), seats, people: people_rows.clone() };
    if let Some(before) = &case.before {
        rows.people = expanded(before);
    }
    let rows = Arc::new(Mutex::new(rows));
    let connector = attach::<D, S>(&stage, rows.clone()).await;
    if case.before.is_some() {
        connector.sync(&go_on()).await.map_err(|error| format!("the sync before: {error}"))?;
        rows.lock().unwrap().people = people_rows;
    }

    let app = stage.sandbox.app_named(APP).unwrap();
    // Twice: what is odd stays odd, and nothing that stays is taken away.
    for turn in ["the first sync", "the second sync"] {
        let ended = connector.sync(&go_on()).await;
        let exit = ended.as_ref().map_or_else(Exit::of, |_| Exit::Done);
        let said =
            ended.as_ref().map_or_else(|error| format!("{error}\n{}", error.hint().unwrap_or("")), |_| String::new());
        if format!("{exit:?}") != case.exit {
            return Err(told(&format!("{turn}: {} expected, {exit:?} came: {said}", case.exit)));
        }
        if let Some(part) = case.says.iter().find(|part| !said.contains(*part)) {
            return Err(told(&format!("{turn}: `{part}` is missing: {said}")));
        }
        if !said.lines().all(is_printable) || said.lines().count() > 2 || said.len() > 4000 {
            return Err(format!("{turn}: what is said is not fit to print: {said:?}"));
        }
        if let Ok(report) = &ended {
            let one = report.types.iter().find(|one| one.slug == "person").unwrap();
            let counts = Counts {
                unreadable: one.unreadable,
                rejected: one.rejected,
                dangling: one.dangling,
                repeated: one.repeated,
                twins: one.twins,
            };
            if counts != case.counts {
                return Err(format!("{turn}: {:?} expected, {counts:?} came", case.counts));
            }
            let examples = [&one.examples, &one.rejected_examples, &one.dangling_examples].map(|some| some.join("\n"));
            let examples = examples.join("\n");
            if let Some(part) = case.examples.iter().find(|part| !examples.contains(*part)) {
                return Err(told(&format!("{turn}: `{part}` is missing: {examples}")));
            }
            if !examples.lines().all(is_printable) {
                return Err(format!("{turn}: an example is not fit to print: {examples:?}"));
            }
        }
        let session = app.sessions().pop().unwrap();
        if session.status != if exit == Exit::Done { "completed" } else { "abandoned" } {
            return Err(format!("{turn}: the session is {}", session.status));
        }
        if app.removed("person") != case.removed {
            return Err(format!("{turn}: removed are {:?}", app.removed("person")));
        }
        // Of a session that was given up, some of them may have gone out.
        let ordinary = (exit == Exit::Done).then_some(case.between);
        let held = compare(&app, &expanded(case.holds.as_ref().unwrap_or(&case.people)), ordinary);
        held.map_err(|failure| format!("{turn}: {failure}"))?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_record_comes_to_what_the_corpus_says() {
    let cases = cases::<Case>("records", 255).into_iter().map(|case| (case.name.clone(), case)).collect();
    run(cases, check).await;
}
