//! Where a list is read on, that changes while it is read.

use crate::planted::Bug;

/// So many pages on end that bring nothing new are no list.
const REPEATED: u64 = 100;
/// How often it is gone back at most: a server may say at each page that the list is shorter.
const BACKS: u64 = 100;

/// How far a walk has come in a list of which pages are read by their offset.
///
/// A task that is carried out leaves the list, and those behind it move up; a new one may come at its head, and all others
/// move down. Of those that leave and those that come meanwhile only the difference is known.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Where the next page begins.
    pub(super) offset: u64,
    /// Everybody before was on a page, as far as is known.
    seen: u64,
    /// How many the last page said that there are.
    count: Option<u64>,
    /// How many may come again, since others have come at the head or the walk has gone back.
    may_repeat: u64,
    repeats: u64,
    has_grown: bool,
    /// Pages on end that brought nothing new.
    repeated: u64,
    backs: u64,
}

/// What a page said.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageRead {
    /// How many there are in the list.
    pub(super) count: u64,
    pub(super) has_next: bool,
    pub(super) length: u64,
    /// How many of them no page of this walk has brought before.
    pub(super) brought: u64,
}

impl Place {
    /// Goes on behind a page. Whether there is more.
    pub(super) fn advance(&mut self, page: PageRead) -> bool {
        let before = self.count.replace(page.count).unwrap_or(page.count);
        let left = before.saturating_sub(page.count);
        let came = page.count.saturating_sub(before);
        self.has_grown |= came > 0;
        self.may_repeat += came;
        self.repeats += page.length.saturating_sub(page.brought);
        let end = self.offset + page.length;
        let goes_back = self.step(left, end, page.length);
        self.repeated = if page.brought == 0 { self.repeated + u64::from(!goes_back) } else { 0 };
        self.may_repeat += end.saturating_sub(self.offset);

        // `count` and `next` may be missing or odd; an empty page is the end in any case, and so are two on end that bring
        // nothing new and have not moved. One is not.
        let more = self.offset < page.count || page.has_next;
        let stuck = left == 0 && (page.length == 0 || self.repeated > 1 && self.repeats > self.may_repeat);
        more && !stuck && self.repeated <= REPEATED
    }

    /// All who have left may have stood before this page: then so many have moved up past it, and the walk goes back.
    fn step(&mut self, left: u64, end: u64, length: u64) -> bool {
        if Bug::TaskPageIsSkipped.is_planted() {
            self.offset += 100;
            return false;
        }
        // As many may leave until the next page; but it must get on.
        let margin = left.min(length.saturating_sub(1));
        if left == 0 || self.backs == BACKS {
            (self.seen, self.offset) = (self.seen.max(end), end - margin);
            return false;
        }
        self.backs += 1;
        self.seen = self.seen.saturating_sub(left);
        if self.offset <= self.seen {
            self.seen = self.seen.max(end);
        }
        self.offset = self.seen.saturating_sub(margin);
        true
    }

    /// Whether some have come since the walk began: where the newest stand first, it has not seen them.
    pub(super) fn has_grown(&self) -> bool {
        self.has_grown
    }

    /// Passes over one that cannot be read.
    pub(super) fn pass_over(&mut self) {
        self.offset += 1;
        self.seen = self.seen.max(self.offset);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Walks a list of 60 with such pages while so many of those who were seen leave between two of them. Whom it has seen.
    fn walk(length: usize, leave: usize) -> BTreeSet<u32> {
        let (mut list, mut place, mut seen) = ((0..60).collect::<Vec<u32>>(), Place::default(), BTreeSet::new());
        loop {
            let from = list.len().min(place.offset as usize);
            let page = &list[from..list.len().min(from + length)];
            let brought = page.iter().filter(|one| seen.insert(**one)).count() as u64;
            let read = PageRead { count: list.len() as u64, has_next: false, length: page.len() as u64, brought };
            if !place.advance(read) {
                return seen;
            }
            let mut leaving = leave;
            list.retain(|one| {
                let leaves = leaving > 0 && seen.contains(one);
                leaving -= usize::from(leaves);
                !leaves
            });
        }
    }

    #[test]
    fn nobody_slips_by_while_those_who_were_seen_leave() {
        for (length, leave) in [(3, 0), (3, 1), (3, 2), (10, 1), (10, 9), (100, 50)] {
            assert_eq!(walk(length, leave).len(), 60, "{leave} leave between pages of {length}");
        }
    }

    #[test]
    fn a_list_that_has_grown_is_known_for_it() {
        let mut place = Place::default();
        for (count, has_grown) in [(9, false), (8, false), (9, true), (9, true)] {
            place.advance(PageRead { count, has_next: true, length: 3, brought: 3 });
            assert_eq!(place.has_grown(), has_grown, "{count}");
        }
    }

    #[test]
    fn a_list_that_says_at_each_page_that_it_is_shorter_ends() {
        let mut place = Place::default();
        let pages = (0..1_000_000).rev().map(|count| PageRead { count, has_next: true, length: 3, brought: 0 });
        let read = pages.take_while(|page| place.advance(*page)).count();
        assert!(read < (BACKS + REPEATED) as usize + 3, "{read}");
    }
}
