//! The rules that make the sandbox misbehave.

use std::str::FromStr;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::{Answer, page, render, see};
use super::fields::{Fields, Posted};
use super::frame::{Frame, Place};
use super::{Console, links};
use crate::changes::Topic;
use crate::fault::{Fault, FaultForm, FaultView};

/// Methods, with words for the list.
const METHODS: [(&str, &str); 5] = [("*", "any"), ("GET", "GET"), ("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH")];
/// What a fault does, as the form names it, with words for the list.
const EFFECTS: [(&str, &str); 8] = [
    ("answer", "refuse with a status, and do nothing"),
    ("act_and_answer", "do it, and answer with a status all the same"),
    ("drop", "close the connection, and do nothing"),
    ("reset", "reset the connection, and do nothing"),
    ("lose", "do it, and close the connection without an answer"),
    ("truncate", "do it, and break off in the middle of the answer"),
    ("garble", "do it, and answer with what is not JSON"),
    ("delay", "only the delay"),
];

/// A rule that can be had with one press.
struct Preset {
    title: &'static str,
    words: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const PRESETS: [Preset; 6] = [
    Preset {
        title: "Slow down",
        words: "The next 5 pages are answered 429 with Retry-After: 2.",
        fields: &[
            ("method", "PUT"),
            ("path", "/sync/"),
            ("times", "5"),
            ("effect", "answer"),
            ("status", "429"),
            ("detail", "slow down"),
            ("retry_after", "2"),
        ],
    },
    Preset {
        title: "Outage",
        words: "Everything is answered 503 until the rule is removed.",
        fields: &[
            ("method", "*"),
            ("path", "/"),
            ("effect", "answer"),
            ("status", "503"),
            ("detail", "down for maintenance"),
        ],
    },
    Preset {
        title: "Lost page",
        words: "The next page arrives; its answer does not.",
        fields: &[("method", "PUT"), ("path", "/sync/"), ("times", "1"), ("effect", "lose")],
    },
    Preset {
        title: "Lost completion",
        words: "The next complete is done, and its answer lost.",
        fields: &[("method", "POST"), ("path", "/complete/"), ("times", "1"), ("effect", "lose")],
    },
    Preset {
        title: "Lost report",
        words: "The next task report arrives; its answer does not.",
        fields: &[("method", "PATCH"), ("path", "/status/"), ("times", "1"), ("effect", "lose")],
    },
    Preset {
        title: "Slow network",
        words: "Every request takes 2 seconds longer.",
        fields: &[("method", "*"), ("path", "/"), ("effect", "delay"), ("delay", "2s")],
    },
];

#[derive(Template)]
#[template(path = "faults.html")]
struct FaultsPage {
    frame: Frame,
    rules: Vec<FaultView>,
    /// What was filled in.
    values: Fields,
    /// What is wrong with it. Empty where nothing is.
    mistake: String,
    /// With this seed, chance repeats itself.
    seed: u64,
}

impl FaultsPage {
    /// What stands in a field: what was filled in, else what is usual.
    fn value(&self, field: &'static str) -> &str {
        let usual = match field {
            "path" => "/sync/",
            "status" => "503",
            "method" => "*",
            _ => "",
        };
        if self.values.has("effect") { self.values.exact(field) } else { usual }
    }

    fn is_value(&self, field: &'static str, value: &str) -> bool {
        self.value(field) == value
    }
}

impl Console {
    fn faults_page(&self, values: Fields, mistake: String) -> FaultsPage {
        let faults = self.server.faults();
        let (rules, seed) = (faults.list(), faults.seed());
        FaultsPage { frame: Frame::new("Faults", Place::Faults), rules, values, mistake, seed }
    }
}

pub(super) async fn show(State(console): State<Arc<Console>>) -> Answer {
    page(&console.faults_page(Fields::default(), String::new()))
}

pub(super) async fn add(State(console): State<Arc<Console>>, Posted(fields): Posted) -> Answer {
    match read(&fields) {
        Ok(fault) => {
            console.server.faults().add(fault);
            console.server.publish(Topic::Faults);
            Ok(see(links::FAULTS))
        }
        Err(mistake) => render(StatusCode::BAD_REQUEST, &console.faults_page(fields, mistake)),
    }
}

/// Removes one rule, or all where none is named.
pub(super) async fn remove(State(console): State<Arc<Console>>, Posted(fields): Posted) -> Response {
    match fields.get("number").parse() {
        // One that is gone already is what was wished for.
        Ok(number) => drop(console.server.faults().remove(number)),
        Err(_) => console.server.faults().clear(),
    }
    console.server.publish(Topic::Faults);
    see(links::FAULTS)
}

/// Reads the form. The error is for the person who filled it in.
fn read(fields: &Fields) -> Result<Fault, String> {
    let text = |name| Some(fields.get(name)).filter(|text| !text.is_empty()).map(str::to_owned);
    let mut form = FaultForm {
        method: text("method"),
        path: text("path"),
        after: number(fields, "after", "Let pass first")?,
        times: number(fields, "times", "Then meet")?,
        probability: number(fields, "probability", "Probability")?,
        delay: text("delay"),
        ..FaultForm::default()
    };
    match fields.get("effect") {
        effect @ ("answer" | "act_and_answer") => {
            form.status = number(fields, "status", "Status")?;
            if form.status.is_none() {
                return Err("Status: expected the status to answer with.".to_owned());
            }
            form.detail = text("detail");
            form.retry_after = text("retry_after");
            form.act = Some(effect == "act_and_answer");
        }
        "delay" => {}
        ending => form.ending = Some(ending.to_owned()),
    }
    Fault::try_from(form).map_err(|error| error.to_string())
}

fn number<T: FromStr>(fields: &Fields, name: &'static str, label: &str) -> Result<Option<T>, String> {
    match fields.get(name) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| format!("{label}: expected a number, got `{text}`.")),
    }
}
