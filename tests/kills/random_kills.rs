//! Kills by chance.

use std::time::Duration;

use bridge_sandbox::Fault;

use crate::{
    kill::{FOR_GOOD, GOES_ON, MILLI},
    scene::Scene,
    victim::Victim,
};

impl Scene {
    pub async fn after_a_while(&mut self, name: &'static str, wait: Duration) {
        let victim = Victim::start(&self.program, self.chance.one_of(&GOES_ON));
        tokio::time::sleep(wait).await;
        self.kill(victim, name).await;
        self.check_what_is_left();
        self.may_be_held |= !self.knows_its_app();
    }

    /// From some call on all are held.
    pub async fn at_any_call(&mut self, name: &'static str) {
        let calls = self.chance.below(20);
        self.sandbox.clear_requests();
        self.sandbox.fault(Fault::on("*", "/").after(calls).delay(FOR_GOOD));
        let victim = Victim::start(&self.program, self.chance.one_of(&GOES_ON));
        // It may come to its rest before so many.
        let reached = async {
            while self.sandbox.requests().len() <= calls {
                tokio::time::sleep(MILLI).await;
            }
        };
        let _ = tokio::time::timeout(2 * self.usual, reached).await;
        self.kill(victim, name).await;
        self.check_what_is_left();
    }
}
