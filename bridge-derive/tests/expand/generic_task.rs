async fn grant<R: Account>(_: TaskContext<Hr>, _: AnyTask<R>) -> Result<(), TaskError> {
    Ok(())
}
#[doc(hidden)]
struct grant<R: Account> {
    __of: ::core::marker::PhantomData<fn() -> (R,)>,
}
const _: () = {
    #[automatically_derived]
    impl<
        R: Account,
    > ::iden_bridge::__private::TaskHandler<
        (TaskContext<Hr>, AnyTask<R>, Result<(), TaskError>),
    > for grant<R> {
        type Context = TaskContext<Hr>;
        type Payload = AnyTask<R>;
        type Outcome = Result<(), TaskError>;
        type Interruption = ::iden_bridge::__private::Rerun;
        type Action = ::iden_bridge::__private::Named;
        const NAME: &'static ::core::primitive::str = "grant";
        const ACTION: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(
            "grant_vpn",
        );
        fn call(
            __cx: Self::Context,
            __task: Self::Payload,
        ) -> impl ::core::future::Future<
            Output = Self::Outcome,
        > + ::core::marker::Send + 'static {
            grant::<R>(__cx, __task)
        }
    }
};
