//! From an answer to a value, or to an error. Nothing doubtful becomes a success.

use bridge_core::wire::{
    ErrorBody,
    text::{decode_fault, printable},
};
use serde::de::DeserializeOwned;

use super::{ErrorKind, Response};
use crate::planted::Bug;

/// The value in the body of a success. Any 2xx will do, if the body is what the call documents.
pub(super) fn value<T: DeserializeOwned>(answer: &Response) -> Result<T, ErrorKind> {
    success(answer)?;
    if !says_json(answer) {
        return Err(unreadable(answer, None));
    }
    serde_json::from_slice(&answer.body).map_err(|fault| unreadable(answer, Some(&fault)))
}

/// The value, if it is of the one that was asked for: what a mixed-up answer says of another session or task must not be
/// taken for this one's.
pub(super) fn of<T: DeserializeOwned, I: Copy + PartialEq>(
    answer: &Response,
    asked: I,
    id: impl Fn(&T) -> I,
) -> Result<T, ErrorKind> {
    let value = value(answer)?;
    if id(&value) != asked {
        return Err(ErrorKind::Unreadable { status: answer.status, came: "the answer to another question".to_owned() });
    }
    Ok(value)
}

/// A success without a value. 202 and 204 may come without a body; what does come must be JSON, or it is not Bridge's.
pub(super) fn nothing(answer: &Response) -> Result<(), ErrorKind> {
    if Bug::BareErrorIsSuccess.is_planted() && answer.body.is_empty() {
        return Ok(());
    }
    success(answer)?;
    if answer.body.trim_ascii().is_empty() && matches!(answer.status, 202 | 204) {
        return Ok(());
    }
    value::<serde::de::IgnoredAny>(answer).map(|_| ())
}

fn success(answer: &Response) -> Result<(), ErrorKind> {
    let status = answer.status;
    match status {
        200..=299 => Ok(()),
        300..=399 => {
            let location = answer.location.as_deref().map(|to| printable(to, 200));
            Err(ErrorKind::Redirected { status, location })
        }
        400..=599 => {
            Err(ErrorKind::Refused { status, body: ErrorBody::read(&answer.body), retry_after: answer.retry_after })
        }
        _ => Err(unreadable(answer, None)),
    }
}

/// Whether the content type allows JSON. A missing one does: the body decides.
fn says_json(answer: &Response) -> bool {
    let Some(content_type) = &answer.content_type else { return true };
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

fn unreadable(answer: &Response, fault: Option<&serde_json::Error>) -> ErrorKind {
    let content_type = answer.content_type.as_deref().unwrap_or("no content type");
    let mut came = printable(content_type, 80);
    // JSON behind a byte order mark cannot be read, and is JSON all the same.
    let body = answer.body.trim_ascii();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.is_empty() {
        came.push_str(" and an empty body");
    } else if !matches!(body[0], b'{' | b'[' | b'"') {
        // Only what is no JSON is quoted, nor has any behind it. JSON can hold a task's password.
        let end = body.iter().take(600).position(|byte| matches!(byte, b'{' | b'[')).unwrap_or(body.len().min(600));
        let beginning = String::from_utf8_lossy(&body[..end]);
        came.push_str(&format!(": {}", printable(&beginning, 120)));
    } else if let Some(fault) = fault {
        came.push_str(&format!(": {}", decode_fault(fault)));
    }
    ErrorKind::Unreadable { status: answer.status, came }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bridge_core::wire::SyncSession;

    const SESSION: &str = r#"{"sync_id":"0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11"}"#;

    #[test]
    fn a_success_needs_a_2xx_a_json_type_and_a_body_that_fits() {
        for answer in [
            Response::json(201, SESSION),
            Response::new(200, SESSION),
            Response::new(201, SESSION).content_type("application/vnd.api+JSON; charset=utf-8"),
        ] {
            assert!(value::<SyncSession>(&answer).is_ok(), "{answer:?}");
        }
        for answer in [
            Response::json(201, ""),
            Response::json(201, "{}"),
            Response::json(201, &SESSION[..20]),
            Response::json(301, SESSION),
            Response::json(500, SESSION),
            Response::json(600, SESSION),
            Response::new(200, SESSION).content_type("text/html"),
        ] {
            assert!(value::<SyncSession>(&answer).is_err(), "{answer:?}");
        }
    }

    #[test]
    fn the_answer_to_another_question_is_none() {
        let of =
            |asked: &str| of(&Response::json(200, SESSION), asked.parse().unwrap(), |read: &SyncSession| read.sync_id);
        assert!(of("0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11").is_ok());
        let other = of("0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a12").unwrap_err();
        assert!(matches!(other, ErrorKind::Unreadable { status: 200, .. }), "{other:?}");
    }

    #[test]
    fn an_empty_body_is_a_success_only_where_it_is_documented() {
        assert!(nothing(&Response::new(202, "").content_type("text/html")).is_ok());
        assert!(nothing(&Response::new(204, "")).is_ok());
        assert!(nothing(&Response::json(200, r#"{"status":"completed"}"#)).is_ok());
        assert!(nothing(&Response::new(200, "")).is_err());
        assert!(nothing(&Response::new(202, "<html>").content_type("text/html")).is_err());
    }

    #[test]
    fn what_came_is_told_without_values() {
        let came = |answer: Response| match value::<SyncSession>(&answer) {
            Err(ErrorKind::Unreadable { came, .. }) => came,
            other => panic!("{other:?}"),
        };
        let html = Response::new(200, "\n<!doctype html>\n<title>Sign in</title>").content_type("text/html");
        assert_eq!(came(html), r"text/html: <!doctype html>\n<title>Sign in</title>");
        let wrong = came(Response::json(200, r#"{"sync_id":"hunter2"}"#));
        assert_eq!(wrong, "application/json: a value does not fit at line 1 column 20");
        let marked = came(Response::json(200, "\u{feff}{\"password\":\"hunter2\"}"));
        assert_eq!(marked, "application/json: not JSON at line 1 column 1");
        assert_eq!(came(Response::new(200, "")), "no content type and an empty body");
        for before in ["\u{feff}", ")]}',\n", "\n\u{feff}[7,"] {
            let hidden = came(Response::json(200, format!(r#"{before}{{"password":"hunter2"}}"#)));
            assert!(!hidden.contains("hunter2"), "{hidden}");
        }
    }
}
