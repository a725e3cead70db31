//! Presentations: their statuses and slugs. (Brief of `functions/presentations`.)
