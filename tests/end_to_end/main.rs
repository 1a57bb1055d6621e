//! Whole connectors over real HTTP against the sandbox. Expected values are those of the protocol, not of the code.
#![allow(clippy::unwrap_used, unreachable_pub)] // helpers of tests

mod app;
mod bad_answers;
mod canary;
#[cfg(feature = "cli")]
mod canary_commands;
mod canary_console;
mod canary_handlers;
mod canary_search;
mod canary_wire;
mod child_process;
mod company;
#[cfg(feature = "dev")]
mod dev;
mod empty_ids;
mod examine;
mod first_run;
mod journal_trouble;
mod killed_child;
mod log;
#[path = "../common/process_group.rs"]
mod process_group;
mod register;
mod regressions;
mod running;
#[path = "../common/scrape.rs"]
mod scrape;
mod source_watch;
mod sync;
mod sync_approve;
mod sync_busy;
mod sync_emptied;
mod sync_gate;
mod sync_guard;
mod sync_held;
mod sync_killed;
mod sync_links;
mod sync_lost;
mod sync_ordered;
mod sync_outage;
mod sync_paging;
mod sync_plan;
mod sync_race;
mod sync_reductions;
mod sync_refused;
mod sync_repeated;
mod sync_respelled;
mod sync_slow;
mod sync_source;
mod sync_trail;
mod sync_types;
mod task_answers;
mod task_child;
mod task_floor;
mod task_killed;
mod task_killed_at_random;
mod task_lanes;
mod task_logins;
mod task_once;
mod task_pages;
mod task_polling;
mod task_regressions;
mod task_reported_again;
mod task_surprises;
mod task_trouble;
mod task_window;
mod task_world;
mod tasks;
mod tasks_interrupted;
mod telemetry;
mod time;
mod trouble;
mod types_changed;
mod user_panics;
