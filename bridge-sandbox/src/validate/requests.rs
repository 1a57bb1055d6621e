use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::fields::Fields;
use crate::error::Refusal;
use crate::state::catalog::Kind;
use crate::state::task::TaskStatus;

/// The body of `POST apps/`.
pub(crate) struct NewApp<'a> {
    pub(crate) name: &'a str,
    pub(crate) clone_from: Option<Uuid>,
}

impl<'a> NewApp<'a> {
    pub(crate) fn read(body: &'a Value) -> Result<Self, Refusal> {
        let fields = Fields::of_body(body)?;
        fields.only(&["name", "clone_from"])?;
        let name = fields.display_name("name")?;
        let clone_from = match fields.nullable("clone_from") {
            None => None,
            Some(value) => {
                let id = value.as_str().and_then(parse_uuid);
                Some(id.ok_or_else(|| fields.complaint("clone_from", "must be a UUID or null"))?)
            }
        };
        Ok(Self { name, clone_from })
    }
}

/// The body of `POST resource-types/`.
pub(crate) struct NewType<'a> {
    pub(crate) slug: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
}

impl<'a> NewType<'a> {
    pub(crate) fn read(body: &'a Value) -> Result<Self, Refusal> {
        let fields = Fields::of_body(body)?;
        fields.only(&["slug", "name", "type"])?;
        let slug = fields.required("slug")?;
        if !is_slug(slug) {
            return Err(fields.complaint("slug", "must match ^[a-z0-9][a-z0-9_-]{0,62}$"));
        }
        if ["complete", "abandon"].contains(&slug) {
            return Err(fields.complaint("slug", &format!("must not be the reserved word `{slug}`")));
        }
        let name = fields.display_name("name")?;
        let kind = Kind::parse(fields.required("type")?);
        let kind = kind.ok_or_else(|| fields.complaint("type", "must be one of account, group, license"))?;
        Ok(Self { slug, name, kind })
    }
}

/// The body of `PATCH resource-types/{slug}/`.
pub(crate) fn display_name_only(body: &Value) -> Result<&str, Refusal> {
    let fields = Fields::of_body(body)?;
    fields.only(&["name"])?;
    fields.display_name("name")
}

/// The body of `PATCH tasks/{task_id}/status/`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) status: TaskStatus,
    pub(crate) result: Option<Value>,
    pub(crate) error: Option<Value>,
}

impl Report {
    pub(crate) fn read(body: &Value) -> Result<Self, Refusal> {
        let fields = Fields::of_body(body)?;
        fields.only(&["status", "result", "error"])?;
        let status = match fields.required("status")? {
            "completed" => TaskStatus::Completed,
            "failed" => TaskStatus::Failed,
            _ => return Err(fields.complaint("status", "must be completed or failed")),
        };
        let result = fields.nullable("result");
        if result.is_some_and(|result| !result.is_object()) {
            return Err(fields.complaint("result", "must be an object or null"));
        }
        let error = fields.nullable("error");
        match error {
            None => {}
            Some(Value::Object(map)) => {
                let error = Fields::of(map, "`error`");
                error.required("code")?;
                error.text("message")?.ok_or_else(|| error.complaint("message", "is required"))?;
            }
            Some(_) => return Err(fields.complaint("error", "must be an object or null")),
        }
        Ok(Self { status, result: result.cloned(), error: error.cloned() })
    }
}

/// The body of a call that takes none. An empty object is nothing, too.
pub(crate) fn nothing(body: &[u8]) -> Result<(), Refusal> {
    let blank = body.trim_ascii();
    let empty =
        blank.is_empty() || serde_json::from_slice::<Value>(blank).is_ok_and(|body| body == serde_json::json!({}));
    if empty { Ok(()) } else { Err(Refusal::bad_request("this call takes no body")) }
}

/// UUIDs in their one usual form, with hyphens.
pub(crate) fn parse_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

fn is_slug(text: &str) -> bool {
    let first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let rest = |byte: u8| first(byte) || byte == b'_' || byte == b'-';
    text.len() <= 63 && text.bytes().next().is_some_and(first) && text.bytes().all(rest)
}
