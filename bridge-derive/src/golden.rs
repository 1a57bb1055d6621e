//! What the macros make of typical code, in `tests/expand`: a review of a change sees what it does to generated code.
//!
//! After a wanted change: `UPDATE_EXPAND=1 cargo test -p bridge-derive golden`.

use std::{fs, path::Path};

use proc_macro2::TokenStream;
use quote::quote;

use crate::{error, resource, status, task, tasks};

fn same(name: &str, expansion: TokenStream) {
    let file = syn::parse2(expansion).expect("generated code is Rust");
    let text = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand").join(name).with_extension("rs");
    if std::env::var_os("UPDATE_EXPAND").is_some() {
        fs::write(&path, &text).expect("the golden file can be written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{} differs; UPDATE_EXPAND=1 accepts", path.display());
}

#[test]
fn account() {
    same(
        "account",
        resource::derive(quote! {
            #[bridge(account, slug = "employee", name = "Employees")]
            struct Employee {
                #[bridge(id)]
                number: u32,
                email: String,
                #[bridge(last_name, with = names::last)]
                r#type: Name,
                status: Option<Employment>,
                #[bridge(memberships)]
                teams: Vec<Ref<Team>>,
                #[bridge(memberships = Site)]
                site: Option<String>,
                #[bridge(assignments)]
                seats: Vec<Ref<Seat>>,
                #[bridge(field = "desk")]
                desk: u16,
                #[bridge(skip)]
                salary: u64,
            }
        }),
    );
}

#[test]
fn group() {
    same(
        "group",
        resource::derive(quote! {
            #[bridge(group, crate = ::renamed)]
            struct SalesTeam {
                id: String,
                name: String,
            }
        }),
    );
}

#[test]
fn view() {
    same(
        "view",
        resource::derive(quote! {
            #[bridge(account)]
            struct Row<'a, T, const N: usize>
            where
                T: Clone,
            {
                id: &'a str,
                email: Option<T>,
                username: &'a T,
                #[bridge(field = "codes")]
                codes: [u8; N],
            }
        }),
    );
}

#[test]
fn mistakes() {
    same(
        "mistakes",
        resource::derive(quote! {
            #[bridge(group)]
            struct Team {
                name: String,
            }
        }),
    );
}

#[test]
fn status_enum() {
    same(
        "status",
        status::derive(quote! {
            enum Employment {
                #[bridge(active)]
                Employed,
                #[bridge(suspended)]
                OnLeave { until: Date },
                #[bridge(inactive)]
                Left(Date),
            }
        }),
    );
}

#[test]
fn error_enum() {
    same(
        "error",
        error::derive(quote! {
            enum HrError {
                #[bridge(code = "account_not_found")]
                Gone(u32),
                #[bridge(code = "rate_limited", retry = "30s")]
                Busy,
                #[bridge(retry)]
                Refused { status: u16 },
                #[bridge(unknown)]
                Io(Error),
            }
        }),
    );
}

#[test]
fn task_with_verify() {
    same(
        "task",
        task::attribute(
            quote!(verify = hired, timeout = "10s", retry = 3),
            &quote! {
                #[cfg(unix)]
                pub async fn hire(cx: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, HrError> {
                    cx.db.insert(&task).await
                }
            },
        ),
    );
}

#[test]
fn generic_task() {
    same(
        "generic_task",
        task::attribute(
            quote!(action = "grant_vpn", on_interrupt = rerun),
            &quote! {
                async fn grant<R: Account>(_: TaskContext<Hr>, _: AnyTask<R>) -> Result<(), TaskError> {
                    Ok(())
                }
            },
        ),
    );
}

#[test]
fn task_list() {
    let list = tasks::list(quote!(::iden_bridge; hire, leaving::suspend::<Employee>,));
    same("tasks", quote!(fn list() -> Tasks<Hr> { #list }));
}
