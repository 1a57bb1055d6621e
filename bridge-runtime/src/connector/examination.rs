//! Looking at one connector without changing anything: its journal, its app, its types, and the first page of each source.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use bridge_core::{SourceError, TypeSchema, wire::Kind};
use serde_json::Value;

use super::{
    Connector, ConnectorError, Exit, Finding, Target,
    app::{self, Choice},
};
use crate::{
    client::Client,
    clock::Clock,
    journal::{Journal, JournalError, UnreadType},
    sync::{Limits, Sample, SyncError, SyncFailure, SyncReport, compare_with_journal},
    tasks::{Entry, Route},
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
        // Wrong limits are a matter of the configuration, which is looked at by itself.
        let limits = target.limited(self.limits.clone()).unwrap_or_default();
        let mut findings = match journal.and_then(|()| target.beside_journal(&name)) {
            Ok(journal) => State { name: &name, types: self.types(), limits, target, client }.examine(&*journal).await,
            Err(error) => vec![
                Finding::failed("journal", &error, "do as the message says; nothing was changed"),
                Finding::skipped("app", "the journal knows which it is"),
                Finding::skipped("types", "the journal knows which there were"),
            ],
        };
        findings.extend(off_boarding(self.tasks.entries().iter().map(Entry::route)));
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
                Ok(sample) => {
                    if reader.schema.kind == Kind::Account {
                        findings.extend(of_emails(&sample).map(|found| found.of(&of)));
                    }
                    of_sample(&sample)
                }
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
    limits: BTreeMap<&'static str, Limits>,
    target: &'a Target,
    client: Option<&'a Client>,
}

impl State<'_> {
    async fn examine(&self, journal: &dyn Journal) -> Vec<Finding> {
        let slugs: Vec<_> = self.types.iter().map(|one| one.slug).collect();
        let looked = async { Ok((journal.app().await?, journal.types().await?, journal.unread_types(&slugs).await?)) };
        let (known, types, mut unread) = match looked.await {
            Ok(looked) => looked,
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
            Some(client) => self.examine_app(client, journal).await,
            None => Finding::skipped("app", "Iden cannot be had"),
        };
        unread.retain(UnreadType::needs_approval);
        let types = match compare_with_journal(&self.types, &types) {
            Ok(()) if unread.is_empty() => Finding::ok(
                "types",
                format!("{} declared, and the app has no other type with records", self.types.len()),
            ),
            Ok(()) => of_unread(&unread),
            Err(problems) => {
                let error = SyncFailure { error: SyncError::Types(problems), report: SyncReport::default() }.into();
                Finding::failed("types", &error, "give the resource another slug")
            }
        };
        let mut findings = vec![journal_found, app, types];
        findings.extend(self.unknown_protected(journal).await);
        findings
    }

    /// Protected ids that no record has: a typing error protects nobody.
    async fn unknown_protected(&self, journal: &dyn Journal) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (slug, limits) in &self.limits {
            match journal.unknown(slug, limits.protected_ids()).await {
                Ok(unknown) if unknown.is_empty() => {}
                Ok(unknown) => {
                    let found = format!("no record has the protected id {}", unknown.join(", "));
                    let remedy = "write it as the source gives it, or take it off `protected`";
                    findings.push(Finding::warning("protected", found, remedy).of(format!("{} {slug}", self.name)));
                }
                Err(error) => {
                    let remedy = "look after the disk and the directory's owner";
                    findings.push(Finding::failed("journal", &ConnectorError::Journal(error), remedy));
                }
            }
        }
        findings
    }

    async fn examine_app(&self, client: &Client, journal: &dyn Journal) -> Finding {
        let (app, is_known) = match app::choose(client, journal, self.name, self.target).await {
            Ok(Choice::Known(app)) => (app, true),
            Ok(Choice::Found(app)) => (app, false),
            Ok(Choice::New) => return Finding::ok("app", "Iden has none of this name; the next run creates it"),
            Err(error) => return Finding::failed("app", &error, "name the app with --app-id"),
        };
        match client.pending_tasks(app, 1, 0).await {
            Ok(_) if is_known => Finding::ok("app", format!("{app}")),
            Ok(_) => Finding::warning(
                "app",
                format!("{app}, which this state does not know"),
                "the next run works on it, and its first completion needs approval",
            ),
            Err(error) => Finding::failed("app", &error.into(), "look into Iden whether the key may use this app"),
        }
    }
}

/// Types that completing a sync would empty.
fn of_unread(unread: &[UnreadType]) -> Finding {
    let types: Vec<_> = unread.iter().map(|one| format!("`{}`", one.slug)).collect();
    let found = format!("the app has types that this connector does not read: {}", types.join(", "));
    let remedy = "restore the slug if it was renamed by mistake; else review with `plan`, then `approve`";
    Finding::failing("types", Exit::Held, found, remedy)
}

/// Iden matches accounts to people by e-mail address (protocol.md section 10).
fn of_emails(sample: &Sample) -> Option<Finding> {
    let Sample { records, without_email, .. } = sample;
    let found = || format!("{without_email} of the first {records} accounts have no e-mail address");
    let remedy = "map `email` where the system knows it: Iden matches accounts to people by it, and leaves unmatched ones out of reviews and automatic off-boarding";
    (*without_email > 0).then(|| Finding::warning("email", found(), remedy))
}

/// Iden's off-boarding suspends an account, else deletes it.
fn off_boarding(routes: impl Iterator<Item = Route>) -> Option<Finding> {
    let routes: Vec<_> = routes.collect();
    let ends = |slug: &str| {
        routes.iter().any(|one| one.slug == slug && matches!(one.action, "suspend_account" | "delete_account"))
    };
    let slugs: BTreeSet<_> = routes.iter().map(|one| one.slug).filter(|slug| !ends(slug)).collect();
    let slugs: Vec<_> = slugs.into_iter().map(|slug| format!("`{slug}`")).collect();
    let found = || format!("no handler suspends or deletes accounts of {}", slugs.join(", "));
    let remedy =
        "add a handler of `SuspendAccount` or `DeleteAccount`: Iden's off-boarding tries these two, in this order";
    (!slugs.is_empty()).then(|| Finding::warning("handlers", found(), remedy))
}

/// Whether a journal can be written in this folder, which may not be there yet. Nothing is left behind.
fn place_to_write(folder: &Path) -> Result<(), ConnectorError> {
    let place = folder.ancestors().find(|place| place.exists()).unwrap_or(folder);
    let written = tempfile::tempfile_in(place);
    written.map(drop).map_err(|source| JournalError::Io { path: folder.to_owned(), what: "written", source }.into())
}

fn of_sample(sample: &Sample) -> Finding {
    let Sample { records, example, whole, .. } = sample;
    match example {
        Some(example) if *records == 0 => Finding::failing(
            "source",
            Exit::Data,
            format!("none of the first records can be read: {example}"),
            "fix the records, or the mapping if it is wrong for all of them",
        ),
        Some(example) => Finding::warning(
            "source",
            format!("some of the first records cannot be read: {example}"),
            "mend the record; until then the person counts as present, and nothing about them is pushed",
        ),
        None if *whole => Finding::ok("source", format!("{records} records, read to the end")),
        None => Finding::ok("source", format!("the first {records} records can be read")),
    }
}
