//! Slides. (Brief of `functions/presentations`.)
