//! Iden, as far as one task goes.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bridge_core::wire::{AppId, TaskId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Method, Request, Response, Transport, TransportError};

/// The app of every test.
pub(super) const APP: AppId = AppId::new(Uuid::from_u128(0xA));
/// The task. It is the same one in every run, so that a test can carry it out twice.
pub(super) const TASK: TaskId = TaskId::new(Uuid::from_u128(0x7));

/// Lists one task, shows it, and takes the report on it (protocol.md section 6).
#[derive(Debug)]
pub(super) struct Iden {
    task: Mutex<Value>,
    report: Mutex<Option<Value>>,
}

impl Iden {
    pub(super) fn with(action: &str, slug: &str, payload: &Value) -> Self {
        let task = json!({
            "id": TASK, "action": action, "resource_type": slug, "status": "pending",
            "execute_after": null, "created_at": "2026-01-05T09:30:00Z", "payload": payload,
        });
        Iden { task: Mutex::new(task), report: Mutex::default() }
    }

    /// The report that it took.
    pub(super) fn report(&self) -> Option<Value> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, request: &Request) -> Option<Value> {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, path) = request.url.path().split_once("/tasks/")?;
        let (id, rest) = path.split_once('/').unwrap_or_default();
        match (request.method, id, rest) {
            (Method::Get, "", "") => {
                let pending: Vec<_> = [&*task].into_iter().filter(|task| task["status"] == "pending").collect();
                Some(json!({"count": pending.len(), "next": null, "previous": null, "results": pending}))
            }
            (Method::Get, id, "") if id == TASK.to_string() => Some(task.clone()),
            (Method::Patch, id, "status/") if id == TASK.to_string() => {
                let report: Value = serde_json::from_slice(request.body.as_ref()?).ok()?;
                task["status"] = report["status"].clone();
                *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
                Some(task.clone())
            }
            _ => None,
        }
    }
}

#[async_trait]
impl Transport for Iden {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        Ok(match self.answer(&request) {
            Some(answer) => Response::json(200, answer.to_string()),
            None => Response::json(404, json!({"detail": "this Iden knows one task, and no more"}).to_string()),
        })
    }
}
