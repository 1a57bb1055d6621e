//! Looking at one connector without changing anything: its journal, its app, its types, and the first page of each source.

use std::{path::Path, sync::Arc, time::Duration};

use bridge_core::{SourceError, TypeSchema, wire::AppId};
use serde_json::Value;

use super::{AppChoice, Connector, ConnectorError, Finding, Target, app};
use crate::{
    client::Client,
    clock::Clock,
    journal::{Journal, JournalError},
    sync::{Sample, SyncError, SyncFailure, SyncReport, forgotten_types},
};

/// How long the external system may take to be opened. A person is waiting.
const LONGEST_OPEN: Duration = Duration::from_secs(30);

impl<S: Send + Sync + 'static> Connector<S> {
    /// Looks at everything that this connector needs, and changes nothing: no app is made, nothing is registered or pushed.
    /// It may run beside a connector at work. `client` is `None` where Iden cannot be had.
    pub async fn examine(self, target: &Target, client: Option<&Client>, settings: Value) -> Vec<Finding> {
        let name = self.name.clone();
        let journal = match &target.journal {
            Some(_) => Ok(()),
            None => place_to_write(&target.folder(&name)),
        };
        let mut findings = match journal.and_then(|()| target.beside_journal(&name)) {
            Ok(journal) => State { name: &name, types: self.types(), target, client }.examine(&*journal).await,
            Err(error) => vec![
                Finding::failed("journal", &error, "do as the message says; nothing was changed"),
                Finding::skipped("app", "the journal knows which it is"),
                Finding::skipped("types", "the journal knows which there were"),
            ],
        };
        findings.extend(self.examine_sources(settings, &target.clock).await);
        findings.into_iter().map(|one| if one.of.is_none() { one.of(name.clone()) } else { one }).collect()
    }

    async fn examine_sources(self, settings: Value, clock: &Arc<dyn Clock>) -> Vec<Finding> {
        let opened = tokio::select! {
            biased;
            opened = (self.open)(settings) => opened,
            () = clock.sleep(LONGEST_OPEN) => {
                let why = format!("it took more than {} s", LONGEST_OPEN.as_secs());
                Err(ConnectorError::Open(SourceError::new(why)))
            }
        };
        let system = match opened {
            Ok(system) => system,
            Err(error) => {
                let remedy = match &error {
                    ConnectorError::Settings(_) => "mend [app] in the configuration file",
                    _ => "see that the external system runs, and that its address and its password are right",
                };
                return vec![Finding::failed("source", &error, remedy)];
            }
        };
        let mut findings = Vec::new();
        for reader in self.readers {
            let of = format!("{} {}", self.name, reader.schema.slug);
            let found = match Sample::of(reader, &system, clock).await {
                Ok(sample) => of_sample(&sample),
                Err(error) => {
                    let error = SyncFailure { error, report: SyncReport::default() }.into();
                    Finding::failed(
                        "source",
                        &error,
                        "see that the external system answers, and can be read as this user",
                    )
                }
            };
            findings.push(found.of(of));
        }
        findings
    }
}

/// What the journal and Iden know of a connector.
struct State<'a> {
    name: &'a str,
    types: Vec<TypeSchema>,
    target: &'a Target,
    client: Option<&'a Client>,
}

impl State<'_> {
    async fn examine(&self, journal: &dyn Journal) -> Vec<Finding> {
        let (known, slugs) = match async { Ok((journal.app().await?, journal.types().await?)) }.await {
            Ok((app, types)) => (app, types.into_iter().map(|one| one.slug).collect()),
            Err(error) => {
                let remedy = "look after the disk and the directory's owner";
                return vec![Finding::failed("journal", &ConnectorError::Journal(error), remedy)];
            }
        };
        let folder = self.target.folder(self.name);
        let journal_found = match &known {
            Some(_) => Finding::ok("journal", format!("in {}", folder.display())),
            None => Finding::warning(
                "journal",
                format!("there is none in {}", folder.display()),
                "right before the first run; else something is wrong with the state directory, and the next first completion needs approval",
            ),
        };
        let app = match self.client {
            Some(client) => self.examine_app(client, known.map(|app| app.id)).await,
            None => Finding::skipped("app", "Iden cannot be had"),
        };
        let forgotten = forgotten_types(&self.types, &slugs);
        let types = if forgotten.is_empty() {
            Finding::ok("types", format!("{} declared, and every type of the journal is among them", self.types.len()))
        } else {
            let error = SyncFailure { error: SyncError::Types(forgotten), report: SyncReport::default() }.into();
            Finding::failed("types", &error, "give the resource its old slug, or add a source for it")
        };
        vec![journal_found, app, types]
    }

    async fn examine_app(&self, client: &Client, known: Option<AppId>) -> Finding {
        let named = match (known, self.target.app) {
            (Some(known), AppChoice::Id(named)) if known != named => {
                let error = ConnectorError::OtherApp { state: self.target.folder(self.name), known, named };
                return Finding::failed("app", &error, "the message says what to do");
            }
            (Some(app), _) | (None, AppChoice::Id(app)) => app,
            (None, AppChoice::Create) => return Finding::ok("app", "the next run makes a new one"),
            (None, AppChoice::ByName) => match app::by_name(client, self.name).await.as_deref() {
                Ok([]) => return Finding::ok("app", "Iden has none of this name; the next run makes it"),
                Ok([app]) => *app,
                Ok(several) => {
                    let error = ConnectorError::SeveralApps { name: self.name.to_owned(), found: several.to_vec() };
                    return Finding::failed("app", &error, "name one with --app-id");
                }
                Err(error) => return Finding::failed("app", &error.clone().into(), "name it with --app-id"),
            },
        };
        match client.pending_tasks(named, 1, 0).await {
            Ok(_) if known.is_some() => Finding::ok("app", format!("{named}")),
            Ok(_) => Finding::warning(
                "app",
                format!("{named}, which this state does not know"),
                "the next run works on it, and its first completion needs approval",
            ),
            Err(error) => Finding::failed("app", &error.into(), "look into Iden whether the key may use this app"),
        }
    }
}

/// Whether a journal can be written in this folder, which may not be there yet. Nothing is left behind.
fn place_to_write(folder: &Path) -> Result<(), ConnectorError> {
    let place = folder.ancestors().find(|place| place.exists()).unwrap_or(folder);
    let written = tempfile::tempfile_in(place);
    written.map(drop).map_err(|source| JournalError::Io { path: folder.to_owned(), what: "written", source }.into())
}

fn of_sample(sample: &Sample) -> Finding {
    let Sample { records, unreadable, whole } = sample;
    match unreadable {
        Some(example) => Finding::warning(
            "source",
            format!("some of the first records cannot be read: {example}"),
            "mend the record; until then the person counts as present, and nothing about them is pushed",
        ),
        None if *whole => Finding::ok("source", format!("{records} records, read to the end")),
        None => Finding::ok("source", format!("the first {records} records can be read")),
    }
}
