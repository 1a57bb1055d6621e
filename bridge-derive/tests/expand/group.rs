const _: () = {
    #[automatically_derived]
    impl ::renamed::__private::BridgeResource for SalesTeam {
        type Static = SalesTeam;
        type Id = String;
        const SLUG: &'static ::core::primitive::str = "sales_team";
        const NAME: &'static ::core::primitive::str = "Sales Team";
        const KIND: ::renamed::__private::Kind = ::renamed::__private::Kind::Group;
        const EDGES: &'static [::renamed::__private::EdgeSchema] = &[];
        const FIELDS: &'static [&'static ::core::primitive::str] = &["id", "name"];
        fn id(&self) -> Self::Id {
            let Self { id: __id, .. } = self;
            ::core::clone::Clone::clone(&*__id)
        }
        fn write(
            &self,
            __record: &mut ::renamed::__private::RecordWriter,
        ) -> ::core::result::Result<(), ::renamed::__private::FieldError> {
            ::renamed::__private::assert_thread_safe::<String>();
            ::renamed::__private::assert_thread_safe::<String>();
            let Self { name: __name, .. } = self;
            ::renamed::__private::RecordWriter::text(__record, "name", &*__name)?;
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl ::renamed::__private::Group for SalesTeam {}
};
