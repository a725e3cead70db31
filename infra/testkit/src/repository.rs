use std::path::PathBuf;

/// Returns the root of the repository. Tests read its files when they run. The alternative, `include_str!`, would compile the tests
/// again after each change of a file.
pub fn repository() -> PathBuf {
    let testkit = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    testkit.ancestors().nth(2).unwrap().to_owned()
}
