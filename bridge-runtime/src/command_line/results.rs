//! What a command prints with `--json`: always one document, whether it went well or not.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{failure::Failure, print};
use crate::connector::ConnectorError;

/// The results of several apps as one document: that of a single app as it is, else a list with their names.
#[derive(Default)]
pub(super) struct Results(Vec<One>);

/// What came of one app: a result, or why there is none, or both.
struct One {
    app: String,
    result: Option<Value>,
    failure: Option<Failure>,
}

impl Results {
    pub(super) fn add(&mut self, app: &str, result: &impl Serialize) -> Result<(), ConnectorError> {
        self.push(app, Some(value(result)?), None);
        Ok(())
    }

    /// There is no result.
    pub(super) fn fail(&mut self, app: &str, failure: Failure) {
        self.push(app, None, Some(failure));
    }

    /// It failed, and this is how far it came.
    pub(super) fn fail_with(
        &mut self,
        app: &str,
        failure: Failure,
        result: &impl Serialize,
    ) -> Result<(), ConnectorError> {
        self.push(app, Some(value(result)?), Some(failure));
        Ok(())
    }

    fn push(&mut self, app: &str, result: Option<Value>, failure: Option<Failure>) {
        self.0.push(One { app: app.to_owned(), result, failure });
    }

    /// `several`: whether the command was about more than one app, whatever came of it.
    pub(super) fn print(self, several: bool) -> Result<(), ConnectorError> {
        print::out(&self.text(several)?)
    }

    /// The same as text, with a line feed at its end; nothing where there is no result.
    pub(super) fn text(self, several: bool) -> Result<String, ConnectorError> {
        if several {
            return print::text(&self.0.into_iter().map(One::named).collect::<Result<Vec<_>, _>>()?);
        }
        self.0.into_iter().next().map_or(Ok(String::new()), |one| print::text(&one.alone()?))
    }
}

impl One {
    fn alone(self) -> Result<Value, ConnectorError> {
        let mut document = match self.result {
            Some(Value::Object(result)) => result,
            Some(other) => return Ok(other),
            None => Map::new(),
        };
        document.extend(keys(self.failure)?);
        Ok(document.into())
    }

    fn named(self) -> Result<Value, ConnectorError> {
        let mut document = Map::from_iter([("app".to_owned(), self.app.into())]);
        document.extend(self.result.map(|result| ("result".to_owned(), result)));
        document.extend(keys(self.failure)?);
        Ok(document.into())
    }
}

fn keys(failure: Option<Failure>) -> Result<Map<String, Value>, ConnectorError> {
    match failure.map(|failure| value(&failure)).transpose()? {
        Some(Value::Object(keys)) => Ok(keys),
        _ => Ok(Map::new()),
    }
}

fn value(result: &impl Serialize) -> Result<Value, ConnectorError> {
    serde_json::to_value(result).map_err(|error| ConnectorError::Other(error.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connector::Exit;

    fn document(fill: impl FnOnce(&mut Results), several: bool) -> Value {
        let mut results = Results::default();
        fill(&mut results);
        serde_json::from_str(&results.text(several).unwrap()).unwrap()
    }

    #[test]
    fn one_app_is_its_result_and_what_failed_stands_beside_how_far_it_came() {
        let done = json!({"completed": true});
        assert_eq!(document(|results| results.add("HR", &done).unwrap(), false), done);
        let failure = || Failure::new(Exit::Held, "held");
        assert_eq!(document(|results| results.fail("HR", failure()), false), json!({"error": "held", "exit_code": 3}));
        let half = document(|results| results.fail_with("HR", failure(), &json!({"sync_id": 1})).unwrap(), false);
        assert_eq!(half, json!({"sync_id": 1, "error": "held", "exit_code": 3}));
    }

    #[test]
    fn several_apps_are_a_list_with_their_names_that_misses_nobody() {
        let both = document(
            |results| {
                results.add("HR", &json!([1])).unwrap();
                results.fail("HR Asia", Failure::new(Exit::TryLater, "busy"));
            },
            true,
        );
        assert_eq!(both, json!([{"app": "HR", "result": [1]}, {"app": "HR Asia", "error": "busy", "exit_code": 75}]));
    }
}
