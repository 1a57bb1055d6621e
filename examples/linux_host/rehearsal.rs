//! The tasks that `dev` queues. They must do no harm with changes switched on: a user of their own, and `nobody`, whom
//! every Linux has and no person is.

use iden_bridge::{dev::Rehearsal, prelude::*};
use serde_json::json;

use crate::model::User;

pub fn queue(rehearsal: &mut Rehearsal<'_>) {
    rehearsal.queue::<CreateAccount<User>>(&json!({
        "account": {"username": "bridge-demo", "display_name": "Bridge Demo"},
        "memberships": {"group": ["users"]},
    }));
    let nobody = json!({"account": {"id": "nobody"}});
    rehearsal.queue::<SuspendAccount<User>>(&nobody);
    rehearsal.queue::<UnsuspendAccount<User>>(&nobody);
    // Somebody who is not there needs no deleting.
    rehearsal.queue::<DeleteAccount<User>>(&json!({"account": {"id": "bridge-nobody-at-all"}}));
}
