//! The calls of the protocol, by name.

/// One of the calls that a [`Client`](super::Client) makes. Closed: it lists the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// `POST apps/`
    CreateApp,
    /// `POST resource-types/`
    RegisterType,
    /// `PATCH resource-types/{slug}/`
    RenameType,
    /// `POST sync/`
    StartSync,
    /// `PUT sync/{sync_id}/{slug}/`
    PushPage,
    /// `GET sync/{sync_id}/`
    SyncProgress,
    /// `POST sync/{sync_id}/complete/`
    CompleteSync,
    /// `POST sync/{sync_id}/abandon/`
    AbandonSync,
    /// `GET tasks/`
    ListTasks,
    /// `GET tasks/{task_id}/`
    ReadTask,
    /// `PATCH tasks/{task_id}/status/`
    ReportTask,
    /// `GET /api/apps/`, of Lighthouse
    LighthouseApps,
    /// `GET /api/accounts/`, of Lighthouse
    LighthouseAccounts,
}

impl Call {
    /// All calls, for tables and tests.
    pub const ALL: [Self; 13] = [
        Self::CreateApp,
        Self::RegisterType,
        Self::RenameType,
        Self::StartSync,
        Self::PushPage,
        Self::SyncProgress,
        Self::CompleteSync,
        Self::AbandonSync,
        Self::ListTasks,
        Self::ReadTask,
        Self::ReportTask,
        Self::LighthouseApps,
        Self::LighthouseAccounts,
    ];

    /// What the call does, to stand after "could not".
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateApp => "create the app",
            Self::RegisterType => "register a resource type",
            Self::RenameType => "rename a resource type",
            Self::StartSync => "start a sync session",
            Self::PushPage => "push a page",
            Self::SyncProgress => "read the progress of a sync session",
            Self::CompleteSync => "complete a sync session",
            Self::AbandonSync => "abandon a sync session",
            Self::ListTasks => "list the tasks",
            Self::ReadTask => "read a task",
            Self::ReportTask => "report a task",
            Self::LighthouseApps => "list the apps in Lighthouse",
            Self::LighthouseAccounts => "list the accounts in Lighthouse",
        }
    }

    /// Its name in figures and spans: the variant's, in snake case. Stable.
    pub const fn label(self) -> &'static str {
        match self {
            Self::CreateApp => "create_app",
            Self::RegisterType => "register_type",
            Self::RenameType => "rename_type",
            Self::StartSync => "start_sync",
            Self::PushPage => "push_page",
            Self::SyncProgress => "sync_progress",
            Self::CompleteSync => "complete_sync",
            Self::AbandonSync => "abandon_sync",
            Self::ListTasks => "list_tasks",
            Self::ReadTask => "read_task",
            Self::ReportTask => "report_task",
            Self::LighthouseApps => "lighthouse_apps",
            Self::LighthouseAccounts => "lighthouse_accounts",
        }
    }

    /// The documented answer (protocol.md sections 1 to 8), to stand after "expected".
    pub const fn expects(self) -> &'static str {
        match self {
            Self::CreateApp => "201 with the app as JSON",
            Self::RegisterType => "201 with the resource type as JSON",
            Self::RenameType => "200 with the resource type as JSON",
            Self::StartSync => "201 with a `sync_id` as JSON",
            Self::PushPage => "200 with `total`, `created` and `updated` as JSON",
            Self::SyncProgress => "200 with the progress as JSON",
            Self::CompleteSync => "202",
            Self::AbandonSync => "204",
            Self::ListTasks | Self::LighthouseApps | Self::LighthouseAccounts => "200 with a page of a list as JSON",
            Self::ReadTask | Self::ReportTask => "200 with the task as JSON",
        }
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
