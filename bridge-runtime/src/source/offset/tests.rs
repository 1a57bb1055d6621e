//! What the reader does with systems of one kind each.

use std::time::Duration;

use bridge_core::SourceError;

use crate::{
    source::{
        Row,
        testing::{List, Team, read, slice},
    },
    testing,
};

fn still(len: u32, limit: usize, cap: usize) -> List<impl Fn(usize, usize, usize) -> Result<Vec<Team>, SourceError>> {
    let rows: Vec<u32> = (0..len).collect();
    List::new(limit, move |_, offset, limit| Ok(slice(&rows, offset, limit.min(cap))))
}

#[tokio::test]
async fn a_still_list_is_pushed_in_order_and_once() {
    for limit in [2, 3, 8, 10, 100] {
        // Empty, one row, a page less one, one page, a page and one, several pages.
        for len in [0, 1, limit as u32 - 1, limit as u32, limit as u32 + 1, 5 * limit as u32 + 3] {
            assert_eq!(read(&still(len, limit, limit)).await, ((0..len).collect(), Ok(())), "{len} rows by {limit}");
        }
    }
}

#[tokio::test]
async fn the_end_is_an_empty_page_behind_the_last_row() {
    let empty = still(0, 16, 16);
    read(&empty).await.1.unwrap();
    assert_eq!(empty.asked(), [0]);

    // Exactly one page: the overlap of two brings nothing new, and behind it there is nothing.
    let one = still(16, 16, 16);
    read(&one).await.1.unwrap();
    assert_eq!(one.asked(), [0, 14, 16]);
}

#[tokio::test]
async fn a_system_that_gives_less_than_is_asked_for_is_read_to_its_end() {
    // Below the overlap too, which is 125 of 1000.
    for cap in [2, 3, 10, 125, 126, 999] {
        assert_eq!(read(&still(2500, 1000, cap)).await, ((0..2500).collect(), Ok(())), "{cap} rows at a time");
    }
    // One row at a time cannot overlap and go on.
    let (_, end) = read(&still(5, 1000, 1)).await;
    assert!(end.unwrap_err().contains("one row a page"));
}

#[tokio::test]
async fn pages_that_are_filtered_after_they_were_cut_are_not_the_end() {
    // Offsets count all rows, but only one in four is given.
    let list = List::new(16, |_, offset: usize, limit| {
        Ok((offset..(offset + limit).min(1000)).filter(|n| n % 4 == 0).map(|n| Team(n as u32)).collect())
    });
    assert_eq!(read(&list).await, ((0..1000).step_by(4).collect(), Ok(())));
}

#[tokio::test]
async fn a_system_that_ignores_the_offset_is_an_error() {
    let rows: Vec<u32> = (0..1000).collect();
    let list = List::new(100, move |_, _, limit| Ok(slice(&rows, 0, limit)));
    let (ids, end) = read(&list).await;
    assert_eq!(ids.len(), 100);
    assert!(end.unwrap_err().contains("ignores the offset"));
    assert_eq!(list.asked().len(), 17);

    // Ids that are made anew for each answer: nothing ever overlaps.
    let list =
        List::new(10, |request: usize, _, limit| Ok((0..limit).map(|n| Team((request * limit + n) as u32)).collect()));
    assert!(read(&list).await.1.unwrap_err().contains("if its ids are the same in every answer"));
}

#[tokio::test]
async fn a_list_that_grows_before_the_reader_for_ever_is_an_error() {
    // A page and more at the head for each page that is read.
    let list = List::new(10, |request: usize, offset, limit| {
        let rows: Vec<u32> = (0..1000 + 12 * request as u32).rev().collect();
        Ok(slice(&rows, offset, limit))
    });
    assert!(read(&list).await.1.unwrap_err().contains("grows faster than it is read"));
}

#[tokio::test]
async fn a_list_that_grows_at_its_tail_is_read_until_it_stops() {
    let list = List::new(10, |request: usize, offset, limit| {
        let rows: Vec<u32> = (0..100 + 8 * request.min(200) as u32).collect();
        Ok(slice(&rows, offset, limit))
    });
    assert_eq!(read(&list).await, ((0..1700).collect(), Ok(())));
}

#[tokio::test]
async fn a_list_that_moved_too_far_is_an_error() {
    // Nine pages in ten are gone at once, with all that was read.
    let list = List::new(10, |request: usize, offset, limit| {
        let rows: Vec<u32> = if request < 20 { (0..1000).collect() } else { (900..1000).collect() };
        Ok(slice(&rows, offset, limit))
    });
    assert!(read(&list).await.1.unwrap_err().contains("moved too far"));

    // All are gone: a system that has lost its rights, more likely, than an empty list.
    let list = List::new(10, |request: usize, offset, limit| {
        Ok(if request < 3 { slice(&(0..100).collect::<Vec<_>>(), offset, limit) } else { Vec::new() })
    });
    assert!(read(&list).await.1.unwrap_err().contains("moved too far"));
}

#[tokio::test]
async fn a_list_that_changes_its_order_is_an_error() {
    let list = List::new(16, |request: usize, offset, limit| {
        let mut rows: Vec<u32> = (0..100).collect();
        if request > 1 {
            rows.swap(14, 15);
        }
        Ok(slice(&rows, offset, limit))
    });
    let (ids, end) = read(&list).await;
    assert_eq!(ids.len(), 16);
    assert!(end.unwrap_err().contains("changed the order of its rows between two pages (`14`, at offset 14)"));
}

#[tokio::test]
async fn an_id_twice_in_a_page_is_an_error() {
    let list = List::new(10, |_, offset, limit| Ok(slice(&[1, 2, 3, 2], offset, limit)));
    assert!(read(&list).await.1.unwrap_err().contains("the id `2` twice in one page, at offset 0"));
}

#[tokio::test]
async fn rows_that_cannot_be_read_count_and_are_told_once() {
    // A page of nothing else, and some without an id.
    let list = List::new(10, |_, offset: usize, limit| {
        Ok((offset..(offset + limit).min(35))
            .map(|n| match n {
                0..10 | 17 => Row::unreadable(n as u32, "no name"),
                12 | 15 | 33 | 34 => Row::unreadable(None, "no id"),
                _ => Team(n as u32).into(),
            })
            .collect())
    });
    let read = testing::read::<Team>(&list).await;
    read.end.unwrap();
    assert_eq!(read.records.len(), 20);
    assert_eq!(read.unreadable.iter().filter(|(id, _)| id.is_some()).count(), 11);
    // Two of them are the last rows, where no known row follows: those may be told more than once.
    assert!((4..=8).contains(&read.unreadable.iter().filter(|(id, _)| id.is_none()).count()));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_is_asked_for_again_three_times_in_all() {
    let rows: Vec<u32> = (0..30).collect();
    let list = List::new(10, move |request, offset, limit| match request {
        2 | 3 => Err(SourceError::busy(Some(Duration::from_secs(60)), "too many requests")),
        _ => Ok(slice(&rows, offset, limit)),
    });
    let start = tokio::time::Instant::now();
    assert_eq!(read(&list).await, ((0..30).collect(), Ok(())));
    assert_eq!(start.elapsed(), Duration::from_secs(120));
    assert_eq!(list.asked()[..4], [0, 9, 9, 9]);

    let list = List::new(10, |request, offset, limit| match request {
        1 => Ok(slice(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], offset, limit)),
        _ => Err(SourceError::new("connection reset")),
    });
    assert_eq!(read(&list).await, ((1..=10).collect(), Err("connection reset".to_owned())));
    assert_eq!(list.asked().len(), 4);
}

#[tokio::test]
async fn pages_of_one_row_are_refused() {
    for limit in [0, 1] {
        assert!(read(&still(5, limit, 1)).await.1.unwrap_err().contains("ask for 2 rows or more"));
    }
}
