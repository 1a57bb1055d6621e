//! Flag over variable over file over default, for every row of docs/configuration.md.

use std::{fs, path::Path, process::Command};

use clap::Parser as _;
use tempfile::TempDir;

use super::{
    args::Args,
    settings::{LogSettings, Settings},
};

/// What the child of a test is to say, and with which flags.
const ORDERS: &str = "PRECEDENCE_ORDERS";
const ANSWER: &str = "the setting is ";

/// A setting, what it is if nobody says anything, and what the file, the variable and the flag say, in this order.
struct Row {
    key: &'static str,
    default: &'static str,
    said: [&'static str; 3],
}

const fn row(key: &'static str, default: &'static str, said: [&'static str; 3]) -> Row {
    Row { key, default, said }
}

const ONE: &str = "11111111-1111-4111-8111-111111111111";
const TWO: &str = "22222222-2222-4222-8222-222222222222";
const THREE: &str = "33333333-3333-4333-8333-333333333333";

const ROWS: [Row; 16] = [
    // Which file is read shows in what stands there: here in the filter of the log.
    row("config", "none", ["bridge.toml", "second.toml", "third.toml"]),
    row("tenant", "none", ["first", "second", "third"]),
    row("url", "none", ["https://first.example/org/a", "https://second.example/org/a", "https://third.example/org/a"]),
    row("app_id", "ByName", [ONE, TWO, THREE]),
    row("create_app", "false", ["true", "false", "true"]),
    row("clone_from", "none", [ONE, TWO, THREE]),
    row("app", "none", ["-", "second", "third"]),
    row("state_dir", "none", ["/first", "/second", "/third"]),
    row("sync_every", "Every(3600s)", ["11m", "12m", "13m"]),
    row("sync_cron", "Every(3600s)", ["1 1 * * *", "2 1 * * *", "3 1 * * *"]),
    row("allow_http", "false", ["true", "false", "true"]),
    row("allow_network_state", "false", ["true", "false", "true"]),
    row("ca_file", "none", ["/first.pem", "/second.pem", "/third.pem"]),
    row("listen", "none", ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]),
    row("log", "none", ["error", "debug", "trace"]),
    row("log_format", "none", ["json", "text", "json"]),
];

/// What the settings say, as the rest of the program sees them.
fn decided(settings: &Settings, args: &Args, key: &str) -> String {
    let text = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let (target, log) = (settings.target().ok(), LogSettings::of(&args.settings, Some(settings)));
    match key {
        "config" | "log" => text(log.filter),
        "log_format" => text(log.format),
        "tenant" => text(settings.url().ok().map(|url| url.tenant().to_owned())),
        "url" => text(settings.url().ok().map(|url| url.to_string())),
        "app" => text(settings.one_app().map(str::to_owned)),
        "sync_every" | "sync_cron" => format!("{:?}", settings.schedule().expect("it is one").sync),
        "listen" => text(settings.listen().expect("it is one").map(|address| address.to_string())),
        _ => {
            let target = target.expect("a tenant and a key are set");
            match key {
                "app_id" => format!("{:?}", target.app),
                "create_app" => format!("{:?}", target.app == crate::connector::AppChoice::Create),
                "allow_http" => format!("{:?}", target.allow_http),
                "allow_network_state" => format!("{:?}", target.allow_network_state),
                "clone_from" => text(target.clone_from.map(|id| id.to_string())),
                "ca_file" => text(target.ca_file.map(|path| path.display().to_string())),
                "state_dir" if target.state.ends_with("home/.local/state/bridge") => "none".to_owned(),
                "state_dir" => target.state.display().to_string(),
                _ => panic!("`{key}` is new: it needs a row and a way to be seen"),
            }
        }
    }
}

/// What the answer has to have in it, where one of the three has said this.
fn seen(key: &str, said: &str) -> String {
    match (key, said) {
        ("config", "bridge.toml") => "first".to_owned(),
        ("config", "second.toml") => "second".to_owned(),
        ("config", "third.toml") => "third".to_owned(),
        ("sync_every", minutes) => {
            format!("Every({}s)", minutes.trim_end_matches('m').parse::<u32>().expect("minutes") * 60)
        }
        _ => said.to_owned(),
    }
}

/// The settings of a program with these flags and variables in this folder, as a process of its own: variables are those
/// of a whole process.
fn asked(folder: &Path, key: &str, flags: &[String], variables: &[(String, String)]) -> String {
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "command_line::precedence::child", "--ignored", "--nocapture"]).current_dir(folder);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BRIDGE_")) {
        child.env_remove(name);
    }
    child.env_remove("STATE_DIRECTORY").env_remove("XDG_STATE_HOME").env("HOME", folder.join("home"));
    child.env("BRIDGE_API_KEY", "k").envs(variables.iter().map(|(name, value)| (name, value)));
    let orders: Vec<&str> = [key].into_iter().chain(flags.iter().map(String::as_str)).collect();
    let ended = child.env(ORDERS, orders.join("\n")).output().expect("it runs");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    let answer = said.lines().find_map(|line| line.split_once(ANSWER));
    answer.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&ended.stderr))).1.to_owned()
}

#[test]
#[ignore = "a child of the test below"]
fn child() {
    let orders = std::env::var(ORDERS).expect("the parent says it");
    let mut orders = orders.lines();
    let key = orders.next().expect("a key");
    let args = Args::try_parse_from(["hr", "status"].into_iter().chain(orders)).expect("flags");
    let settings = Settings::read(args.settings.clone()).expect("settings");
    println!("\n{ANSWER}{}", decided(&settings, &args, key));
}

/// The rows of docs/configuration.md: flag, variable, and key of the file.
fn documented() -> Vec<(String, String, Option<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let text = fs::read_to_string(path).expect("it is there");
    let rows = text.lines().filter(|line| line.starts_with("| `--"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let flag = cells[1].split(' ').next().expect("a flag");
        (flag.to_owned(), cells[2].to_owned(), (cells[3] != "–").then(|| cells[3].to_owned()))
    })
    .collect()
}

#[test]
fn a_flag_counts_before_its_variable_that_before_the_file_and_that_before_the_default() {
    let documented = documented();
    assert_eq!(documented.len(), ROWS.len(), "each row is proven: {documented:?}");
    for (flag, variable, in_file) in documented {
        let key = flag.trim_start_matches("--").replace('-', "_");
        let Row { default, said: [file, in_variable, in_flag], .. } =
            ROWS.iter().find(|row| row.key == key).unwrap_or_else(|| panic!("`{key}` is proven"));
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().canonicalize().expect("it is there");
        // Somewhere for what needs an address, where it is not the matter.
        let somewhere = (!matches!(&*key, "tenant" | "url")).then(|| ("BRIDGE_TENANT".to_owned(), "acme".to_owned()));
        let mut variables: Vec<_> = somewhere.into_iter().collect();
        let mut flags = Vec::new();
        let check = |flags: &[String], variables: &[_], expected: &str| {
            let found = asked(&path, &key, flags, variables);
            assert!(found.contains(expected), "{key}: {found} instead of {expected}, with {flags:?} and {variables:?}");
        };
        check(&flags, &variables, default);
        if key == "config" {
            for (name, text) in [("bridge.toml", "first"), ("second.toml", "second"), ("third.toml", "third")] {
                fs::write(path.join(name), format!("log = \"{text}\"")).expect("written");
            }
            check(&flags, &variables, &seen(&key, file));
        }
        if let Some(in_file) = in_file {
            let value = if matches!(*file, "true" | "false") { (*file).to_owned() } else { format!("\"{file}\"") };
            fs::write(path.join("bridge.toml"), format!("{in_file} = {value}")).expect("written");
            check(&flags, &variables, &seen(&key, file));
        }
        // An empty one is unset.
        variables.push((variable.clone(), String::new()));
        let before = if path.join("bridge.toml").exists() { seen(&key, file) } else { (*default).to_owned() };
        check(&flags, &variables, &before);
        variables.pop();
        variables.push((variable, (*in_variable).to_owned()));
        check(&flags, &variables, &seen(&key, in_variable));
        flags.push(format!("{flag}={in_flag}"));
        check(&flags, &variables, &seen(&key, in_flag));
    }
}
