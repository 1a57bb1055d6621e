#![cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#![doc = include_str!("../docs/guide/README.md")]

// The pages name each other by references that are defined at their ends, as paths: that is how a forge finds them. Of a
// reference that is defined twice the first definition counts, and `guide_links.md` stands in front: here they are modules.
// Not for doc tests, which are named after the file and the line that they begin with.

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/first-connector.md")]
pub mod first_connector {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/mapping.md")]
pub mod mapping {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/sources.md")]
pub mod sources {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/tasks.md")]
pub mod tasks {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/what-happens-when.md")]
pub mod what_happens_when {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/operating.md")]
pub mod operating {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/protocol-assumptions.md")]
pub mod protocol_assumptions {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/errors.md")]
pub mod errors {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/guide/upgrading.md")]
pub mod upgrading {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/configuration.md")]
pub mod configuration {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/telemetry.md")]
pub mod telemetry {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/sandbox.md")]
pub mod sandbox {}

#[cfg_attr(not(doctest), doc = include_str!("docs/guide_links.md"))]
#[doc = include_str!("../docs/reliability.md")]
pub mod reliability {}
