//! The configuration file.

use std::time::Duration;

use bridge_core::wire::Kind;
use bridge_runtime::{connector::SyncTime, fuzzing, sync::Limits};

use crate::promise::{CANARY, LONGEST, assert_shown, assert_silent};

/// A file is refused in one short line that repeats no value of `[app]`, or everything that it decides holds its bounds.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check(&text, data);
    // The same file, and a password in the connector's own table.
    check(&format!("{text}\n[app]\npassword = \"{CANARY}\"\n"), data);
    check(&format!("{text}\n[app]\npassword = \"{CANARY}\" oops\n"), data);
    check(&format!("[app]\npassword = \"{CANARY}\"\n{text}"), data);
}

fn check(text: &str, data: &[u8]) {
    let refused = |error: &dyn std::fmt::Display| {
        assert_silent(&error.to_string(), data);
        assert_shown(&error.to_string(), LONGEST);
    };
    let decided = match fuzzing::settings(text) {
        Ok(decided) => decided,
        Err(error) => return refused(&error),
    };
    match decided.schedule.map(|schedule| schedule.sync) {
        Ok(SyncTime::Every(every)) => assert!(every >= Duration::from_secs(10), "{every:?}"),
        Ok(SyncTime::At(cron)) => assert!(!cron.to_string().is_empty()),
        Ok(SyncTime::Never) => panic!("no file asks for that"),
        Ok(other) => panic!("{other:?}"),
        Err(error) => refused(&error),
    }
    match decided.url {
        Ok(url) => assert!(!url.tenant().is_empty()),
        Err(error) => refused(&error),
    }
    match decided.app {
        Ok(app) => assert!(app.is_object()),
        Err(error) => refused(&error),
    }
    if let Err(error) = decided.types {
        refused(&error);
    }
    for patch in decided.limits.values() {
        for kind in [Kind::Account, Kind::Group, Kind::License] {
            match patch.apply(Limits::of(kind)) {
                Ok(limits) => {
                    assert!(limits.problems().is_empty());
                    for before in [0, 1, 10, 31, 10_000, u64::MAX] {
                        let most = before.max(1);
                        assert!(limits.allowed_records(before) <= most && limits.allowed_edges(before) <= most);
                    }
                }
                Err(problem) => refused(&problem),
            }
        }
    }
}
