//! What the macros accept, beside `tests/ui`, which is what they refuse.
#![allow(dead_code, unreachable_pub)] // they are there to be compiled

mod edges_and_fields;
mod handlers;
mod reported_cases;
mod views_and_generics;

#[test]
fn what_stands_here_compiles_and_does_as_it_says() {
    edges_and_fields::main();
    handlers::main();
    reported_cases::main();
    views_and_generics::main();
}
