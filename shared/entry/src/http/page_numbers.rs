//! Lists that are paged by number: all of them is read, so they are for lists whose order moves, or that are small.

use serde::Serialize;
use utoipa::ToSchema;

/// What a numbered page says about all of them; pages by cursor do not. Lies beside `items`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageNumbers {
    #[schema(required = false)]
    pub total: usize,
    /// From 1.
    #[schema(required = false)]
    pub page: usize,
    #[schema(required = false)]
    pub page_size: usize,
    #[schema(required = false)]
    pub total_pages: usize,
}

impl PageNumbers {
    /// One page of all there are, and what it says about them.
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
    fn the_last_page_may_be_short_and_none_is_empty() {
        for (total, pages, on_the_last) in [(0, 0, 0), (1, 1, 1), (20, 1, 20), (21, 2, 1), (40, 2, 20)] {
            let (items, numbers) = PageNumbers::paginate(vec![0; total], pages.max(1), 20);
            assert_eq!((numbers.total, numbers.total_pages, items.len()), (total, pages, on_the_last));
        }
        assert!(PageNumbers::paginate(vec![0; 5], usize::MAX, 100).0.is_empty());
    }
}
