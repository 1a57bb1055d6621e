use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;

use super::Fault;
use crate::span;

/// A [`Fault`] as a form or a file writes it: every field may be left out.
///
/// ```
/// use bridge_sandbox::{Fault, FaultForm};
///
/// let mut form = FaultForm::default();
/// form.method = Some("PUT".to_owned());
/// form.status = Some(429);
/// form.retry_after = Some("3s".to_owned());
/// let fault = Fault::try_from(form).unwrap();
/// assert_eq!(fault.to_string(), "PUT on paths with `/`: do nothing, answer 429, retry-after: 3");
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultForm {
    /// The method. Default: any.
    pub method: Option<String>,
    /// Part of the path with its query, `*` for anything between two slashes. Default: `/`.
    pub path: Option<String>,
    /// Instead of `path`: the end of the path without its query.
    pub path_end: Option<String>,
    /// Part of the body. Default: any body.
    pub body: Option<String>,
    /// How many requests that fit pass first. Default: none.
    pub after: Option<usize>,
    /// How many are spoilt then. Default: all.
    pub times: Option<usize>,
    /// Which part of them, from 0 to 1. Default: all.
    pub probability: Option<f64>,
    /// How long to wait before anything is done, for example `2s`.
    pub delay: Option<String>,
    /// How long to wait once everything is done, before the answer.
    pub hold: Option<String>,
    /// Answer this status instead.
    pub status: Option<u16>,
    /// The `detail` of that answer. Default: `a fault of the sandbox`.
    pub detail: Option<String>,
    /// Before that answer, do what was asked. Default: no.
    pub act: Option<bool>,
    /// A `Retry-After` on the answer, in whole seconds.
    pub retry_after: Option<String>,
    /// More headers on the answer.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Instead of `status`, one of: `drop` (close the connection, do nothing), `reset` (reset it, do nothing), `lose` (do it,
    /// close the connection), `truncate` (do it, answer half), `garble` (do it, answer what is no JSON).
    pub ending: Option<String>,
}

/// A fault that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError {
    message: String,
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FaultError {}

impl TryFrom<FaultForm> for Fault {
    type Error = FaultError;

    /// # Errors
    /// Where a value does not fit its field, two fields exclude each other, or the rule would do nothing.
    fn try_from(form: FaultForm) -> Result<Self, FaultError> {
        let method = form.method.as_deref().filter(|method| !method.is_empty()).unwrap_or("*");
        let mut fault = match (&form.path, &form.path_end) {
            (Some(_), Some(_)) => return Err(refuse("`path` and `path_end` exclude each other")),
            (None, Some(end)) => Fault::ending(method, end),
            (part, None) => Fault::on(method, part.as_deref().unwrap_or("/")),
        };
        fault.holding.clone_from(&form.body);
        fault.after = form.after.unwrap_or(fault.after);
        fault.times = form.times.unwrap_or(fault.times);
        if let Some(probability) = form.probability {
            if !(0.0..=1.0).contains(&probability) {
                return Err(refuse(format!("`probability` must be within 0 to 1, not {probability}")));
            }
            fault = fault.probability(probability);
        }
        fault.delay = time("delay", form.delay.as_deref())?.unwrap_or(fault.delay);
        fault.hold = time("hold", form.hold.as_deref())?.unwrap_or(fault.hold);
        fault = end(fault, &form)?;
        if let Some(time) = time("retry_after", form.retry_after.as_deref())? {
            fault = fault.retry_after(time);
        }
        for (name, value) in &form.headers {
            if HeaderName::try_from(name).is_err() || HeaderValue::from_str(value).is_err() {
                return Err(refuse(format!("`headers`: `{name}: {value}` cannot stand in an answer")));
            }
            fault = fault.header(name, value);
        }
        let is_idle = form.ending.is_none() && form.status.is_none() && fault.delay.is_zero() && fault.hold.is_zero();
        if is_idle && fault.headers.is_empty() {
            return Err(refuse("the rule does nothing: give `status`, `ending`, `delay`, `hold` or `headers`"));
        }
        Ok(fault)
    }
}

fn end(fault: Fault, form: &FaultForm) -> Result<Fault, FaultError> {
    match (form.status, form.ending.as_deref().filter(|ending| !ending.is_empty())) {
        (Some(_), Some(_)) => Err(refuse("`status` and `ending` exclude each other")),
        (Some(status), None) => {
            let known = StatusCode::from_u16(status).is_ok_and(|status| !status.is_informational());
            if !known {
                return Err(refuse(format!("`status` must be within 200 to 999, not {status}")));
            }
            let fault = fault.answer(status, form.detail.as_deref().unwrap_or("a fault of the sandbox"));
            Ok(if form.act == Some(true) { fault.but_act() } else { fault })
        }
        (None, _) if form.detail.is_some() || form.act.is_some() => {
            Err(refuse("`detail` and `act` belong to `status`, which is left out"))
        }
        (None, None) => Ok(fault),
        (None, Some("drop")) => Ok(fault.drop_connection()),
        (None, Some("reset")) => Ok(fault.reset_connection()),
        (None, Some("lose")) => Ok(fault.lose_answer()),
        (None, Some("truncate")) => Ok(fault.truncate_answer()),
        (None, Some("garble")) => Ok(fault.garble_answer()),
        (None, Some(other)) => {
            Err(refuse(format!("`ending` must be one of drop, reset, lose, truncate, garble, not `{other}`")))
        }
    }
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Duration>, FaultError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let parsed =
        span::parse(text).ok_or_else(|| refuse(format!("`{name}` must be {}, not `{text}`", span::EXPECTED)))?;
    Ok(Some(parsed))
}

fn refuse(message: impl Into<String>) -> FaultError {
    FaultError { message: message.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(form: Value) -> Result<String, String> {
        let form: FaultForm = serde_json::from_value(form).map_err(|error| error.to_string())?;
        Fault::try_from(form).map(|fault| fault.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_form_becomes_the_rule_that_it_describes() {
        for (form, rule) in [
            (json!({"status": 503}), "any method on paths with `/`: do nothing, answer 503"),
            (
                json!({"method": "POST", "path_end": "/complete/", "status": 504, "act": true}),
                "POST on paths that end in `/complete/`: act, answer 504",
            ),
            (
                json!({"path": "/apps/*/tasks/", "body": "7", "probability": 0.25, "ending": "reset"}),
                "any method on paths with `/apps/*/tasks/` and `7` in the body, 25 % of them: do nothing, reset the connection",
            ),
            (
                json!({"delay": "2s", "hold": "500ms", "headers": {"X-Slow": "1"}}),
                "any method on paths with `/`: wait 2s, then act, wait 500ms, answer as usual, x-slow: 1",
            ),
            (
                json!({"ending": "truncate"}),
                "any method on paths with `/`: act, answer with half of the body and close the connection",
            ),
            (json!({"ending": "lose"}), "any method on paths with `/`: act, close the connection without an answer"),
            (
                json!({"ending": "drop"}),
                "any method on paths with `/`: do nothing, close the connection without an answer",
            ),
            (json!({"ending": "garble"}), "any method on paths with `/`: act, answer 200"),
        ] {
            assert_eq!(read(form.clone()).as_deref(), Ok(rule), "{form}");
        }
    }

    #[test]
    fn a_form_that_makes_no_sense_says_why() {
        for (form, word) in [
            (json!({}), "does nothing"),
            (json!({"status": 503, "ending": "drop"}), "exclude"),
            (json!({"path": "a", "path_end": "b", "status": 500}), "exclude"),
            (json!({"status": 42}), "200 to 999"),
            (json!({"status": 100}), "200 to 999"),
            (json!({"ending": "explode"}), "truncate"),
            (json!({"status": 500, "probability": 2}), "0 to 1"),
            (json!({"delay": "soon"}), "`90s`"),
            (json!({"ending": "drop", "detail": "x"}), "`status`"),
            (json!({"status": 500, "headers": {"X": "a\nb"}}), "headers"),
            (json!({"statsu": 500}), "statsu"),
        ] {
            let error = read(form.clone()).expect_err(word);
            assert!(error.contains(word), "{form}: {error}");
        }
    }
}
