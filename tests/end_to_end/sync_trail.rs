//! What a completed sync leaves behind: one line of the log, figures, and who was concerned.

use iden_bridge::{journal::LossKind, telemetry::Telemetry};
use tracing::Level;

use crate::{
    company::{Employment, Stage, go_on},
    log::Log,
    register::{Desk, Finding},
    scrape::Figures,
    sync_held::{approve, hold},
    trouble::people,
};

#[tokio::test]
async fn a_completed_sync_says_what_it_changed_also_what_a_person_approved() {
    let (stage, telemetry) = (Stage::with(20).await, Telemetry::default());
    let connector = stage.try_attach(stage.target().telemetry(telemetry.clone())).await.unwrap();
    connector.sync(&go_on()).await.unwrap();
    stage.company.lose([2, 3, 4, 10]);
    stage.company.gain([21]);
    stage.company.change([5], |person| person.first_name = "Ada".into());
    stage.company.change(6..=8, |person| person.status = Employment::OnLeave);
    stage.company.change(11..=15, |person| person.teams.clear());
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    approve(&connector, &held).await;
    stage.company.gain([22]);

    let log = Log::at(Level::DEBUG);
    let report = connector.sync(&go_on()).await.unwrap();

    let line = log.line(&["sync completed"]);
    // Person 21 and the new name were pushed by the sync that was held.
    let fields = "bridge.created=1 bridge.updated=8 bridge.removed=4 bridge.deactivated=3 bridge.links_ended=5";
    assert!(line.contains(fields), "{line}");
    log.line(&["DEBUG", "bridge.change=\"removed\"", "10, 2, 3, 4"]);
    let of = people(&report);
    assert_eq!((of.fresh, of.fresh_ids.as_slice(), of.ended.removed), (1, ["22".to_owned()].as_slice(), 4));
    let removed: Vec<_> = report.ended.iter().filter(|item| item.kind == LossKind::Removed).collect();
    assert_eq!(removed.iter().map(|item| &*item.id).collect::<Vec<_>>(), ["10", "2", "3", "4"]);
    let figures = Figures::of(&telemetry.prometheus());
    let changes =
        |change| figures.value("bridge_sync_changes_total", &[("resource_type", "employee"), ("change", change)]);
    assert_eq!((changes("removed"), changes("deactivated"), changes("links_ended")), (4.0, 3.0, 5.0));
}

#[tokio::test]
async fn a_record_that_only_find_has_is_counted_and_warned_of() {
    let desk = Desk::<Finding>::synced().await;
    *desk.people.short.lock().unwrap() = Some(249);
    let log = Log::start();
    let report = desk.sync().await.unwrap();
    assert_eq!(report.types.iter().find(|one| one.slug == "person").unwrap().found_by_find, 1);
    log.line(&["WARN", "only by `find`", "bridge.found_by_find=1"]);
    desk.assert_all_there();
}
