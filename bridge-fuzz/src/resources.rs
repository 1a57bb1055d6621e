//! The resources that payloads and records are about.

use iden_bridge::prelude::*;
use serde_json::Value;

#[derive(BridgeResource, Clone, Debug)]
#[bridge(group)]
pub(crate) struct Team {
    id: String,
    name: String,
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(license)]
pub(crate) struct Seat {
    #[bridge(id)]
    sku: u32,
    name: String,
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(account, name = "People")]
pub(crate) struct Person {
    #[bridge(id)]
    pub(crate) number: String,
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) first_name: String,
    pub(crate) status: Employment,
    #[bridge(field = "custom_value")]
    pub(crate) value: Option<Value>,
    #[bridge(field = "rates")]
    pub(crate) rates: Vec<Option<f64>>,
    #[bridge(memberships)]
    pub(crate) teams: Vec<Ref<Team>>,
    #[bridge(assignments)]
    pub(crate) seats: Vec<Ref<Seat>>,
    #[bridge(skip)]
    #[allow(dead_code)] // what must not leave
    pub(crate) salary: String,
}

#[derive(BridgeStatus, Clone, Copy, Debug, PartialEq)]
pub(crate) enum Employment {
    #[bridge(active)]
    Employed,
    #[bridge(suspended)]
    OnLeave,
    #[bridge(inactive)]
    Left,
}
