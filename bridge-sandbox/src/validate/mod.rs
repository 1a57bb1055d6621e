//! The schemas of the request bodies.

mod fields;
mod page;
mod requests;

pub(crate) use page::{Incoming, Page};
pub(crate) use requests::{NewApp, NewType, Report, display_name_only, nothing, parse_uuid};
