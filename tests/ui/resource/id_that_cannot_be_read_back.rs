// An id comes back from Iden in tasks, so it must be readable.
use iden_bridge::prelude::*;

#[derive(Clone, PartialEq, Eq)]
struct Number(u32);

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: Number,
    email: String,
}

fn main() {}
