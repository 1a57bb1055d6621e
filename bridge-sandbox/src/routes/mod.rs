//! The endpoints: each reads its request, asks the state, and writes the answer.

mod apps;
mod lighthouse;
mod list;
mod place;
mod sent;
mod sync;
mod tasks;
mod types;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, patch, post, put};

use crate::error::Refusal;
use crate::gate;
use crate::server::Server;

pub(crate) fn router(server: &Arc<Server>) -> Router {
    // The gate knows which tenants there are.
    let base = "/org/{tenant}";
    let app = format!("{base}/api/v1/bridge/apps/{{app_id}}");
    Router::new()
        .route(&format!("{base}/api/v1/bridge/apps/"), post(apps::create))
        .route(&format!("{app}/resource-types/"), post(types::register))
        .route(&format!("{app}/resource-types/{{slug}}/"), patch(types::rename))
        .route(&format!("{app}/sync/"), post(sync::start))
        .route(&format!("{app}/sync/{{sync_id}}/"), get(sync::progress))
        .route(&format!("{app}/sync/{{sync_id}}/{{slug}}/"), put(sync::push))
        .route(&format!("{app}/sync/{{sync_id}}/complete/"), post(sync::complete))
        .route(&format!("{app}/sync/{{sync_id}}/abandon/"), post(sync::abandon))
        .route(&format!("{app}/tasks/"), get(tasks::list))
        .route(&format!("{app}/tasks/{{task_id}}/"), get(tasks::detail))
        .route(&format!("{app}/tasks/{{task_id}}/status/"), patch(tasks::report))
        .route(&format!("{base}/api/apps/"), get(lighthouse::apps))
        .route(&format!("{base}/api/accounts/"), get(lighthouse::accounts))
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_path)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(server), gate::pass))
        .with_state(Arc::clone(server))
}

async fn wrong_method(method: Method, uri: Uri) -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("method {method} is not allowed on {}", uri.path()))
}

async fn no_such_path(uri: Uri) -> Refusal {
    let path = uri.path();
    if path.ends_with('/') {
        Refusal::not_found(format!("no such path: {path}"))
    } else {
        Refusal::not_found(format!("no such path: {path}. Paths end in `/`"))
    }
}
