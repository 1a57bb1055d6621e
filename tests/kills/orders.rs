//! The tasks that Iden queues, and what has to become of each.

use bridge_sandbox::{App, NewTask, TaskView};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{chance::Chance, company::Company};

/// By the kinds of their handlers: verified, at most once, idempotent.
pub const HIRE: &str = "create_account";
pub const RESET: &str = "reset_password";
pub const RUN_AGAIN: [&str; 4] = ["update_account", "delete_account", "suspend_account", "unsuspend_account"];
pub const ACTIONS: [&str; 6] = [HIRE, RESET, RUN_AGAIN[0], RUN_AGAIN[1], RUN_AGAIN[2], RUN_AGAIN[3]];

/// A task, and whom it is about: nobody else is, and nobody but it changes them.
struct Order {
    task: Uuid,
    action: &'static str,
    number: u32,
    email: String,
}

#[derive(Default)]
pub struct Orders(Vec<Order>);

impl Orders {
    pub fn queue(&mut self, action: &'static str, app: &App, company: &mut Company, chance: &Chance) -> Uuid {
        let new = NewTask::new(action, "employee");
        let (mut number, mut email) = (0, String::new());
        let task = if action == HIRE {
            email = format!("hired{}@acme.example", self.0.len());
            let account = json!({"email": email, "first_name": "Nadia", "assignments": {"seat": ["ide"]}});
            new.account(account).memberships(json!({"team": ["data"]}))
        } else {
            number = if action == "unsuspend_account" { company.on_leave(chance) } else { company.employed(chance) };
            let new = new.account(json!({"id": number.to_string()}));
            if action == "update_account" { new.changes(json!({"last_name": "Ordered"})) } else { new }
        };
        let task = app.queue(task);
        self.0.push(Order { task, action, number, email });
        task
    }

    pub fn is_done(&self, app: &App) -> bool {
        self.0.iter().all(|order| app.task(order.task).unwrap().is_done())
    }

    /// Whether the handler of this task has done its work.
    pub fn is_in_the_database(&self, task: Uuid, company: &Company) -> bool {
        self.0.iter().find(|order| order.task == task).unwrap().effects(company) > 0
    }

    /// Nothing is done more often than its handler may do it, whatever happens.
    #[track_caller]
    pub fn check(&self, company: &Company) {
        for order in self.0.iter().filter(|order| [HIRE, RESET].contains(&order.action)) {
            let effects = order.effects(company);
            assert!(effects <= 1, "{} {} was carried out {effects} times", order.action, order.task);
        }
    }

    /// How often something was carried out twice, and how often nobody could tell. Both are allowed, and worth a look.
    #[track_caller]
    pub fn check_at_the_end(&self, app: &App, company: &Company) -> (u64, u64) {
        self.check(company);
        let (mut repeated, mut unknown) = (0, 0);
        for order in &self.0 {
            let (task, effects) = (app.task(order.task).unwrap(), order.effects(company));
            let end = end_of(&task);
            let told = task.result.clone().unwrap_or_default();
            match (order.action, end.as_str()) {
                (HIRE, "completed") => {
                    let sql = format!("select cast(number as text) from person where email = '{}'", order.email);
                    assert_eq!((effects, json!(company.file().texts(&sql))), (1, json!([told["id"]])), "{task:?}");
                }
                (RESET, "completed") => {
                    let sql = format!("select password from password_reset where person = {}", order.number);
                    assert_eq!(
                        (effects, json!(company.file().texts(&sql))),
                        (1, json!([told["password"]])),
                        "{task:?}"
                    );
                }
                (RESET, "outcome_unknown") => unknown += 1,
                (RESET, "result_lost") => assert_eq!(effects, 1, "{task:?}"),
                (HIRE | RESET, _) => panic!("it must not end so: {task:?}"),
                (_, "completed") => {
                    assert!(effects >= 1, "{task:?} was not carried out");
                    repeated += effects - 1;
                }
                _ => panic!("it must not end so: {task:?}"),
            }
        }
        (repeated, unknown)
    }
}

impl Order {
    fn effects(&self, company: &Company) -> u64 {
        let what = match self.action {
            HIRE => return company.file().count(&format!("person where email = '{}'", self.email)),
            "update_account" => "named Ordered",
            "delete_account" => "left",
            "suspend_account" => "on_leave",
            "unsuspend_account" => "employed",
            _ => "reset",
        };
        company.effects(what, self.number)
    }
}

/// `completed`, or the code of its error.
fn end_of(task: &TaskView) -> String {
    let code = task.error.as_ref().map(|error| &error["code"]).and_then(Value::as_str);
    code.unwrap_or(&task.status).to_owned()
}
