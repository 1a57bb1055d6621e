//! A task as the form composes it: what was filled in becomes the payload that Iden would send, or words about what is missing.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use crate::app::App;
use crate::new_task::NewTask;
use crate::span;
use crate::state::link::LINKS;
use crate::view::{RecordView, TypeView};

/// One of the six kinds of task.
pub(crate) struct Action {
    /// As in the protocol.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) words: &'static str,
}

pub(crate) const ACTIONS: [Action; 6] = [
    Action { name: "create_account", title: "Create", words: "a new account" },
    Action { name: "update_account", title: "Update", words: "other values, other groups" },
    Action { name: "suspend_account", title: "Suspend", words: "locked for the time being" },
    Action { name: "unsuspend_account", title: "Unsuspend", words: "let in again" },
    Action { name: "reset_password", title: "Reset password", words: "a new one, or a mail" },
    Action { name: "delete_account", title: "Delete", words: "gone for good" },
];

/// The fields of an account that the form asks for, with their labels.
pub(crate) const ACCOUNT_FIELDS: [(&str, &str); 5] = [
    ("email", "Email"),
    ("username", "Username"),
    ("first_name", "First name"),
    ("last_name", "Last name"),
    ("display_name", "Display name"),
];

/// Where a task may name the licenses of an account. Iden's documentation leaves that open.
pub(crate) const LICENSE_PLACES: [(&str, &str); 4] = [
    ("account", "account.assignments"),
    ("memberships", "memberships"),
    ("changes", "changes"),
    ("assignments", "assignments"),
];

/// What is wrong with one field of the form.
pub(crate) struct Mistake {
    pub(crate) field: &'static str,
    pub(crate) words: String,
}

/// What was filled in.
pub(crate) struct Draft<'a> {
    pub(crate) action: &'static Action,
    /// The type of the account. `None`: the app has no account type.
    pub(crate) account_type: Option<TypeView>,
    /// The account that was chosen.
    pub(crate) account: Option<RecordView>,
    fields: &'a Fields,
    types: Vec<TypeView>,
}

impl<'a> Draft<'a> {
    /// An unknown action or type is read as the first one.
    pub(crate) fn read(app: &App, fields: &'a Fields) -> Self {
        let action = ACTIONS.iter().find(|action| action.name == fields.get("action")).unwrap_or(&ACTIONS[0]);
        let types = app.types();
        let mut accounts = types.iter().filter(|known| known.kind == "account");
        let wanted = accounts.clone().find(|known| known.slug == fields.get("type"));
        let account_type = wanted.or_else(|| accounts.next()).cloned();
        let account = account_type.as_ref().and_then(|known| app.record(&known.slug, fields.exact("account")));
        Self { action, account_type, account, fields, types }
    }

    pub(crate) fn is_create(&self) -> bool {
        self.action.name == "create_account"
    }

    pub(crate) fn is_update(&self) -> bool {
        self.action.name == "update_account"
    }

    /// Whether the chosen account is linked to this record now.
    pub(crate) fn has_link(&self, links: &str, record: &RecordView) -> bool {
        let ids = self.account.as_ref().and_then(|account| account.fields[links][&record.slug].as_array());
        ids.is_some_and(|ids| ids.iter().any(|id| *id == record.id))
    }

    /// The task. All mistakes are found at once.
    pub(crate) fn task(&self, now: Timestamp) -> Result<NewTask, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut note = |field, words: &str| mistakes.push(Mistake { field, words: words.to_owned() });
        let slug = self.account_type.as_ref().map_or("", |known| known.slug.as_str());
        if slug.is_empty() {
            note("type", "The app has no account type: the connector has to register one first.");
        }
        let more = self.more().unwrap_or_else(|words| {
            note("more", &words);
            Map::new()
        });
        let mut entered = self.entered();
        entered.extend(more);
        let mut task = NewTask::new(self.action.name, slug);
        if self.is_create() {
            if !["email", "username"].iter().any(|field| entered.contains_key(*field)) {
                note("email", "An account needs an email or a username.");
            }
            task = task.account(entered.into());
            if self.has_ticked("memberships") {
                task = task.memberships(self.ticked("memberships", false).into());
            }
            if self.has_ticked("assignments") {
                task = self.with_licenses(task, self.ticked("assignments", false));
            }
        } else {
            let account = self.known();
            if account.is_empty() {
                note("account", "Choose the account that the task is about.");
            }
            if self.is_update() {
                let sets = |links: &str| self.fields.all("set").any(|set| set == links);
                if entered.is_empty() && !sets("memberships") && !sets("assignments") {
                    note("changes", "Fill in what is to change.");
                }
                if sets("memberships") {
                    task = task.memberships(self.ticked("memberships", true).into());
                }
                if !entered.is_empty() {
                    task = task.changes(entered.into());
                }
            }
            task = task.account(account.into());
            if self.is_update() && self.fields.all("set").any(|set| set == "assignments") {
                task = self.with_licenses(task, self.ticked("assignments", true));
            }
        }
        match self.wait() {
            Ok(None) => {}
            Ok(Some(wait)) => match now.checked_add(wait) {
                Ok(due) => task = task.execute_after(due),
                Err(_) => note("wait", "This is beyond the end of time."),
            },
            Err(words) => note("wait", &words),
        }
        if mistakes.is_empty() { Ok(task) } else { Err(mistakes) }
    }

    /// The task with these licenses, in the place that was chosen.
    fn with_licenses(&self, mut task: NewTask, licenses: Map<String, Value>) -> NewTask {
        let place = match self.fields.get("licenses_in") {
            "memberships" => &mut task.memberships,
            "changes" => &mut task.changes,
            "assignments" => &mut task.assignments,
            _ => {
                task.account["assignments"] = licenses.into();
                return task;
            }
        };
        let mut all = place.as_object().cloned().unwrap_or_default();
        all.extend(licenses);
        *place = all.into();
        task
    }

    /// The chosen account as Iden names it: its plain fields. Its links are left out: in a task they would be links to set.
    fn known(&self) -> Map<String, Value> {
        let fields = self.account.as_ref().and_then(|record| record.fields.as_object()).into_iter().flatten();
        let is_named = |name: &str| name == "id" || ACCOUNT_FIELDS.iter().any(|(field, _)| *field == name);
        fields.filter(|(name, _)| is_named(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn entered(&self) -> Map<String, Value> {
        let status = ("status", self.fields.get("status"));
        let texts = ACCOUNT_FIELDS.map(|(field, _)| (field, self.fields.get(field)));
        let filled = texts.into_iter().chain([status]).filter(|(_, text)| !text.is_empty());
        filled.map(|(field, text)| (field.to_owned(), text.into())).collect()
    }

    /// Further fields, as JSON.
    fn more(&self) -> Result<Map<String, Value>, String> {
        match self.fields.get("more") {
            "" => Ok(Map::new()),
            text => serde_json::from_str(text)
                .map_err(|error| format!("Expected a JSON object such as {{\"cost_center\": \"7\"}}: {error}.")),
        }
    }

    fn has_ticked(&self, links: &'static str) -> bool {
        self.fields.has(links)
    }

    /// Slug to the ids that were ticked. `whole`: also the types of which none is.
    fn ticked(&self, links: &'static str, whole: bool) -> Map<String, Value> {
        let kind = LINKS.iter().find(|(field, _)| *field == links).map_or("", |(_, kind)| kind.name());
        let ids = |slug: &str| -> Vec<&str> {
            let ticked = self.fields.all(links).filter_map(|tick| tick.split_once('/'));
            ticked.filter(|(of, _)| *of == slug).map(|(_, id)| id).collect()
        };
        let types = self
            .types
            .iter()
            .filter(|known| known.kind == kind)
            .map(|known| (known.slug.clone(), json!(ids(&known.slug))));
        types.filter(|(_, ids)| whole || ids != &json!([])).collect()
    }

    fn wait(&self) -> Result<Option<Duration>, String> {
        let text = self.fields.get("wait");
        match self.fields.get("when") {
            "later" => span::parse(text).map(Some).ok_or_else(|| format!("Expected {}, got `{text}`.", span::EXPECTED)),
            _ => Ok(None),
        }
    }
}
