//! What the compiler says: one small file for each misuse, named by it. They are documentation.
//!
//! What compiles stands in `tests/accepted`: one file here that has to be linked would build every crate anew.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test -p bridge-ui`, then read what changed as a newcomer would.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    for room in ["resource", "status", "error", "task", "tasks", "connector"] {
        cases.compile_fail(format!("{room}/*.rs"));
    }
}
