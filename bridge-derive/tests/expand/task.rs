#[cfg(unix)]
pub async fn hire(
    cx: TaskContext<Hr>,
    task: CreateAccount<Employee>,
) -> Result<Created<Employee>, HrError> {
    cx.db.insert(&task).await
}
#[cfg(unix)]
#[doc(hidden)]
pub struct hire {}
#[cfg(unix)]
const _: () = {
    #[automatically_derived]
    impl ::iden_bridge::__private::TaskHandler<
        (TaskContext<Hr>, CreateAccount<Employee>, Result<Created<Employee>, HrError>),
    > for hire {
        type Context = TaskContext<Hr>;
        type Payload = CreateAccount<Employee>;
        type Outcome = Result<Created<Employee>, HrError>;
        type Interruption = ::iden_bridge::__private::Verify;
        type Action = ::iden_bridge::__private::Inferred;
        const NAME: &'static ::core::primitive::str = "hire";
        const TIMEOUT_MILLIS: ::core::option::Option<::core::primitive::u64> = ::core::option::Option::Some(
            10000u64,
        );
        const ATTEMPTS: ::core::option::Option<::core::primitive::u32> = ::core::option::Option::Some(
            3u32,
        );
        fn call(
            __cx: Self::Context,
            __task: Self::Payload,
        ) -> impl ::core::future::Future<
            Output = Self::Outcome,
        > + ::core::marker::Send + 'static {
            hire(__cx, __task)
        }
        fn probe<'probe>(
            __cx: &'probe Self::Context,
            __task: &'probe Self::Payload,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<
                ::iden_bridge::__private::Probe<
                    <Self::Payload as ::iden_bridge::__private::TaskPayload>::Outcome,
                >,
                ::iden_bridge::__private::TaskError,
            >,
        > + ::core::marker::Send + 'probe {
            ::iden_bridge::__private::verdict_of_probe::<
                <Self::Payload as ::iden_bridge::__private::TaskPayload>::Outcome,
                _,
                _,
                _,
            >(hired, __cx, __task)
        }
    }
};
