//! Lists that are paged by number. All items are read, so it suits only small lists and lists whose order changes.

use serde::Serialize;
use utoipa::ToSchema;

/// The totals of a numbered page, beside `items`. They are absent if the request has a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageNumbers {
    /// The number of items on all pages.
    #[schema(required = false)]
    pub total: usize,
    /// The number of the page, from 1.
    #[schema(required = false)]
    pub page: usize,
    /// The maximum number of items on a page.
    #[schema(required = false)]
    pub page_size: usize,
    /// The number of pages.
    #[schema(required = false)]
    pub total_pages: usize,
}

impl PageNumbers {
    /// Returns one page of all items, and its totals.
    pub fn paginate<T>(all: Vec<T>, page: usize, page_size: usize) -> (Vec<T>, Self) {
        let total = all.len();
        let start = page.saturating_sub(1).saturating_mul(page_size);
        let items = all.into_iter().skip(start).take(page_size).collect();
        (items, Self { total, page, page_size, total_pages: total.div_ceil(page_size.max(1)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_may_be_short_but_not_empty() {
        for (total, pages, on_last_page) in [(0, 0, 0), (1, 1, 1), (20, 1, 20), (21, 2, 1), (40, 2, 20)] {
            let (items, numbers) = PageNumbers::paginate(vec![0; total], pages.max(1), 20);
            assert_eq!((numbers.total, numbers.total_pages, items.len()), (total, pages, on_last_page));
        }
        assert!(PageNumbers::paginate(vec![0; 5], usize::MAX, 100).0.is_empty());
    }
}
