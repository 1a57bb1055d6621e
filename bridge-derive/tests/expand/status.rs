const _: () = {
    #[automatically_derived]
    impl ::iden_bridge::__private::BridgeStatus for Employment {
        fn status(&self) -> ::iden_bridge::__private::Status {
            match self {
                Self::Employed { .. } => ::iden_bridge::__private::Status::Active,
                Self::OnLeave { .. } => ::iden_bridge::__private::Status::Suspended,
                Self::Left { .. } => ::iden_bridge::__private::Status::Inactive,
            }
        }
    }
};
