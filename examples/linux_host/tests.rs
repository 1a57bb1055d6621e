//! On a machine made of three files.

use std::{fs, path::Path, sync::Arc};

use iden_bridge::{
    prelude::*,
    testing::{self, TaskOutcome},
};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    command_line::CommandLine,
    error::HostError,
    host::Host,
    model::{UnixGroup, User},
    tasks,
};

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/bash
ann:x:1000:1000:Ann Lee,Room 7,,:/home/ann:/bin/bash
bob:x:1001:100::/home/bob:/bin/bash
www:x:33:33:www:/var/www:/usr/sbin/nologin
broken:x:7
";
const GROUP: &str = "root:x:0:\nusers:x:100:ann\nann:x:1000:\nsudo:x:27:ann,bob\nwww:x:33:\n";
const SHADOW: &str = "root:*:19000:0:99999:7:::\nann:!:19000:0:99999:7:::\nbob:x:19000:0:99999:7::1:\n";

fn machine() -> (TempDir, Arc<Host>) {
    let root = TempDir::new().unwrap();
    let etc = root.path().join("etc");
    fs::create_dir(&etc).unwrap();
    for (file, text) in [("passwd", PASSWD), ("group", GROUP), ("shadow", SHADOW)] {
        fs::write(etc.join(file), text).unwrap();
    }
    let host = Host { root: root.path().to_owned(), apply: false };
    (root, Arc::new(host))
}

#[tokio::test]
async fn users_have_their_primary_group_those_that_list_them_and_a_status() {
    let (_root, host) = machine();
    let read = testing::read::<User>(&*host).await;
    assert!(read.end.is_ok());
    let user = |id: &str, status: &str, groups: &[&str]| {
        let found = read.records.iter().find(|record| record["id"] == id).unwrap();
        assert_eq!(found["status"], status, "{id}");
        assert_eq!(found["memberships"]["group"], json!(groups), "{id}");
    };
    user("root", "active", &["root"]);
    // A locked password is no suspension: keys still open the door.
    user("ann", "active", &["ann", "users", "sudo"]);
    user("bob", "suspended", &["users", "sudo"]);
    user("www", "inactive", &["www"]);
    assert_eq!(read.records[1]["display_name"], "Ann Lee");
    assert_eq!(read.unreadable, [(Some("broken".to_owned()), "its line has 3 of 7 fields".to_owned())]);
    assert_eq!(testing::read::<UnixGroup>(&*host).await.records.len(), 5);
    let carol = "carol".parse().unwrap();
    assert!(Source::<User>::find(&*host, &carol).await.unwrap().is_none());
}

#[tokio::test]
async fn without_apply_the_command_is_said_and_not_run() {
    let (root, host) = machine();
    let prefix = format!("--prefix {}", root.path().display());
    for (action, payload, expected) in [
        (
            "create_account",
            json!({"account": {"email": "Zoe@acme.example", "display_name": "Zoe O'Neill"}, "memberships": {"group": ["sudo"]}}),
            format!(r"useradd {prefix} --create-home --comment 'Zoe O'\''Neill' --groups sudo zoe"),
        ),
        (
            "update_account",
            json!({"account": {"id": "ann"}, "changes": {"display_name": "Ann Li"}, "memberships": {"group": ["ann", "users"]}}),
            format!("usermod {prefix} --comment 'Ann Li' --groups users ann"),
        ),
        ("suspend_account", json!({"account": {"id": "ann"}}), format!("usermod {prefix} --expiredate 1 ann")),
        ("unsuspend_account", json!({"account": {"id": "bob"}}), format!("usermod {prefix} --expiredate '' bob")),
        ("delete_account", json!({"account": {"id": "bob"}}), format!("userdel {prefix} bob")),
        (
            "reset_password",
            json!({"account": {"id": "ann"}}),
            format!("chpasswd {prefix} < (a secret) && chage {prefix} --lastday 0 ann"),
        ),
    ] {
        match testing::run(&tasks::all(), host.clone(), action, "user", payload).await {
            TaskOutcome::Failed { code, message } => {
                assert_eq!(code, "dry_run", "{action}");
                let shown = format!("only shown (start with `--apply` to carry it out): {expected}");
                assert_eq!(message, shown, "{action}");
            }
            other => panic!("{action}: {other:?}"),
        }
    }
    assert_eq!(fs::read_to_string(root.path().join("etc/passwd")).unwrap(), PASSWD);
}

#[tokio::test]
async fn what_would_be_an_option_or_another_field_is_refused() {
    let (_root, host) = machine();
    for (action, payload) in [
        ("suspend_account", json!({"account": {"id": "--help"}})),
        ("delete_account", json!({"account": {"id": "ann bob"}})),
        ("create_account", json!({"account": {"username": "x:0:0"}})),
        ("create_account", json!({"account": {"username": "zoe", "display_name": "Zoe:/root:/bin/sh"}})),
        ("create_account", json!({"account": {"username": "zoe"}, "memberships": {"group": ["a,b"]}})),
        ("create_account", json!({"account": {}})),
    ] {
        match testing::run(&tasks::all(), host.clone(), action, "user", payload).await {
            TaskOutcome::Failed { code, message } => assert_eq!(code, "invalid_payload", "{action}: {message}"),
            other => panic!("{action}: {other:?}"),
        }
    }
}

#[test]
fn a_program_that_fails_is_quoted_and_one_that_is_missing_is_named() {
    let root = Path::new("/");
    assert!(CommandLine::new("true").below(root).run().is_ok());
    assert!(CommandLine::new("cat").input(Secret::new("x")).run().is_ok());
    let error = CommandLine::new("ls").arg("/nowhere at all").run().unwrap_err();
    assert!(matches!(&error, HostError::Refused { said, .. } if said.contains("/nowhere at all")), "{error}");
    let error = CommandLine::new("no-such-program").run().unwrap_err().to_string();
    assert!(error.contains("`no-such-program` cannot be run"), "{error}");
}
