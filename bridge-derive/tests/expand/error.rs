const _: () = {
    #[automatically_derived]
    impl ::iden_bridge::__private::BridgeError for HrError {
        fn into_task_error(self) -> ::iden_bridge::__private::TaskError {
            let __failure = self;
            let (__code, __verdict) = match &__failure {
                Self::Gone { .. } => {
                    ("account_not_found", ::iden_bridge::__private::Verdict::Final)
                }
                Self::Busy { .. } => {
                    (
                        "rate_limited",
                        ::iden_bridge::__private::Verdict::Retry(
                            ::core::option::Option::Some(
                                ::core::time::Duration::from_millis(30000u64),
                            ),
                        ),
                    )
                }
                Self::Refused { .. } => {
                    (
                        "external_system_error",
                        ::iden_bridge::__private::Verdict::Retry(
                            ::core::option::Option::None,
                        ),
                    )
                }
                Self::Io { .. } => {
                    ("external_system_error", ::iden_bridge::__private::Verdict::Unknown)
                }
            };
            ::iden_bridge::__private::TaskError::fail(__code, &__failure)
                .with_verdict(__verdict)
        }
    }
};
