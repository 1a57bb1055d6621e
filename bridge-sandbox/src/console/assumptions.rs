//! What is taken for granted where the protocol is silent.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::Console;
use super::answer::{Answer, page};
use super::frame::{Frame, Place};
use crate::assumptions::AssumptionView;

#[derive(Template)]
#[template(path = "assumptions.html")]
struct AssumptionsPage {
    frame: Frame,
    assumptions: Vec<AssumptionView>,
}

pub(super) async fn show(State(console): State<Arc<Console>>) -> Answer {
    let assumptions = console.server.state().assumptions.list();
    page(&AssumptionsPage { frame: Frame::new("Assumptions", Place::Assumptions).still(), assumptions })
}
