//! How many tasks a page of the list should have.

/// The size of a page, unless its tasks are too large.
const FULL: u64 = 100;
/// After this many good pages in a row, a larger page is tried again.
const GOOD_PAGES: u32 = 8;

/// Adapts the page size to a limit on the size of a response.
///
/// A response that is too large halves the page. If a page of one task is still too large, that task is the cause: it is
/// skipped, and the pages double back to their full size. If instead many tasks are large, the size that worked is kept
/// for a while, so that not every second request fails.
#[derive(Debug)]
pub(super) struct PageSize {
    limit: u64,
    /// The largest size that is tried at the moment.
    ceiling: u64,
    good_pages: u32,
}

impl Default for PageSize {
    fn default() -> Self {
        PageSize { limit: FULL, ceiling: FULL, good_pages: 0 }
    }
}

impl PageSize {
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Asks for less after a response that was too large. Returns whether the next task alone is too large.
    pub(super) fn shrink(&mut self) -> bool {
        let is_one_task = self.limit == 1;
        self.limit = (self.limit / 2).max(1);
        self.ceiling = if is_one_task { FULL } else { self.limit };
        self.good_pages = 0;
        is_one_task
    }

    /// Asks for more after a page that could be read.
    pub(super) fn grow(&mut self) {
        self.good_pages += 1;
        if self.good_pages == GOOD_PAGES {
            self.good_pages = 0;
            self.ceiling = (self.ceiling * 2).min(FULL);
        }
        self.limit = (self.limit * 2).min(self.ceiling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a list of tasks of these sizes with a limit of 1,000 per response. Returns the number of requests, and the
    /// positions of the skipped tasks.
    fn requests(sizes: &[u64]) -> (usize, Vec<usize>) {
        let (mut size, mut at, mut requests, mut skipped) = (PageSize::default(), 0, 0, Vec::new());
        while at < sizes.len() {
            requests += 1;
            let end = sizes.len().min(at + size.limit() as usize);
            if sizes[at..end].iter().sum::<u64>() <= 1_000 {
                at = end;
                size.grow();
            } else if size.shrink() {
                skipped.push(at);
                at += 1;
            }
        }
        (requests, skipped)
    }

    #[test]
    fn one_task_above_the_size_limit_costs_a_few_requests_and_not_one_for_each_later_task() {
        for large in [0, 1, 49, 50, 777, 49_999] {
            let mut sizes = vec![1; 50_000];
            sizes[large] = 5_000;
            let (requests, skipped) = requests(&sizes);
            assert_eq!(skipped, [large]);
            assert!(requests <= 500 + 25, "{requests} requests for a large task at {large}");
        }
    }

    #[test]
    fn many_large_tasks_in_a_row_cost_one_request_each() {
        let mut sizes = vec![1; 10_000];
        sizes[300..360].fill(5_000);
        let (requests, skipped) = requests(&sizes);
        assert_eq!(skipped, (300..360).collect::<Vec<_>>());
        assert!(requests <= 100 + 60 + 25, "{requests} requests");
    }

    #[test]
    fn a_list_of_large_tasks_is_read_in_the_pages_that_fit() {
        // Only 20 of them fit into a response.
        let (requests, skipped) = requests(&vec![50; 10_000]);
        assert!(skipped.is_empty());
        assert!(requests < 1_200, "{requests} requests for pages of 12");
    }
}
