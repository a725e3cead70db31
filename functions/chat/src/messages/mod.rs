pub mod found;
pub mod mentions;
pub mod replies;
pub mod search;
