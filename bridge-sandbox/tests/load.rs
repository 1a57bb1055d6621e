//! 100,000 records. The figures of a release build come from `cargo bench -p bridge-sandbox`.

mod common;
#[path = "common/load.rs"]
mod load;

use std::time::Duration;

use common::acme;

#[tokio::test]
async fn a_hundred_thousand_records_are_taken_and_looked_at_page_by_page() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    load::push_teams(&client, &session).await;
    let time = load::push(&client, &session, 0..1_000, 4).await;
    println!("1,000 pages of 100 accounts: {time:?}");
    // A debug build beside other tests. 20,000 a minute, which the release build has to take, would be 3 s.
    assert!(time < Duration::from_secs(120), "{time:?}");
    assert_eq!(client.complete(&session).await.0, 202);

    for (what, time) in load::looks(&app) {
        println!("{what}: {time:?}");
        assert!(time < Duration::from_millis(1_000), "{what}: {time:?}");
    }

    let session = client.start(&app).await;
    load::push(&client, &session, 0..1, 1).await;
    assert_eq!(client.complete(&session).await.0, 202);
    let id = app.sessions()[1].id;
    assert_eq!(
        (app.removals(id, 0, 20).total, app.active("employee")),
        (100_000, 100),
        "99,900 accounts and 100 teams"
    );
}
