//! What goes out.

use std::{collections::HashSet, fmt};

use bridge_core::{MAX_RECORD_BYTES, Record, Status};
use iden_bridge::Ref;
use serde::{
    Deserializer,
    de::{Deserialize, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use crate::{
    input::Input,
    promise::CANARY,
    resources::{Employment, Person},
};

/// Everything that the protocol or the struct names, and nothing else (protocol.md section 5).
const MAPPED: [&str; 9] =
    ["id", "email", "username", "first_name", "status", "custom_value", "rates", "memberships", "assignments"];

/// Whatever a record holds, what goes out is one JSON object, with mapped fields only, each once and as it was given.
pub fn record(data: &[u8]) {
    let person = person(&mut Input(data));
    let record = match Record::of(&person) {
        Ok(record) => record,
        Err(error) => return assert!(!error.to_string().contains(CANARY), "{error}"),
    };
    let mut json = Vec::new();
    record.append_json(&mut json);
    assert!(json.len() <= record.size() && record.size() <= json.len() + 60, "{} are {}", json.len(), record.size());
    assert!(json.len() <= MAX_RECORD_BYTES);

    let Keys(keys) = serde_json::from_slice(&json).unwrap_or_else(|error| panic!("{error}: {}", json.escape_ascii()));
    assert!(keys.iter().all(|key| MAPPED.contains(&&**key)), "{keys:?}");
    assert!((1..keys.len()).all(|at| !keys[at..].contains(&keys[at - 1])), "twice: {keys:?}");
    assert!(!String::from_utf8_lossy(&json).contains(CANARY), "what is skipped goes out");

    let sent: Value = match serde_json::from_slice(&json) {
        Ok(sent) => sent,
        // A value of the user's that nests deeper than this parser goes.
        Err(_) => return,
    };
    assert_eq!((sent["id"].as_str(), record.id()), (Some(&*person.number), &*person.number));
    assert_eq!(sent["email"].as_str(), person.email.as_deref().filter(|email| !email.is_empty()));
    assert_eq!(sent["username"].as_str(), person.username.as_deref().filter(|name| !name.is_empty()));
    assert_eq!(sent["status"].as_str(), record.status().map(Status::as_str));
    assert_eq!(sent["first_name"].as_str(), Some(&*person.first_name));
    assert_eq!(sent.get("custom_value"), person.value.as_ref().filter(|value| !value.is_null()));
    let mut seen = HashSet::new();
    let teams: Vec<&str> = person.teams.iter().map(|team| team.id().as_str()).filter(|id| seen.insert(*id)).collect();
    assert_eq!(sent["memberships"]["team"], Value::from(teams));
}

fn person(input: &mut Input<'_>) -> Person {
    let flags = input.byte();
    let set = |bit: u8| flags & (1 << bit) != 0;
    let status = [Employment::Employed, Employment::OnLeave, Employment::Left][input.choice(3)];
    let (number, email, username, first_name) = (input.text(), input.text(), input.text(), input.text());
    let value = serde_json::from_slice(input.piece()).ok();
    let rates = (0..input.choice(4)).map(|_| Some(f64::from_bits(input.number())).filter(|rate| !rate.is_subnormal()));
    let rates = rates.collect();
    // Some of them many times, so that a record comes near to what is too large.
    let times = if set(2) && set(3) { 1_500 } else { 1 };
    let mut teams = Vec::new();
    for _ in 0..input.choice(5) {
        let team = input.text();
        teams.extend((0..times).map(|at| Ref::new(if at == 0 { team.clone() } else { format!("{team}{at}") })));
    }
    let seats = (0..input.choice(4)).map(|_| Ref::new(u32::from(input.byte()))).collect();
    Person {
        number,
        email: set(0).then_some(email),
        username: set(1).then_some(username),
        first_name,
        status,
        value,
        rates,
        teams,
        seats,
        salary: CANARY.to_owned(),
    }
}

/// The keys of an object, in order, repeated ones too.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        from.deserialize_map(Object)
    }
}
