//! The host connector: what it reads, and what it would do.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt};

use serde_json::json;

use crate::{
    program::Program,
    summary::{pushed, task},
};

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:100:Ann Lee:/home/ann:/bin/bash\n\
    nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nusers:x:100:\nsudo:x:27:ann\n";

/// A machine of two files, and programs that write down how they were called. `useradd` does what it says, too: a user that
/// a task has made and that is not there would be waited for.
fn program() -> Program {
    let program = Program::new("linux_host");
    let (root, bin, calls) = (program.path("root"), program.path("bin"), program.path("calls"));
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::write(root.join("etc/passwd"), PASSWD).unwrap();
    fs::write(root.join("etc/group"), GROUP).unwrap();
    fs::create_dir(&bin).unwrap();
    for name in ["useradd", "usermod", "userdel", "chpasswd", "chage"] {
        let mut script = format!("#!/bin/sh\necho \"{name} $*\" >> '{}'\n", calls.display());
        if name == "useradd" {
            script += "for login; do :; done\necho \"$login:x:1001:100::/home/$login:/bin/sh\" >> \"$2/etc/passwd\"\n";
        }
        fs::write(bin.join(name), script).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    program.set("PATH", bin)
}

#[tokio::test]
async fn a_machine_of_two_files_is_read_and_nothing_is_carried_out_nor_said_to_be() {
    let program = program();
    let root = program.path("root");
    let program = program.set("LINUX_HOST_ROOT", &root);
    let ended = program.run(&["dev", "--once", "--json"]).await.ok();
    assert!(ended.stderr.contains("would run: useradd --prefix"), "{}", ended.stderr);
    let shown = ended.stderr.lines().filter(|line| line.starts_with("would run: "));
    assert_eq!(shown.count(), 3, "each once, and none again: {}", ended.stderr);
    let summary = ended.json();
    let app = &summary["apps"][0];
    assert_eq!(pushed(&app["first"]), BTreeMap::from([("group", 3), ("user", 3)]));
    for action in ["create_account", "suspend_account", "unsuspend_account"] {
        let task = task(app, action);
        assert_eq!((&task["status"], &task["code"]), (&json!("failed"), &json!("dry_run")), "{action}");
    }
    assert_eq!(task(app, "suspend_account")["before"]["status"], "inactive");
    // Nobody of that name is there, so nothing is left to do.
    assert_eq!(task(app, "delete_account")["status"], "completed");
    assert!(!program.path("calls").exists());
    assert_eq!(fs::read_to_string(root.join("etc/passwd")).unwrap(), PASSWD);
}

#[tokio::test]
async fn with_apply_the_programs_are_called_with_arguments_apart() {
    let program = program();
    let root = program.path("root");
    let program = program.set("LINUX_HOST_ROOT", &root);
    let summary = program.run(&["--apply", "dev", "--once", "--json"]).await.json();
    let app = &summary["apps"][0];
    assert_eq!(task(app, "create_account")["status"], "completed");
    assert_eq!(pushed(&app["second"])["user"], 4, "the new one is there");
    let calls = fs::read_to_string(program.path("calls")).unwrap();
    let mut calls: Vec<_> = calls.lines().collect();
    calls.sort_unstable();
    let prefix = format!("--prefix {}", root.display());
    let expected = [
        format!("useradd {prefix} --create-home --comment Bridge Demo --groups users bridge-demo"),
        format!("usermod {prefix} --expiredate  nobody"),
        format!("usermod {prefix} --expiredate 1 nobody"),
    ];
    assert_eq!(calls, expected);
}

#[tokio::test]
async fn this_machine_is_read_and_left_alone() {
    let lines = |file: &str| fs::read_to_string(file).unwrap().lines().filter(|line| !line.is_empty()).count() as u64;
    let before = fs::read("/etc/passwd").unwrap();
    let program = program();
    let summary = program.run(&["dev", "--once", "--json"]).await.json();
    let first = &summary["apps"][0]["first"];
    let unreadable = |at: usize| first["types"][at]["unreadable"].as_u64().unwrap();
    assert_eq!(pushed(first)["group"] + unreadable(0), lines("/etc/group"));
    assert_eq!(pushed(first)["user"] + unreadable(1), lines("/etc/passwd"));
    assert_eq!(fs::read("/etc/passwd").unwrap(), before);
    assert!(!program.path("calls").exists());
}
