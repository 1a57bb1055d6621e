// A name that does not exist.
use iden_bridge::prelude::*;

fn main() {
    let _ = tasks![suspend];
}
