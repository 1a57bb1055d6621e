// A plain struct is no resource.
use iden_bridge::prelude::*;

struct Team {
    id: u32,
}

struct Hr;

impl Source<Team> for Hr {
    async fn read(&self, _: &Out<Team>) -> Result<(), SourceError> {
        Ok(())
    }
}

fn main() {}
