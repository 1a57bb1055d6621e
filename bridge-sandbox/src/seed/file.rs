use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::fault::{Fault, FaultForm};
use crate::shown;

/// A seed file. Every part of it may be left out.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    /// Name to value: true or false, a number, or a text.
    #[serde(default)]
    pub(super) assumptions: BTreeMap<String, Value>,
    #[serde(default, rename = "app")]
    pub(super) apps: Vec<SeedApp>,
    #[serde(default, rename = "key")]
    pub(super) keys: Vec<SeedKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedApp {
    pub(super) name: String,
    /// Default: a random one.
    pub(super) id: Option<Uuid>,
    /// Default: the first tenant.
    pub(super) tenant: Option<String>,
    /// The name of an app that stands before.
    pub(super) clone_from: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) types: Vec<SeedType>,
    /// Slug to records, as they would be pushed.
    #[serde(default)]
    pub(super) records: Map<String, Value>,
    #[serde(default, rename = "task")]
    pub(super) tasks: Vec<SeedTask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedType {
    pub(super) slug: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedTask {
    pub(super) action: String,
    pub(super) resource_type: String,
    #[serde(default)]
    pub(super) account: Value,
    #[serde(default)]
    pub(super) memberships: Value,
    #[serde(default)]
    pub(super) changes: Value,
    /// Not before this moment.
    pub(super) execute_after: Option<Timestamp>,
    /// Not before so long from the start, for example `10m`.
    pub(super) execute_in: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedKey {
    pub(super) key: String,
    /// Default: the first tenant.
    pub(super) tenant: Option<String>,
    /// The names of the apps that it reaches. Default: every app.
    pub(super) apps: Option<Vec<String>>,
    /// It is revoked from the start.
    #[serde(default)]
    pub(super) revoked: bool,
    /// It is valid until then.
    pub(super) expires_at: Option<Timestamp>,
}

impl Seed {
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        Self::parse(&text("seed file", path)?, path)
    }

    pub(crate) fn parse(text: &str, path: &Path) -> io::Result<Self> {
        parse("seed file", text, path)
    }
}

/// A fault file: rules, in the order in which they are tried.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultFile {
    #[serde(default, rename = "fault")]
    rules: Vec<FaultForm>,
}

impl FaultFile {
    pub(crate) fn read(path: &Path) -> io::Result<Vec<Fault>> {
        Self::parse(&text("fault file", path)?, path)
    }

    pub(crate) fn parse(text: &str, path: &Path) -> io::Result<Vec<Fault>> {
        let file: FaultFile = parse("fault file", text, path)?;
        let rules = file.rules.into_iter().enumerate().map(|(index, form)| {
            Fault::try_from(form).map_err(|error| refuse("fault file", path, &format!("fault {}: {error}", index + 1)))
        });
        rules.collect()
    }
}

fn text(what: &str, path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
        .map_err(|error| io::Error::new(error.kind(), format!("the {what} {} cannot be read: {error}", path.display())))
}

/// What a file says: JSON where its name ends in `.json`, else TOML.
fn parse<T: DeserializeOwned>(what: &str, text: &str, path: &Path) -> io::Result<T> {
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let read = if is_json {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        toml::from_str(text).map_err(|error| error.to_string())
    };
    read.map_err(|error| refuse(what, path, &error))
}

pub(super) fn refuse(what: &str, path: &Path, trouble: &str) -> io::Error {
    let trouble = shown::block(trouble.trim_end());
    io::Error::new(io::ErrorKind::InvalidInput, format!("the {what} {}: {trouble}", path.display()))
}
