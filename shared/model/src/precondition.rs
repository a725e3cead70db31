//! The condition of a client on the version of the item that it changes.

use crate::{Error, Result};

/// The versions of an item for which the client wants its change. Two tabs that show the same item cannot overwrite each
/// other's change, because the second one expects the version before the first change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// The client has no condition.
    #[default]
    Any,
    /// The item must have one of these versions. The list is empty if the client knows other versions only.
    OneOf(Vec<u64>),
}

impl ExpectedVersion {
    /// Returns whether the client has no condition.
    pub const fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    /// Returns whether an item of this version may be changed.
    pub fn allows(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }

    /// Returns an error unless an item of this version may be changed.
    ///
    /// # Errors
    /// [`Error::PreconditionFailed`].
    pub fn require(&self, version: u64) -> Result<()> {
        if self.allows(version) { Ok(()) } else { Err(Error::PreconditionFailed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expected_versions_are_changed() {
        let two = ExpectedVersion::OneOf(vec![3, 5]);
        assert!(two.require(3).is_ok() && two.require(5).is_ok());
        assert!(matches!(two.require(4), Err(Error::PreconditionFailed)));
        assert!(!ExpectedVersion::OneOf(Vec::new()).allows(1));
        assert!(ExpectedVersion::Any.allows(1) && ExpectedVersion::default().is_any());
    }
}
