//! Each region has its own people.

use std::sync::Arc;

use iden_bridge::{
    prelude::*,
    testing::{self, TaskOutcome},
};
use rusqlite::Connection;
use serde_json::json;

use crate::{model::Employee, region::Region, tasks};

fn region(name: &str) -> Arc<Region> {
    Arc::new(Region::with(name, Connection::open_in_memory().unwrap()).unwrap())
}

#[tokio::test]
async fn a_task_changes_its_own_region_alone() {
    let (americas, europe) = (region("americas"), region("europe"));
    let payload = || json!({"account": {"id": "eu-2"}});
    let done = testing::run(&tasks::all(), europe.clone(), "suspend_account", "employee", payload()).await;
    assert_eq!(done, TaskOutcome::Completed(None));
    let jonas = Source::<Employee>::find(&*europe, &"eu-2".to_owned()).await.unwrap().unwrap();
    assert_eq!(testing::record(&jonas)["status"], "suspended");

    let elsewhere = testing::run(&tasks::all(), americas, "suspend_account", "employee", payload()).await;
    assert!(matches!(elsewhere, TaskOutcome::Failed { code, .. } if code == "account_not_found"));
}
