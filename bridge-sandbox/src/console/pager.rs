use super::count::grouped;
use super::fields::Fields;
use super::links::with_query;

/// Which part of a long list a page shows, and the way to the next one.
pub(crate) struct Pager {
    /// How many items come before.
    pub(crate) offset: usize,
    /// How many items a page shows at most.
    pub(crate) limit: usize,
    total: usize,
    /// The address of the list with its filters, and without the part.
    path: String,
    query: Vec<(&'static str, String)>,
}

impl Pager {
    /// Reads the part from the query: `page` counts from 1. `filters` are the fields that the links have to keep.
    pub(super) fn read(path: String, fields: &Fields, filters: &[&'static str], limit: usize) -> Self {
        let page = fields.get("page").parse().unwrap_or(1_usize).max(1);
        let query = filters.iter().map(|name| (*name, fields.exact(name).to_owned())).collect();
        Self { offset: (page - 1).saturating_mul(limit), limit, total: 0, path, query }
    }

    /// Once it is known how many there are in all.
    pub(super) fn of(mut self, total: usize) -> Self {
        self.total = total;
        self
    }

    /// Whether everything stands on this page.
    pub(crate) fn is_all(&self) -> bool {
        self.offset == 0 && self.total <= self.limit
    }

    /// For example `51–100 of 1 234`.
    pub(crate) fn words(&self) -> String {
        let end = self.offset.saturating_add(self.limit).min(self.total);
        match self.offset {
            offset if offset >= end => format!("There are {} in all", grouped(&self.total)),
            offset => format!("{}–{} of {}", grouped(&(offset + 1)), grouped(&end), grouped(&self.total)),
        }
    }

    /// The page before. One behind the end leads back to the last.
    pub(crate) fn previous(&self) -> Option<String> {
        let last = self.total.saturating_sub(1) / self.limit;
        let this = self.offset / self.limit;
        (this > 0).then(|| self.link((this - 1).min(last)))
    }

    /// The page after.
    pub(crate) fn next(&self) -> Option<String> {
        let end = self.offset.saturating_add(self.limit);
        (end < self.total).then(|| self.link(end / self.limit))
    }

    fn link(&self, from_zero: usize) -> String {
        let page = if from_zero == 0 { String::new() } else { (from_zero + 1).to_string() };
        let query = self.query.iter().map(|(name, value)| (*name, value.as_str()));
        with_query(&self.path, query.chain([("page", page.as_str())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(query: &str, total: usize) -> Pager {
        Pager::read("/list/".to_owned(), &Fields::parse(query.as_bytes()), &["q"], 50).of(total)
    }

    #[test]
    fn a_long_list_is_walked_page_by_page_with_its_filters() {
        let first = pager("q=a%26b", 120);
        assert_eq!(first.words(), "1–50 of 120");
        assert_eq!((first.previous(), first.next().as_deref()), (None, Some("/list/?q=a%26b&page=2")));
        let last = pager("q=a%26b&page=3", 120);
        assert_eq!(last.words(), "101–120 of 120");
        assert_eq!((last.previous().as_deref(), last.next()), (Some("/list/?q=a%26b&page=2"), None));
        assert_eq!(pager("page=2", 120).previous().as_deref(), Some("/list/"));
    }

    #[test]
    fn a_page_that_is_not_there_leads_back() {
        let behind = pager("page=99", 120);
        assert_eq!(behind.words(), "There are 120 in all");
        assert_eq!((behind.previous().as_deref(), behind.next()), (Some("/list/?page=3"), None));
        for odd in ["0", "-1", "x", "99999999999999999999"] {
            assert_eq!(pager(&format!("page={odd}"), 120).offset, 0, "{odd}");
        }
        assert_eq!(pager("page=18446744073709551615", 120).next(), None);
        assert!(pager("", 50).is_all() && !pager("", 51).is_all());
    }
}
