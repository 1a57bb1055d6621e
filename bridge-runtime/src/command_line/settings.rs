//! Flag over environment over file over default.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fmt::{Display, Write as _},
    net::SocketAddr,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use bridge_core::wire::{AppId, text::printable};
use jiff::SignedDuration;
use serde_json::Value;

use super::{args::SettingArgs, key, quotes, settings_file::SettingsFile, state_directory};
use crate::{
    client::{ApiKey, BaseUrl},
    connector::{AppChoice, ConnectorError, Fleet, Member, Schedule, Target, state_folder},
    sync::Limits,
};

/// The shortest interval between syncs: below it, sessions would follow each other without a pause.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_secs(10);

/// Everything that a command needs to know.
pub(super) struct Settings {
    args: SettingArgs,
    file: SettingsFile,
    /// Whether no file was named and the default one does not exist.
    has_no_file: bool,
}

impl Settings {
    pub(super) fn read(args: SettingArgs) -> Result<Self, ConnectorError> {
        quotes::check()?;
        let file = SettingsFile::read(path(args.config.as_ref()).as_deref())?;
        let has_no_file = file.is_none();
        Ok(Settings { args, file: file.unwrap_or_default(), has_no_file })
    }

    #[cfg(feature = "fuzzing")]
    pub(super) fn of(args: SettingArgs, file: SettingsFile) -> Self {
        Settings { args, file, has_no_file: false }
    }

    /// Fails with all that is wrong at once, the connector's own settings included, before anything is asked of Iden.
    /// `for_iden`: whether the command needs Iden's address and a key.
    pub(super) fn check(&self, fleet: &Fleet, for_iden: bool) -> Result<(), ConnectorError> {
        let mut problems = self.problems(fleet, for_iden);
        if for_iden {
            problems.extend(key::check(self.file.api_key_file.clone()).err());
        }
        let [first, more @ ..] = &problems[..] else { return Ok(()) };
        let mut said = match more {
            [] => first.to_string(),
            _ => {
                let lines = problems.iter().map(|problem| format!("\n  - {problem}")).collect::<String>();
                format!("the configuration has {} problems:{lines}", problems.len())
            }
        };
        if self.has_no_file {
            let file = SettingsFile::default_path();
            let _ = write!(said, "\nno configuration file was read: {} does not exist", file.display());
        }
        Err(wrong(said))
    }

    /// What is wrong, but for the key.
    pub(super) fn problems(&self, fleet: &Fleet, for_iden: bool) -> Vec<ConnectorError> {
        let members = || fleet.members().iter();
        let slugs = members().flat_map(|member| member.types()).map(|schema| schema.slug).collect();
        let own = match self.app() {
            Ok(own) => members().filter_map(|member| member.check_settings(own.clone()).err()).next(),
            Err(error) => Some(error),
        };
        let address = || [self.url().err(), self.app_choice().err(), self.allow_http().err(), self.clone_from().err()];
        let mut problems: Vec<_> = self.check_types(&slugs).err().into_iter().collect();
        if for_iden {
            problems.extend(address().into_iter().flatten());
        }
        problems.extend(
            [self.schedule().err(), self.listen().err(), fleet.wanted(self.one_app()).err(), own].into_iter().flatten(),
        );
        problems
    }

    /// Warns of a setting that is meant for one start and is set for good.
    pub(super) fn warn_of_lasting_create_app(&self) {
        let in_environment = std::env::var("BRIDGE_CREATE_APP").ok();
        let lasts = |value: Option<&String>| boolean("create_app", value).ok().flatten();
        let place = match (lasts(in_environment.as_ref()), self.file.create_app) {
            (Some(true), _) => "BRIDGE_CREATE_APP",
            (_, Some(true)) => "create_app in the configuration file",
            _ => return,
        };
        tracing::warn!("{place} is set for good: if the state is lost, the next start creates another app; unset it");
    }

    /// What to log, and how.
    pub(super) fn log(&self) -> LogSettings {
        LogSettings::of(&self.args, Some(self))
    }

    /// The user's own settings.
    pub(super) fn app(&self) -> Result<Value, ConnectorError> {
        self.file.app()
    }

    /// Limits for a type that no app has would be a limit that nobody sees.
    /// The protected ids of each type of a connector, by slug.
    pub(super) fn protected(&self, member: &dyn Member) -> Vec<(&'static str, Vec<String>)> {
        let patched = |(slug, limits): (&'static str, Limits)| {
            // Wrong limits are told where they matter.
            let limits = match self.file.types.get(slug) {
                Some(patch) => patch.apply(limits).ok()?,
                None => limits,
            };
            Some((slug, limits.protected_ids().to_vec()))
        };
        member.limits().into_iter().filter_map(patched).filter(|(_, ids)| !ids.is_empty()).collect()
    }

    pub(super) fn check_types(&self, known: &BTreeSet<&str>) -> Result<(), ConnectorError> {
        match self.file.types.keys().find(|slug| !known.contains(slug.as_str())) {
            Some(slug) => {
                let known: Vec<_> = known.iter().map(|slug| format!("`{slug}`")).collect();
                let slug = printable(slug, 64);
                Err(wrong(format!("[types.{slug}]: there is no such type here, but {}", known.join(", "))))
            }
            None => Ok(()),
        }
    }

    /// Which app of a fleet, if one is named.
    pub(super) fn one_app(&self) -> Option<&str> {
        set(self.args.app.as_ref()).map(String::as_str)
    }

    pub(super) fn schedule(&self) -> Result<Schedule, ConnectorError> {
        let every = parsed("sync_every", self.args.sync_every.as_ref())?.or(self.file.sync_every);
        let cron = parsed("sync_cron", self.args.sync_cron.as_ref())?.or_else(|| self.file.sync_cron.clone());
        let schedule = Schedule::default();
        match (every, cron) {
            (Some(_), Some(_)) => Err(wrong("both sync_every and sync_cron are set: which of them counts? Unset one")),
            (Some(every), None) if every < SHORTEST_INTERVAL => Err(wrong(format!(
                "sync_every: {every:#} is too short, and {SHORTEST_INTERVAL:#} is the least; `run` cannot be without syncs, `tasks run` is"
            ))),
            (Some(every), None) => Duration::try_from(every)
                .map(|every| schedule.sync_every(every))
                .map_err(|error| wrong(format!("sync_every: {error}"))),
            (None, Some(cron)) => Ok(schedule.sync_at(cron)),
            (None, None) => Ok(schedule),
        }
    }

    pub(super) fn key(&self) -> Result<ApiKey, ConnectorError> {
        key::find(self.file.api_key_file.clone())
    }

    /// Where to serve what the connector tells of itself.
    pub(super) fn listen(&self) -> Result<Option<SocketAddr>, ConnectorError> {
        let text = set(self.args.listen.as_ref());
        let parse = |text: &String| {
            text.parse().map_err(|_| {
                let text = printable(text, 64);
                wrong(format!(
                    "listen: `{text}` is no address with a port; write it as `127.0.0.1:9480` or `[::1]:9480`"
                ))
            })
        };
        Ok(text.map(parse).transpose()?.or(self.file.listen))
    }

    pub(super) fn target(&self) -> Result<Target, ConnectorError> {
        // Without either, the key is what a newcomer misses first.
        self.target_with(self.key()?)
    }

    pub(super) fn target_with(&self, key: ApiKey) -> Result<Target, ConnectorError> {
        let mut target = Target::new(self.url()?, key, self.state()?)
            .app(self.app_choice()?)
            .limits(self.file.types.clone())
            .allow_http(self.allow_http()?)
            .allow_network_state(self.allow_network_state()?);
        if let Some(file) = path(self.args.ca_file.as_ref()).or_else(|| self.file.ca_file.clone()) {
            target = target.ca_file(file);
        }
        if let Some(parent) = self.clone_from()? {
            target = target.clone_from(parent);
        }
        Ok(target)
    }

    fn clone_from(&self) -> Result<Option<AppId>, ConnectorError> {
        Ok(parsed("clone_from", self.args.clone_from.as_ref())?.or(self.file.clone_from))
    }

    /// Where an app keeps its state. Needs no key.
    pub(super) fn folder(&self, app: &str) -> Result<PathBuf, ConnectorError> {
        Ok(state_folder(&self.state()?, &self.url()?, app))
    }

    fn state(&self) -> Result<PathBuf, ConnectorError> {
        state_directory::find(path(self.args.state_dir.as_ref()).or_else(|| self.file.state_dir.clone()))
    }

    pub(super) fn url(&self) -> Result<BaseUrl, ConnectorError> {
        let tenant = set(self.args.tenant.as_ref()).or(self.file.tenant.as_ref());
        let url = set(self.args.url.as_ref()).or(self.file.url.as_ref());
        match (tenant, url) {
            (Some(_), Some(_)) => Err(wrong("both a tenant and a URL are set: which of them counts? Unset one")),
            (Some(tenant), None) => BaseUrl::for_tenant(tenant).map_err(|error| wrong(error.to_string())),
            (None, Some(url)) => url.parse().map_err(|error: crate::client::BaseUrlError| wrong(error.to_string())),
            (None, None) => Err(wrong(
                "where is Iden? Set BRIDGE_TENANT to your tenant, or BRIDGE_URL to the whole base URL with /org/{tenant}",
            )),
        }
    }

    pub(super) fn allow_http(&self) -> Result<bool, ConnectorError> {
        Ok(boolean("allow_http", self.args.allow_http.as_ref())?.or(self.file.allow_http).unwrap_or(false))
    }

    fn allow_network_state(&self) -> Result<bool, ConnectorError> {
        let flag = boolean("allow_network_state", self.args.allow_network_state.as_ref())?;
        Ok(flag.or(self.file.allow_network_state).unwrap_or(false))
    }

    pub(super) fn app_choice(&self) -> Result<AppChoice, ConnectorError> {
        let id = parsed("app_id", self.args.app_id.as_ref())?.or(self.file.app_id);
        let create = boolean("create_app", self.args.create_app.as_ref())?.or(self.file.create_app);
        match (id, create.unwrap_or(false), self.args.first_run) {
            (Some(_), true, _) => Err(wrong("both an app id and --create-app are set: which of them counts?")),
            (Some(_), _, true) => Err(wrong("both an app id and --first-run are set: which of them counts?")),
            (None, true, true) => Err(wrong("both --create-app and --first-run are set: which of them counts?")),
            (Some(id), false, false) => Ok(AppChoice::Id(id)),
            (None, true, false) => Ok(AppChoice::Create),
            (None, false, true) => Ok(AppChoice::FirstRun),
            (None, false, false) => Ok(AppChoice::ByName),
        }
    }
}

/// What to log, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LogSettings {
    pub(super) filter: Option<String>,
    pub(super) format: Option<String>,
}

impl LogSettings {
    /// The log starts before anything else is said. Where the file is wrong, the command says so, in a log that goes by the
    /// flags alone.
    pub(super) fn of(args: &SettingArgs, settings: Option<&Settings>) -> Self {
        let file = settings.map(|settings| &settings.file);
        let either = |flag: &Option<String>, file: Option<&String>| set(flag.as_ref()).or(set(file)).cloned();
        LogSettings {
            filter: either(&args.log, file.and_then(|file| file.log.as_ref())),
            format: either(&args.log_format, file.and_then(|file| file.log_format.as_ref())),
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.format.as_deref() == Some("json")
    }

    /// Whether it is none that is known.
    pub(super) fn format_is_odd(&self) -> bool {
        !matches!(self.format.as_deref(), None | Some("text" | "json"))
    }
}

/// A variable that is empty counts as unset: compose files and unit files pass on what they do not have so.
fn set(value: Option<&String>) -> Option<&String> {
    value.filter(|value| !value.is_empty())
}

fn path(value: Option<&OsString>) -> Option<PathBuf> {
    value.filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn parsed<T: FromStr<Err: Display>>(setting: &str, value: Option<&String>) -> Result<Option<T>, ConnectorError> {
    let parse = |text: &String| text.parse().map_err(|error| wrong(format!("{setting}: {error}")));
    set(value).map(parse).transpose()
}

/// What people write in a variable for yes and no.
fn boolean(setting: &str, value: Option<&String>) -> Result<Option<bool>, ConnectorError> {
    let parse = |text: &String| match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "y" | "t" => Ok(true),
        "false" | "no" | "off" | "0" | "n" | "f" => Ok(false),
        _ => Err(wrong(format!("{setting}: `{}` is neither true nor false", printable(text, 64)))),
    };
    set(value).map(parse).transpose()
}

fn wrong(why: impl Into<String>) -> ConnectorError {
    ConnectorError::Configuration(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::{Exit, SyncTime};

    fn schedule(args: SettingArgs, file: &str) -> Result<Schedule, ConnectorError> {
        Settings { args, file: toml::from_str(file).unwrap(), has_no_file: false }.schedule()
    }

    fn args(every: Option<&str>, cron: Option<&str>) -> SettingArgs {
        let (sync_every, sync_cron) = (every.map(str::to_owned), cron.map(str::to_owned));
        SettingArgs { sync_every, sync_cron, ..SettingArgs::default() }
    }

    #[test]
    fn a_flag_counts_before_the_file() {
        let nightly = SyncTime::At("30 2 * * *".parse().unwrap());
        let found = schedule(args(None, Some("30 2 * * *")), "sync_cron = '0 5 * * *'").unwrap();
        assert_eq!(found.sync, nightly);
        assert_eq!(schedule(args(None, None), "sync_cron = '30 2 * * *'").unwrap().sync, nightly);
        let found = schedule(args(Some("2h"), None), "sync_every = '5m'").unwrap();
        assert_eq!(found.sync, SyncTime::Every(Duration::from_secs(7200)));
    }

    #[test]
    fn an_interval_is_ten_seconds_at_least() {
        let found = schedule(args(Some("10s"), None), "").unwrap();
        assert_eq!(found.sync, SyncTime::Every(Duration::from_secs(10)));
        for text in ["9s", "0s", "-5m"] {
            let error = schedule(args(Some(text), None), "").unwrap_err();
            assert_eq!(Exit::of(&error), Exit::Configuration);
            assert!(error.to_string().contains("10s is the least"), "{error}");
        }
    }

    #[test]
    fn an_interval_beside_a_cron_expression_is_a_matter_of_configuration_wherever_they_stand() {
        let both = [
            schedule(args(Some("1h"), Some("30 2 * * *")), ""),
            schedule(args(Some("1h"), None), "sync_cron = '30 2 * * *'"),
            schedule(args(None, Some("30 2 * * *")), "sync_every = '1h'"),
            schedule(args(None, None), "sync_every = '1h'\nsync_cron = '30 2 * * *'"),
        ];
        for error in both.map(Result::unwrap_err) {
            assert_eq!(Exit::of(&error), Exit::Configuration);
            let message = error.to_string();
            assert!(message.contains("sync_every") && message.contains("sync_cron"), "{message}");
        }
    }

    #[test]
    fn an_empty_variable_is_unset() {
        let found = schedule(args(Some("1h"), Some("")), "").unwrap();
        assert_eq!(found.sync, SyncTime::Every(Duration::from_secs(3600)));
        assert_eq!(schedule(args(Some(""), Some("")), "").unwrap(), Schedule::default());
    }

    #[test]
    fn a_malformed_expression_is_a_matter_of_configuration_that_names_the_setting() {
        let error = schedule(args(None, Some("0 25 * * *")), "").unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Configuration);
        let message = error.to_string();
        assert!(message.starts_with("sync_cron: ") && message.contains("the hour field, `25`"), "{message}");
    }
}
