//! Generated code names everything by its full path: here the short names mean something else, or nothing.

#![no_implicit_prelude]
#![deny(missing_docs, warnings)]
#![allow(dead_code, unreachable_pub)]

/// In place of everything that generated code might name.
mod hostile {
    pub struct Result;
    pub struct Option;
    pub struct Vec;
    pub struct String;
    pub trait Send {}
    pub trait Sync {}
    pub trait Clone {}
    pub trait ToString {}
    pub fn drop() {}
    pub struct Future;
    pub struct PhantomData;
    pub struct BridgeResource;
    pub struct RecordWriter;
    pub struct TaskError;
    #[allow(non_camel_case_types)]
    pub struct str;
    #[allow(non_camel_case_types)]
    pub struct u32;
    #[allow(non_camel_case_types)]
    pub struct u64;
    #[allow(non_upper_case_globals)]
    pub const record: () = ();
    #[allow(non_upper_case_globals)]
    pub const cx: () = ();
    #[allow(non_upper_case_globals)]
    pub const task: () = ();
    #[allow(non_snake_case)]
    pub fn Ok() {}
    #[allow(non_snake_case)]
    pub fn Some() {}
    pub mod core {}
    pub mod std {}
    pub mod iden_bridge {}
}

/// The facade under another name.
pub mod renamed {
    pub use ::iden_bridge::*;
}

macro_rules! room {
    ($room:ident, $krate:path) => {
        /// Every macro, with the facade at one path.
        pub mod $room {
            #[allow(unused_imports)]
            use super::hostile::*;

            /// A group.
            #[derive(::iden_bridge::BridgeResource)]
            #[bridge(group, crate = $krate)]
            pub struct Team {
                id: ::std::string::String,
                name: ::std::string::String,
            }

            /// A license.
            #[derive(::iden_bridge::BridgeResource)]
            #[bridge(license, crate = $krate)]
            pub struct Seat {
                id: ::core::primitive::u32,
                name: ::std::string::String,
            }

            /// An account with everything.
            #[derive(::iden_bridge::BridgeResource)]
            #[bridge(account, slug = "employee", name = "Employees", crate = $krate)]
            pub struct Employee {
                #[bridge(id)]
                number: ::core::primitive::u32,
                #[bridge(email, with = lower)]
                r#type: ::std::string::String,
                username: ::core::option::Option<::std::string::String>,
                status: Employment,
                #[bridge(memberships)]
                teams: ::std::vec::Vec<::iden_bridge::Ref<Team>>,
                #[bridge(assignments = Seat)]
                seats: ::std::vec::Vec<::core::primitive::u32>,
                #[bridge(field = "desk")]
                record: ::core::primitive::u16,
                #[bridge(skip)]
                salary: ::core::primitive::u64,
            }

            /// A borrowed, generic view.
            #[derive(::iden_bridge::BridgeResource)]
            #[bridge(account, crate = $krate)]
            pub struct View<'a, T, const N: ::core::primitive::usize> {
                #[bridge(id, with = number)]
                key: ::core::primitive::u64,
                email: &'a ::core::primitive::str,
                username: T,
                #[bridge(field = "codes", with = listed)]
                codes: [::core::primitive::u8; N],
            }

            fn number(key: &::core::primitive::u64) -> ::core::primitive::u64 {
                *key
            }

            fn listed<const N: ::core::primitive::usize>(
                codes: &[::core::primitive::u8; N],
            ) -> ::std::vec::Vec<::core::primitive::u8> {
                <[::core::primitive::u8]>::to_vec(codes)
            }

            fn lower(text: &::core::primitive::str) -> ::std::string::String {
                <::core::primitive::str>::to_lowercase(text)
            }

            /// A status.
            #[derive(::iden_bridge::BridgeStatus)]
            #[bridge(crate = $krate)]
            pub enum Employment {
                /// Active.
                #[bridge(active)]
                Some,
                /// Inactive.
                #[bridge(inactive)]
                None,
            }

            /// An error.
            #[derive(::iden_bridge::BridgeError)]
            #[bridge(crate = $krate)]
            pub enum HrError {
                /// Final.
                #[bridge(code = "account_not_found")]
                Ok,
                /// Again.
                #[bridge(retry = "30s")]
                Err,
                /// Unknown.
                #[bridge(unknown)]
                Other(::std::string::String),
            }

            impl ::core::fmt::Display for HrError {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str("failed")
                }
            }

            /// The system.
            pub struct Hr;

            impl ::iden_bridge::Source<Employee> for Hr {
                async fn read(
                    &self,
                    _: &::iden_bridge::Out<Employee>,
                ) -> ::core::result::Result<(), ::iden_bridge::SourceError> {
                    ::core::result::Result::Ok(())
                }
            }

            /// A handler.
            #[::iden_bridge::bridge_task(verify = hired, timeout = "10s", retry = 3, crate = $krate)]
            pub async fn hire(
                _: ::iden_bridge::TaskContext<Hr>,
                _: ::iden_bridge::payload::CreateAccount<Employee>,
            ) -> ::core::result::Result<::iden_bridge::Created<Employee>, HrError> {
                ::core::result::Result::Err(HrError::Err)
            }

            async fn hired(
                _: &::iden_bridge::TaskContext<Hr>,
                _: &::iden_bridge::payload::CreateAccount<Employee>,
            ) -> ::core::result::Result<::iden_bridge::Probe<::iden_bridge::Created<Employee>>, HrError> {
                ::core::result::Result::Ok(::iden_bridge::Probe::NotApplied)
            }

            /// A generic handler.
            #[::iden_bridge::bridge_task(crate = $krate)]
            pub async fn suspend<Option: ::iden_bridge::Account>(
                _: ::iden_bridge::TaskContext<Hr>,
                _: ::iden_bridge::payload::SuspendAccount<Option>,
            ) -> ::core::result::Result<(), ::iden_bridge::TaskError> {
                ::core::result::Result::Ok(())
            }

            /// A handler of an action that Iden adds later.
            #[::iden_bridge::bridge_task(action = "grant_vpn", on_interrupt = rerun, crate = $krate)]
            pub async fn r#move(
                _: ::iden_bridge::TaskContext<Hr>,
                _: ::iden_bridge::payload::AnyTask<Employee>,
            ) -> ::core::result::Result<(), HrError> {
                ::core::result::Result::Ok(())
            }

            /// A list.
            pub fn tasks() -> ::iden_bridge::Tasks<Hr> {
                ::iden_bridge::tasks![hire, suspend::<Employee>, self::r#move]
            }
        }
    };
}

room!(at_home, ::iden_bridge);
room!(elsewhere, crate::renamed);

#[test]
fn the_lists_hold_what_was_named() {
    ::core::assert_eq!(at_home::tasks().entries().len(), 3);
    ::core::assert_eq!(elsewhere::tasks().entries().len(), 3);
}
