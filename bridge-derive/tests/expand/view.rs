const _: () = {
    #[automatically_derived]
    impl<'a, T, const N: usize> ::iden_bridge::__private::BridgeResource
    for Row<'a, T, N>
    where
        T: Clone,
        T: ::core::marker::Send + ::core::marker::Sync + 'static,
        Option<T>: ::iden_bridge::TextField,
        for<'__a> &'__a T: ::iden_bridge::TextField,
    {
        type Static = Row<'static, T, N>;
        type Id = ::std::string::String;
        const SLUG: &'static ::core::primitive::str = "row";
        const NAME: &'static ::core::primitive::str = "Row";
        const KIND: ::iden_bridge::__private::Kind = ::iden_bridge::__private::Kind::Account;
        const EDGES: &'static [::iden_bridge::__private::EdgeSchema] = &[];
        const FIELDS: &'static [&'static ::core::primitive::str] = &[
            "id",
            "email",
            "username",
            "codes",
        ];
        fn id(&self) -> Self::Id {
            let Self { id: __id, .. } = self;
            ::std::string::ToString::to_string(&*__id)
        }
        fn write(
            &self,
            __record: &mut ::iden_bridge::__private::RecordWriter,
        ) -> ::core::result::Result<(), ::iden_bridge::__private::FieldError> {
            ::iden_bridge::__private::assert_thread_safe::<&'a str>();
            ::iden_bridge::__private::assert_thread_safe::<Option<T>>();
            ::iden_bridge::__private::assert_thread_safe::<&'a T>();
            ::iden_bridge::__private::assert_thread_safe::<[u8; N]>();
            let Self { email: __email, username: __username, codes: __codes, .. } = self;
            ::iden_bridge::__private::RecordWriter::text(__record, "email", &*__email)?;
            ::iden_bridge::__private::RecordWriter::text(
                __record,
                "username",
                &*__username,
            )?;
            ::iden_bridge::__private::RecordWriter::custom(
                __record,
                "codes",
                &*__codes,
            )?;
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl<T, const N: usize> ::iden_bridge::__private::Account for Row<'static, T, N>
    where
        T: Clone,
        T: ::core::marker::Send + ::core::marker::Sync + 'static,
        Option<T>: ::iden_bridge::TextField,
        for<'__a> &'__a T: ::iden_bridge::TextField,
    {}
};
