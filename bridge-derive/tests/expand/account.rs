const _: () = {
    #[automatically_derived]
    impl ::iden_bridge::__private::BridgeResource for Employee {
        type Static = Employee;
        type Id = u32;
        const SLUG: &'static ::core::primitive::str = "employee";
        const NAME: &'static ::core::primitive::str = "Employees";
        const KIND: ::iden_bridge::__private::Kind = ::iden_bridge::__private::Kind::Account;
        const EDGES: &'static [::iden_bridge::__private::EdgeSchema] = &[
            ::iden_bridge::__private::EdgeSchema::membership::<Team>(),
            ::iden_bridge::__private::EdgeSchema::membership::<Site>(),
            ::iden_bridge::__private::EdgeSchema::assignment::<Seat>(),
        ];
        const FIELDS: &'static [&'static ::core::primitive::str] = &[
            "id",
            "email",
            "last_name",
            "status",
            "desk",
        ];
        fn id(&self) -> Self::Id {
            let Self { number: __number, .. } = self;
            ::core::clone::Clone::clone(&*__number)
        }
        fn write(
            &self,
            __record: &mut ::iden_bridge::__private::RecordWriter,
        ) -> ::core::result::Result<(), ::iden_bridge::__private::FieldError> {
            ::iden_bridge::__private::assert_thread_safe::<u32>();
            ::iden_bridge::__private::assert_thread_safe::<String>();
            ::iden_bridge::__private::assert_thread_safe::<Name>();
            ::iden_bridge::__private::assert_thread_safe::<Option<Employment>>();
            ::iden_bridge::__private::assert_thread_safe::<Vec<Ref<Team>>>();
            ::iden_bridge::__private::assert_thread_safe::<Option<String>>();
            ::iden_bridge::__private::assert_thread_safe::<Vec<Ref<Seat>>>();
            ::iden_bridge::__private::assert_thread_safe::<u16>();
            ::iden_bridge::__private::assert_thread_safe::<u64>();
            let Self {
                email: __email,
                r#type: __type,
                status: __status,
                teams: __teams,
                site: __site,
                seats: __seats,
                desk: __desk,
                ..
            } = self;
            ::iden_bridge::__private::RecordWriter::text(__record, "email", &*__email)?;
            ::iden_bridge::__private::RecordWriter::text(
                __record,
                "last_name",
                &names::last(__type),
            )?;
            ::iden_bridge::__private::RecordWriter::status(__record, &*__status)?;
            ::iden_bridge::__private::RecordWriter::edges::<
                Team,
            >(
                __record,
                &<Self as ::iden_bridge::__private::BridgeResource>::EDGES[0],
                &*__teams,
            )?;
            ::iden_bridge::__private::RecordWriter::edges::<
                Site,
            >(
                __record,
                &<Self as ::iden_bridge::__private::BridgeResource>::EDGES[1],
                &*__site,
            )?;
            ::iden_bridge::__private::RecordWriter::edges::<
                Seat,
            >(
                __record,
                &<Self as ::iden_bridge::__private::BridgeResource>::EDGES[2],
                &*__seats,
            )?;
            ::iden_bridge::__private::RecordWriter::custom(__record, "desk", &*__desk)?;
            ::core::result::Result::Ok(())
        }
    }
    #[automatically_derived]
    impl ::iden_bridge::__private::Account for Employee {}
    #[automatically_derived]
    impl ::iden_bridge::__private::MemberOf<Team> for Employee {}
    #[automatically_derived]
    impl ::iden_bridge::__private::MemberOf<Site> for Employee {}
    #[automatically_derived]
    impl ::iden_bridge::__private::AssignedTo<Seat> for Employee {}
    const _: () = ::iden_bridge::__private::assert_distinct_targets(
        <Employee as ::iden_bridge::__private::BridgeResource>::EDGES,
        1usize,
    );
    const _: () = ::iden_bridge::__private::assert_distinct_targets(
        <Employee as ::iden_bridge::__private::BridgeResource>::EDGES,
        2usize,
    );
};
