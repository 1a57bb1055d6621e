//! How many pages may be on their way at once.

/// The most pages on their way at once.
pub(super) const MOST: usize = 4;
/// After so many pages in a row without a complaint, one more may be on its way.
const CALM: u32 = 8;

/// Halves when Iden asks for less load (429, 503), and recovers page by page.
#[derive(Debug)]
pub(super) struct Window {
    limit: usize,
    /// How often Iden had asked for less load when the last page landed.
    throttles: u64,
    calm: u32,
}

impl Window {
    pub(super) fn new(throttles: u64) -> Self {
        Window { limit: MOST, throttles, calm: 0 }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// A page has landed, and Iden has asked for less load so often in all.
    pub(super) fn landed(&mut self, throttles: u64) {
        if throttles > self.throttles {
            (self.limit, self.calm) = ((self.limit / 2).max(1), 0);
            tracing::debug!(bridge.pages_in_flight = self.limit, "Iden asks for less load");
        } else if self.limit < MOST {
            self.calm += 1;
            if self.calm == CALM {
                (self.limit, self.calm) = (self.limit + 1, 0);
            }
        }
        self.throttles = throttles;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_halves_at_each_complaint_and_never_closes() {
        let mut window = Window::new(3);
        let limits = [4, 5, 6].map(|throttles| {
            window.landed(throttles);
            window.limit()
        });
        assert_eq!(limits, [2, 1, 1]);
    }

    #[test]
    fn it_recovers_one_page_at_a_time_and_not_beyond_four() {
        let mut window = Window::new(0);
        window.landed(2);
        let mut limits = vec![];
        for _ in 0..24 {
            window.landed(2);
            limits.push(window.limit());
        }
        assert_eq!((limits[6], limits[7], limits[14], limits[15], limits[23]), (2, 3, 3, 4, 4));
    }
}
