//! Commands and flags. Every flag has a variable, and every secret has none of the two.

use std::ffi::OsString;

use bridge_core::wire::TaskId;
use clap::{Args as ClapArgs, Parser, Subcommand};

use super::completions::Shell;
use crate::connector::Exit;

const KEY: &str = "\
The API key comes from BRIDGE_API_KEY, from the file that BRIDGE_API_KEY_FILE
names, or from systemd's credential `api-key`. It has no flag: other users of the
machine could read it. Results go to standard output, the log to standard error.";

/// What stands below `--help`.
fn after_help() -> String {
    let codes = Exit::ALL.iter().map(|exit| entry(*exit as u8, exit.meaning()));
    format!("Exit codes:\n{}\n{KEY}", codes.collect::<String>())
}

/// One code with its meaning, in lines of 80 characters at most.
fn entry(code: u8, meaning: &str) -> String {
    let mut lines = vec![format!("{code:>5} ")];
    for word in meaning.split(' ') {
        if lines.last().is_some_and(|line| line.len() + 1 + word.len() > 80) {
            lines.push(" ".repeat(6));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

/// A connector for Iden's Bridge API.
#[derive(Debug, Parser)]
#[command(version, after_help = after_help(), subcommand_required = true, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) settings: SettingArgs,
    #[command(subcommand)]
    pub(super) command: Command,
    /// The name that this program was called by.
    #[arg(skip)]
    pub(super) program: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sync and carry out tasks until told to stop
    Run,
    /// Sync once, then end
    Sync {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
        /// Ask the connector that is running to sync now, and end
        #[arg(long)]
        now: bool,
    },
    /// Say what a sync would create, change and remove; nothing is pushed
    Plan {
        /// Print the plan as JSON
        #[arg(long)]
        json: bool,
    },
    /// Carry out tasks, or see what is pending; without more, as `tasks run`
    Tasks(TasksArgs),
    /// Let exactly what a plan lists be removed, once, within 24 hours
    Approve {
        /// The hash that `plan`, or a held sync, printed
        hash: String,
        /// Why; kept with the approval
        #[arg(long)]
        reason: String,
        /// Print the approval as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what the connector is doing, what is held, and what Iden holds
    Status {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Look at everything that the connector needs, and say what is wrong and what to do about it; nothing is changed
    ///
    /// The settings, the key, the host's name, the connection and its certificate, this machine's clock, the journal, the
    /// app, the types, and the first page of each source. Works beside a running connector.
    Doctor {
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print types, fields, links and handlers as JSON
    Schema,
    /// Work against an embedded sandbox, with a state of its own
    #[cfg(feature = "dev")]
    Dev {
        /// Register, sync, one round of tasks, sync; print a summary and end
        #[arg(long)]
        once: bool,
        /// Print the summary as JSON; without --once, where the sandbox is
        #[arg(long)]
        json: bool,
    },
    /// Print a script that lets a shell complete this program's commands and flags
    Completions {
        /// For which shell
        shell: Shell,
    },
}

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct TasksArgs {
    /// Short for `tasks run --once`
    #[arg(long)]
    pub(super) once: bool,
    /// Print the result as JSON
    #[arg(long, requires = "once")]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Option<TasksCommand>,
}

#[derive(Debug, Subcommand)]
pub(super) enum TasksCommand {
    /// Carry out tasks until told to stop, without syncing
    Run {
        /// One round: every task that is pending now
        #[arg(long, group = "short")]
        once: bool,
        /// Print the result as JSON; with --once or --now
        #[arg(long, requires = "short")]
        json: bool,
        /// Ask the connector that is running to look for tasks now, and end
        #[arg(long, group = "short")]
        now: bool,
    },
    /// Say which tasks are pending, in their order, and what would become of each; nothing is carried out (the dry run)
    ///
    /// Also lists what was begun here and is not over, whether Iden lists it or not. Works beside a running connector,
    /// does not open the external system, and writes nothing.
    List {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what happened to a task, and what to do about it; asks the journal alone
    Show {
        /// The task's id
        id: TaskId,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Have a parked task taken up again
    ///
    /// Without a flag its handler's kind decides once more: the `verify` function is asked again, a handler that may run
    /// twice runs, and one that may not is reported failed with `outcome_unknown`.
    Retry {
        /// The task's id
        id: TaskId,
        /// Somebody has looked into the system, and it was not done: call the handler
        #[arg(long)]
        not_done: bool,
        /// Print as JSON who takes it up
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    /// Whether it opens the external system, and works until it is done or told to stop.
    pub(super) fn opens_the_system(&self) -> bool {
        match self {
            Command::Plan { .. } | Command::Doctor { .. } => true,
            #[cfg(feature = "dev")]
            Command::Dev { .. } => true,
            _ => self.attaches(),
        }
    }

    /// Whether it attaches the apps that it is about, each as the clone of its parent.
    pub(super) fn attaches(&self) -> bool {
        match self {
            Command::Run | Command::Sync { now: false, .. } => true,
            Command::Tasks(tasks) => match &tasks.command {
                None => true,
                Some(TasksCommand::Run { now, .. }) => !now,
                Some(_) => false,
            },
            _ => false,
        }
    }

    /// Whether it works with the tenant that the settings name.
    pub(super) fn works_at_iden(&self) -> bool {
        match self {
            #[cfg(feature = "dev")]
            Command::Dev { .. } => false,
            _ => true,
        }
    }

    /// Whether standard output is to be one JSON document, whatever happens.
    pub(super) fn prints_json(&self) -> bool {
        match self {
            Command::Sync { json, .. }
            | Command::Plan { json }
            | Command::Approve { json, .. }
            | Command::Status { json }
            | Command::Doctor { json } => *json,
            Command::Tasks(tasks) => match &tasks.command {
                None => tasks.json,
                Some(
                    TasksCommand::Run { json, .. }
                    | TasksCommand::List { json }
                    | TasksCommand::Show { json, .. }
                    | TasksCommand::Retry { json, .. },
                ) => *json,
            },
            Command::Schema => true,
            Command::Run | Command::Completions { .. } => false,
            #[cfg(feature = "dev")]
            Command::Dev { json, .. } => *json,
        }
    }

    /// Whether it goes on until it is told to stop.
    pub(super) fn goes_on(&self) -> bool {
        match self {
            Command::Run => true,
            Command::Tasks(tasks) => match &tasks.command {
                None => !tasks.once,
                Some(TasksCommand::Run { once, now, .. }) => !once && !now,
                Some(_) => false,
            },
            #[cfg(feature = "dev")]
            Command::Dev { once, .. } => !once,
            _ => false,
        }
    }
}

/// The settings; each may also stand in the configuration file, under the flag's name with `_`.
// As text: an empty variable counts as unset, and a malformed one is a matter of configuration, not of usage.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingArgs {
    /// Configuration file (TOML); `./bridge.toml` if it is there
    #[arg(long, env = "BRIDGE_CONFIG", global = true, value_name = "FILE")]
    pub(super) config: Option<OsString>,
    /// Tenant on Iden's host
    #[arg(long, env = "BRIDGE_TENANT", global = true, value_name = "SLUG")]
    pub(super) tenant: Option<String>,
    /// Whole base URL instead, with `/org/{tenant}`
    #[arg(long, env = "BRIDGE_URL", global = true, value_name = "URL")]
    pub(super) url: Option<String>,
    /// The app, where the state does not know it
    #[arg(long, env = "BRIDGE_APP_ID", global = true, value_name = "UUID")]
    pub(super) app_id: Option<String>,
    /// Make a new app, although there is one of this name
    #[arg(long, env = "BRIDGE_CREATE_APP", global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) create_app: Option<String>,
    /// Create the app if Iden lists none of this name: for the first start against a tenant
    ///
    /// Lighthouse may not list Bridge apps, and then a lost state looks like a first start. So this is a flag alone: set for
    /// good, it would create a second app. It is not needed against this machine, nor while Iden lists another Bridge app.
    #[arg(long, global = true)]
    pub(super) first_run: bool,
    /// Make the app a clone of this one, whose types it shares
    #[arg(long, env = "BRIDGE_CLONE_FROM", global = true, value_name = "UUID")]
    pub(super) clone_from: Option<String>,
    /// Only this app of a fleet
    #[arg(long, env = "BRIDGE_APP", global = true, value_name = "NAME")]
    pub(super) app: Option<String>,
    /// Where the connector keeps its state
    #[arg(long, env = "BRIDGE_STATE_DIR", global = true, value_name = "DIR")]
    pub(super) state_dir: Option<OsString>,
    /// How often `run` syncs, such as `60m` or `1h 30m`; 10s at least [default: 60m]
    #[arg(long, env = "BRIDGE_SYNC_EVERY", global = true, value_name = "TIME")]
    pub(super) sync_every: Option<String>,
    /// When `run` syncs instead: a cron expression such as `30 2 * * 1-5`, in UTC or in a time zone named after it
    #[arg(long, env = "BRIDGE_SYNC_CRON", global = true, value_name = "EXPR")]
    pub(super) sync_cron: Option<String>,
    /// Allow http to a host that is not this one
    #[arg(long, env = "BRIDGE_ALLOW_HTTP", global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) allow_http: Option<String>,
    /// Allow a new state on a network file system
    #[arg(long, env = "BRIDGE_ALLOW_NETWORK_STATE", global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) allow_network_state: Option<String>,
    /// Trust the CA certificates of this file, too
    #[arg(long, env = "BRIDGE_CA_FILE", global = true, value_name = "FILE")]
    pub(super) ca_file: Option<OsString>,
    /// Where `run` and `tasks run` serve `/livez`, `/readyz`, `/metrics` and `/status`, such as `127.0.0.1:9480`
    ///
    /// Without it they serve nothing. There is neither TLS nor a key: keep the port inside.
    #[arg(long, env = "BRIDGE_LISTEN", global = true, value_name = "ADDR:PORT")]
    pub(super) listen: Option<String>,
    /// What to log: a level, or `target=level` pairs with commas [default: info; warn for one-shot commands]
    #[arg(long, env = "BRIDGE_LOG", global = true, value_name = "FILTER")]
    pub(super) log: Option<String>,
    /// How a line of the log looks: `text` for people, `json` for machines [default: text]
    #[arg(long, env = "BRIDGE_LOG_FORMAT", global = true, value_name = "FORMAT")]
    pub(super) log_format: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, clap::Error> {
        Args::try_parse_from(line.split(' ')).map(|args| args.command)
    }

    #[test]
    fn only_what_works_on_the_system_is_stopped_in_good_order() {
        for line in ["hr run", "hr sync", "hr plan", "hr doctor", "hr tasks", "hr tasks --once", "hr tasks run --once"]
        {
            assert!(parsed(line).unwrap().opens_the_system(), "{line}");
        }
        let id = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";
        for line in ["sync --now", "status", "schema", "tasks run --now", "tasks list"] {
            assert!(!parsed(&format!("hr {line}")).unwrap().opens_the_system(), "{line}");
        }
        for line in [format!("hr tasks show {id}"), format!("hr tasks retry {id} --not-done")] {
            assert!(!parsed(&line).unwrap().opens_the_system(), "{line}");
        }
    }

    #[test]
    fn what_goes_on_says_what_it_does() {
        for line in ["hr run", "hr tasks", "hr tasks run"] {
            assert!(parsed(line).unwrap().goes_on(), "{line}");
        }
        for line in ["hr sync", "hr tasks --once", "hr tasks run --once", "hr tasks run --now", "hr tasks list"] {
            assert!(!parsed(line).unwrap().goes_on(), "{line}");
        }
    }

    #[test]
    fn flags_that_contradict_each_other_are_refused() {
        for line in ["hr tasks run --now --once", "hr tasks --once list", "hr tasks run --json", "hr tasks show x"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
