//! A task of an action that this crate has no type for.

use std::fmt;

use serde_json::{Map, Value};

use super::{PayloadError, TaskPayload, draft::Draft};
use crate::{BridgeId, Resource, wire};

/// The payload of an action that Iden adds later, or that is your tenant's own. The handler names the action:
/// `#[bridge_task(action = "…")]`.
pub struct AnyTask<R: Resource>(Draft<R>);

impl<R: Resource> AnyTask<R> {
    /// A payload for tests, from the JSON that Iden would send.
    ///
    /// # Panics
    /// The JSON is no payload.
    #[must_use]
    #[track_caller]
    pub fn test(payload: Value) -> Self {
        let payload = serde_json::from_value(payload).unwrap_or_else(|e| panic!("not a payload: {e}"));
        Self::decode(payload).unwrap_or_else(|e| panic!("not an `AnyTask`: {e}"))
    }

    /// The id of the account that the task is about, if it names one.
    #[must_use]
    pub fn id(&self) -> Option<&R::Id> {
        self.0.id()
    }

    /// The payload as it came.
    #[must_use]
    pub fn raw(&self) -> &Map<String, Value> {
        self.0.raw()
    }
}

impl<R: Resource> TaskPayload for AnyTask<R> {
    type Resource = R;
    type Outcome = ();
    const ACTION: Option<&'static str> = None;

    fn decode(payload: wire::Payload) -> Result<Self, PayloadError> {
        Draft::read(payload).map(AnyTask)
    }
}

impl<R: Resource> Clone for AnyTask<R> {
    fn clone(&self) -> Self {
        AnyTask(self.0.clone())
    }
}

impl<R: Resource> fmt::Debug for AnyTask<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyTask").field("id", &self.id().map(BridgeId::to_wire)).finish_non_exhaustive()
    }
}
