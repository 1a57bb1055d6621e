use serde_json::{Map, Value};

use super::catalog::Kind;

/// The two fields of an account that map slugs to lists of ids.
pub(crate) const LINKS: [(&str, Kind); 2] = [("memberships", Kind::Group), ("assignments", Kind::License)];

/// Each single membership and assignment of an account: field, slug, id.
pub(crate) fn links(fields: &Map<String, Value>) -> impl Iterator<Item = (&'static str, &str, &str)> {
    LINKS.iter().flat_map(move |(field, _): &(&str, Kind)| {
        let slugs = fields.get(*field).and_then(Value::as_object).into_iter().flatten();
        slugs.flat_map(move |(slug, ids)| {
            let ids = ids.as_array().into_iter().flatten().filter_map(Value::as_str);
            ids.map(move |id| (*field, slug.as_str(), id))
        })
    })
}

/// The links of an account and nothing else.
pub(crate) fn only_links(fields: &Map<String, Value>) -> Map<String, Value> {
    let links = LINKS.iter().filter_map(|(field, _)| Some(((*field).to_owned(), fields.get(*field)?.clone())));
    links.collect()
}

/// Adds the links that `old` has and `fields` has not.
pub(crate) fn add_links(fields: &mut Map<String, Value>, old: &Map<String, Value>) {
    for (field, slug, id) in links(old) {
        let slugs = fields.entry(field).or_insert_with(|| Value::Object(Map::new()));
        let Some(slugs) = slugs.as_object_mut() else { continue };
        let ids = slugs.entry(slug).or_insert_with(|| Value::Array(Vec::new()));
        let Some(ids) = ids.as_array_mut() else { continue };
        if !ids.iter().any(|held| held == id) {
            ids.push(Value::from(id));
        }
    }
}
