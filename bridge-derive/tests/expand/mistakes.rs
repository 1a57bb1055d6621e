::core::compile_error! {
    "`Team` has no id: mark the field that identifies a record with `#[bridge(id)]`"
}
const _: () = {
    #[automatically_derived]
    impl ::iden_bridge::__private::BridgeResource for Team {
        type Static = Team;
        type Id = ::std::string::String;
        const SLUG: &'static ::core::primitive::str = "team";
        const NAME: &'static ::core::primitive::str = "Team";
        const KIND: ::iden_bridge::__private::Kind = ::iden_bridge::__private::Kind::Group;
        const EDGES: &'static [::iden_bridge::__private::EdgeSchema] = &[];
        const FIELDS: &'static [&'static ::core::primitive::str] = &["id", "name"];
        fn id(&self) -> Self::Id {
            ::core::unreachable!()
        }
        fn write(
            &self,
            _: &mut ::iden_bridge::__private::RecordWriter,
        ) -> ::core::result::Result<(), ::iden_bridge::__private::FieldError> {
            ::core::unreachable!()
        }
    }
    #[automatically_derived]
    impl ::iden_bridge::__private::Group for Team {}
};
