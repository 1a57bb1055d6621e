fn list() -> Tasks<Hr> {
    {
        const HANDLERS: &[::iden_bridge::__private::Listed] = &[
            ::iden_bridge::__private::entry::<_, (hire)>().listed(),
            ::iden_bridge::__private::entry::<_, (leaving::suspend<Employee>)>().listed(),
        ];
        const _: () = ::iden_bridge::__private::assert_distinct(HANDLERS, 1usize);
        ::iden_bridge::__private::Tasks::of([
            ::iden_bridge::__private::entry::<_, (hire)>(),
            ::iden_bridge::__private::entry::<_, (leaving::suspend<Employee>)>(),
        ])
    }
}
