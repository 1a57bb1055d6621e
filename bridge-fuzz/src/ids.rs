//! Ids.

use bridge_core::{
    BridgeId,
    wire::{AppId, TaskId},
};
use bridge_runtime::journal::EdgeKey;
use uuid::Uuid;

use crate::promise::assert_shown;

/// What is taken for an id is written as the same text, so that no two texts are one id; what Bridge's own ids are read
/// from may differ, and comes to one form.
pub fn ids(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert_eq!(String::from_wire(text).as_deref(), Some(text));
    comes_back::<u8>(text);
    comes_back::<u32>(text);
    comes_back::<u64>(text);
    comes_back::<i64>(text);
    comes_back::<i128>(text);
    comes_back::<char>(text);
    comes_back::<bool>(text);
    comes_back::<Uuid>(text);
    comes_back::<std::net::IpAddr>(text);
    comes_back::<std::net::SocketAddrV6>(text);
    match text.parse::<AppId>() {
        Ok(id) => {
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(serde_json::to_value(id).unwrap(), id.to_string());
            assert_eq!(text.parse::<TaskId>().unwrap().as_uuid(), id.as_uuid());
        }
        Err(error) => assert_shown(&error.to_string(), 1_000),
    }
    let (slug, id) = text.split_once('\n').unwrap_or(("team", text));
    assert_eq!(EdgeKey::of(slug, id), EdgeKey::of(slug, id));
    assert_ne!(EdgeKey::of(slug, id), EdgeKey::of(slug, &format!("{id}x")));
}

fn comes_back<T: BridgeId>(text: &str) {
    let Some(id) = T::from_wire(text) else { return };
    assert_eq!(id.to_wire(), text);
    assert_eq!(id.duplicate().to_wire(), text);
    assert_eq!(T::from_wire(&id.to_wire()).map(|id| id.to_wire()).as_deref(), Some(text));
}
