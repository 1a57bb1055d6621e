//! The methods of the client: one per call of the protocol.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bridge_core::wire::{
    App, AppId, LighthouseAccount, LighthouseApp, LighthousePage, NewApp, PageReceipt, RegisteredType, ResourceType,
    SyncId, SyncProgress, SyncSession, Task, TaskId, TaskPage, TaskReport, TaskStatus, text::printable,
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::exchange::{Exchange, Wire};
use super::{
    AccountQuery, ApiKey, BaseUrl, Call, ClientBuilder, ClientError, ErrorKind, Method, TaskQuery, answer, query,
};
use crate::{clock::Clock, planted::Bug};

/// Talks to one tenant. A clone is cheap, and shares connections, pauses and the budget for retries.
///
/// Every method retries as `retry.rs` has it, begins no attempt after the [`operation`](super::Timeouts::operation)
/// timeout, and fails with a [`ClientError`]. Dropping a future gives the call up; it may have had its effect.
#[derive(Clone)]
pub struct Client {
    pub(super) wire: Arc<Wire>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.wire.base.to_string()).finish_non_exhaustive()
    }
}

impl Client {
    /// Begins a client.
    pub fn builder(base: BaseUrl, key: ApiKey) -> ClientBuilder {
        ClientBuilder::new(base, key)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.wire.clock
    }

    /// How often so far the server asked for less load: answers 429 and 503, of every attempt of every clone.
    pub(crate) fn throttles(&self) -> u64 {
        self.wire.throttles.load(Relaxed)
    }

    /// How often so far a request was sent again, by every clone.
    pub(crate) fn retries(&self) -> u64 {
        self.wire.retries.load(Relaxed)
    }

    /// Waits as long as a `Retry-After` holds calls back; not for one that is too long for any call.
    pub(crate) async fn outwait_pause(&self) {
        self.wire.outwait_pause().await;
    }

    /// How long the answer to one request is waited for.
    pub(crate) fn patience(&self) -> Duration {
        self.wire.patience()
    }

    /// Where it talks to.
    pub fn base_url(&self) -> &BaseUrl {
        &self.wire.base
    }

    /// Creates an app (protocol.md section 2). Repeated only where the request surely never left, since a repetition
    /// could make a second app: ask [`ClientError::outcome_unknown`] before you call it again.
    pub async fn create_app(&self, app: &NewApp) -> Result<App, ClientError> {
        let url = self.bridge(&["apps"]);
        self.write(Call::CreateApp, Method::Post, url, app).await
    }

    /// Registers a resource type (protocol.md section 3). A slug that is taken is an error with
    /// [`is_conflict`](ClientError::is_conflict); after a lost answer it may be our own.
    pub async fn register_type(&self, app: AppId, kind: &ResourceType) -> Result<RegisteredType, ClientError> {
        let url = self.bridge(&["apps", &app.to_string(), "resource-types"]);
        self.write(Call::RegisterType, Method::Post, url, kind).await
    }

    /// Changes the display name of a resource type. Verb, path and body are assumptions (protocol.md section 3).
    pub async fn rename_type(&self, app: AppId, slug: &str, name: &str) -> Result<RegisteredType, ClientError> {
        #[derive(Serialize)]
        struct Rename<'a> {
            name: &'a str,
        }
        let url = self.bridge(&["apps", &app.to_string(), "resource-types", slug]);
        self.check_slug(Call::RenameType, Method::Patch, slug, &[])?;
        self.write(Call::RenameType, Method::Patch, url, &Rename { name }).await
    }

    /// Opens a sync session (protocol.md section 4). A repetition may leave a session behind that nothing completes.
    pub async fn start_sync(&self, app: AppId) -> Result<SyncSession, ClientError> {
        let url = self.bridge(&["apps", &app.to_string(), "sync"]);
        self.call(Call::StartSync, Method::Post, url, None).await
    }

    /// Pushes a page (protocol.md section 4). `body` is the finished JSON `{"records":[…]}` with 1 to 100 records of
    /// the type `slug`; a repetition sends the same bytes.
    pub async fn push_page(
        &self,
        app: AppId,
        sync: SyncId,
        slug: &str,
        body: Bytes,
    ) -> Result<PageReceipt, ClientError> {
        // The two names stand at the same place in the path: a type of that name would complete the session.
        self.check_slug(Call::PushPage, Method::Put, slug, &["complete", "abandon"])?;
        let url = self.session(app, sync, &[slug]);
        self.call(Call::PushPage, Method::Put, url, Some(body)).await
    }

    /// Reads how far a session has come (protocol.md section 4).
    pub async fn sync_progress(&self, app: AppId, sync: SyncId) -> Result<SyncProgress, ClientError> {
        let exchange = Exchange::of(Call::SyncProgress, Method::Get, self.session(app, sync, &[]), None);
        self.wire.run(exchange, |answer| answer::of(answer, sync, |progress: &SyncProgress| progress.sync_id)).await
    }

    /// Completes a session: **whatever it has not pushed is removed** (protocol.md section 4).
    ///
    /// Repeated only where the request surely never left. After any other failure, read the progress first: a session
    /// that is already completed is a success (protocol.md section 7).
    pub async fn complete_sync(&self, app: AppId, sync: SyncId) -> Result<(), ClientError> {
        self.complete_sync_by(app, sync, Duration::MAX).await
    }

    /// The same, by a time on the client's clock: neither a pause nor a retry makes it leave later.
    pub(crate) async fn complete_sync_by(&self, app: AppId, sync: SyncId, by: Duration) -> Result<(), ClientError> {
        let url = self.session(app, sync, &["complete"]);
        self.wire.run(Exchange::of(Call::CompleteSync, Method::Post, url, None).by(by), answer::nothing).await
    }

    /// Closes a session without removing anything (protocol.md section 4). 400, 404 and 409 for a session that is
    /// finished are errors here; the caller may take them for success (protocol.md section 7).
    pub async fn abandon_sync(&self, app: AppId, sync: SyncId) -> Result<(), ClientError> {
        let url = self.session(app, sync, &["abandon"]);
        self.wire.run(Exchange::of(Call::AbandonSync, Method::Post, url, None), answer::nothing).await
    }

    /// Lists the tasks that may be executed now (protocol.md section 6).
    pub async fn pending_tasks(&self, app: AppId, limit: u64, offset: u64) -> Result<TaskPage, ClientError> {
        if Bug::ScheduledIsPickedUp.is_planted() {
            return self.tasks(app, &TaskQuery::default().limit(limit).offset(offset)).await;
        }
        self.tasks(app, &TaskQuery::default().status(TaskStatus::Pending).limit(limit).offset(offset)).await
    }

    /// Lists tasks, all or those of one status (protocol.md section 6).
    pub async fn tasks(&self, app: AppId, query: &TaskQuery) -> Result<TaskPage, ClientError> {
        let mut url = self.bridge(&["apps", &app.to_string(), "tasks"]);
        query.write(&mut url);
        self.call(Call::ListTasks, Method::Get, url, None).await
    }

    /// Reads one task (protocol.md section 6).
    pub async fn task(&self, app: AppId, task: TaskId) -> Result<Task, ClientError> {
        let url = self.bridge(&["apps", &app.to_string(), "tasks", &task.to_string()]);
        self.task_call(Exchange::of(Call::ReadTask, Method::Get, url, None), task).await
    }

    /// Reports how a task ended (protocol.md section 6). A conflict means that the task is already terminal; where the
    /// outcome of an earlier attempt is unknown, read the task to see whether the report had arrived (section 7).
    pub async fn report_task(&self, app: AppId, task: TaskId, report: &TaskReport) -> Result<Task, ClientError> {
        let url = self.bridge(&["apps", &app.to_string(), "tasks", &task.to_string(), "status"]);
        let body = self.body(Call::ReportTask, Method::Patch, &url, report)?;
        self.task_call(Exchange::of(Call::ReportTask, Method::Patch, url, Some(body)), task).await
    }

    /// Lists the tenant's apps, of any origin (protocol.md section 8).
    pub async fn lighthouse_apps(&self, limit: u64, offset: u64) -> Result<LighthousePage<LighthouseApp>, ClientError> {
        let mut url = self.wire.base.below(&["api", "apps"]);
        query::page(&mut url, limit, offset);
        self.call(Call::LighthouseApps, Method::Get, url, None).await
    }

    /// Lists the accounts that Iden holds for an app (protocol.md section 8). That a Bridge app is found by its id is an
    /// assumption.
    pub async fn lighthouse_accounts(
        &self,
        app: AppId,
        query: &AccountQuery,
    ) -> Result<LighthousePage<LighthouseAccount>, ClientError> {
        let mut url = self.wire.base.below(&["api", "accounts"]);
        query.write(app, &mut url);
        self.call(Call::LighthouseAccounts, Method::Get, url, None).await
    }

    fn bridge(&self, parts: &[&str]) -> Url {
        self.wire.base.below(&[&["api", "v1", "bridge"], parts].concat())
    }

    fn session(&self, app: AppId, sync: SyncId, parts: &[&str]) -> Url {
        let (app, sync) = (app.to_string(), sync.to_string());
        self.bridge(&[&["apps", &app, "sync", &sync], parts].concat())
    }

    /// Refuses a slug that would make the path mean something else. Escaping covers the rest.
    fn check_slug(&self, call: Call, method: Method, slug: &str, reserved: &[&str]) -> Result<(), ClientError> {
        // A URL leaves tabs and line ends out: `com\tplete` is `complete` there.
        let named = !slug.is_empty() && slug != "." && slug != ".." && !slug.contains(char::is_control);
        if named && !reserved.contains(&slug) {
            return Ok(());
        }
        let why = format!("`{}` cannot be the slug of a resource type", printable(slug, 64));
        Err(self.invalid(call, method, &self.wire.base.below(&[]), why))
    }

    fn invalid(&self, call: Call, method: Method, url: &Url, why: String) -> ClientError {
        let target = super::Destination { method, host: self.wire.base.host(), path: url.path().to_owned() };
        ClientError::new(call, target, ErrorKind::Invalid { why }, 0, false)
    }

    async fn write<B: Serialize, T: DeserializeOwned>(
        &self,
        call: Call,
        method: Method,
        url: Url,
        body: &B,
    ) -> Result<T, ClientError> {
        let body = self.body(call, method, &url, body)?;
        self.call(call, method, url, Some(body)).await
    }

    fn body<B: Serialize>(&self, call: Call, method: Method, url: &Url, body: &B) -> Result<Bytes, ClientError> {
        let written = serde_json::to_vec(body);
        written
            .map(Bytes::from)
            .map_err(|fault| self.invalid(call, method, url, format!("the body cannot be written as JSON: {fault}")))
    }

    /// A call that is answered with the task that it is about.
    async fn task_call(&self, exchange: Exchange, task: TaskId) -> Result<Task, ClientError> {
        self.wire.run(exchange, |answer| answer::of(answer, task, |there: &Task| there.id)).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        call: Call,
        method: Method,
        url: Url,
        body: Option<Bytes>,
    ) -> Result<T, ClientError> {
        self.wire.run(Exchange::of(call, method, url, body), answer::value).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Response;
    use crate::client::testing::Script;
    use bridge_core::wire::Kind;

    const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";

    /// Verb, path and body of every call, as protocol.md sections 2, 3, 4, 6 and 8 write them.
    #[tokio::test]
    async fn every_call_is_the_documented_one() {
        let (app, sync, task) = (ID.parse().unwrap(), ID.parse().unwrap(), ID.parse().unwrap());
        let (client, script) = Script::new((0..14).map(|_| Ok(Response::json(400, "{}")))).client();
        let kind = ResourceType::new("employee", "Employees", Kind::Account);
        let report = TaskReport::failed("timeout", "too slow");
        let _ = client.create_app(&NewApp::new("Payroll")).await;
        let _ = client.register_type(app, &kind).await;
        let _ = client.rename_type(app, "employee", "Staff").await;
        let _ = client.start_sync(app).await;
        let _ = client.push_page(app, sync, "employee", Bytes::from_static(br#"{"records":[]}"#)).await;
        let _ = client.sync_progress(app, sync).await;
        let _ = client.complete_sync(app, sync).await;
        let _ = client.abandon_sync(app, sync).await;
        let _ = client.pending_tasks(app, 50, 100).await;
        let _ = client.tasks(app, &TaskQuery::default()).await;
        let _ = client.task(app, task).await;
        let _ = client.report_task(app, task, &report).await;
        let _ = client.lighthouse_apps(50, 0).await;
        let accounts = AccountQuery::default().status("ACTIVE").email("a+b@c.d").limit(20).offset(40);
        let _ = client.lighthouse_accounts(app, &accounts).await;

        let seen = script.seen.lock().unwrap();
        let sent: Vec<String> = seen
            .iter()
            .map(|request| {
                let target =
                    request.url.as_str().replace("https://developer.idenhq.com/org/acme", "").replace(ID, "ID");
                let body = request.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
                format!("{} {target} {body}", request.method).trim_end().to_owned()
            })
            .collect();
        assert_eq!(
            sent,
            [
                r#"POST /api/v1/bridge/apps/ {"name":"Payroll"}"#,
                r#"POST /api/v1/bridge/apps/ID/resource-types/ {"slug":"employee","name":"Employees","type":"account"}"#,
                r#"PATCH /api/v1/bridge/apps/ID/resource-types/employee/ {"name":"Staff"}"#,
                "POST /api/v1/bridge/apps/ID/sync/",
                r#"PUT /api/v1/bridge/apps/ID/sync/ID/employee/ {"records":[]}"#,
                "GET /api/v1/bridge/apps/ID/sync/ID/",
                "POST /api/v1/bridge/apps/ID/sync/ID/complete/",
                "POST /api/v1/bridge/apps/ID/sync/ID/abandon/",
                "GET /api/v1/bridge/apps/ID/tasks/?status=pending&limit=50&offset=100",
                "GET /api/v1/bridge/apps/ID/tasks/?limit=50&offset=0",
                "GET /api/v1/bridge/apps/ID/tasks/ID/",
                r#"PATCH /api/v1/bridge/apps/ID/tasks/ID/status/ {"status":"failed","error":{"code":"timeout","message":"too slow"}}"#,
                "GET /api/apps/?limit=50&offset=0",
                "GET /api/accounts/?app=ID&status=ACTIVE&email=a%2Bb%40c.d&limit=20&offset=40",
            ]
        );
    }

    #[tokio::test]
    async fn a_slug_cannot_turn_a_page_into_another_call() {
        let (client, script) = Script::new([Ok(Response::json(400, "{}"))]).client();
        let (app, sync) = (ID.parse().unwrap(), ID.parse().unwrap());
        for slug in ["", ".", "..", ".\t.", "complete", "com\tplete", "abandon\n"] {
            let error = client.push_page(app, sync, slug, Bytes::new()).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{error}");
        }
        let _ = client.push_page(app, sync, "../complete", Bytes::new()).await;
        assert!(script.seen.lock().unwrap()[0].url.path().ends_with("/..%2Fcomplete/"));
    }
}
