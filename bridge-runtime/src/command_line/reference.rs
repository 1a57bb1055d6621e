//! The reference of the settings, made from the flags and from what the file takes.

use std::path::Path;

use clap::CommandFactory as _;

use super::{args::Args, settings_file::SettingsFile};
use crate::generated::assert_documented;

/// The keys that the file takes: what it says itself about one that it does not know.
fn keys_of_the_file() -> Vec<String> {
    let error = SettingsFile::parse("no_such_key = 1", Path::new("bridge.toml")).unwrap_err();
    let text = error.to_string();
    let (_, expected) = text.split_once("expected one of ").expect("it lists what it takes");
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_setting_is_documented() {
    let keys = keys_of_the_file();
    let mut table = "| flag | variable | in the file | |\n|---|---|---|---|\n".to_owned();
    let mut documented = Vec::new();
    for flag in Args::command().get_arguments().filter(|flag| flag.is_global_set()) {
        let (Some(long), Some(variable)) = (flag.get_long(), flag.get_env()) else { continue };
        let (variable, key) = (variable.to_string_lossy(), long.replace('-', "_"));
        assert_eq!(variable, format!("BRIDGE_{}", key.to_uppercase()), "one rule for all names");
        let value = match flag.get_value_names() {
            // Of a value that may be left out the table says nothing.
            Some([name]) if flag.get_num_args().is_none_or(|values| values.min_values() > 0) => format!(" {name}"),
            _ => String::new(),
        };
        // `[app]` in the file is the connector's own table, and not the name that `--app` gives.
        let is_key = key != "app" && keys.contains(&key);
        let in_file = if is_key { format!("`{key}`") } else { "–".to_owned() };
        let help = flag.get_long_help().or_else(|| flag.get_help()).expect("a help").to_string();
        let help = help.replace("\n\n", ". ");
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        table += &format!("| `--{long}{value}` | `{variable}` | {in_file} | {help} |\n");
        documented.extend(is_key.then_some(key));
    }
    // Those without a flag have a section of their own.
    let without: Vec<_> = keys.iter().filter(|key| !documented.contains(key)).collect();
    assert_eq!(without, ["api_key_file", "types", "app"]);
    assert_documented("docs/configuration.md", "settings", &table);
}
