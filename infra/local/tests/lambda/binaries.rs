//! Builds the binaries and returns their paths.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use local::LocalCloud;

/// The root of the workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Builds a binary of any package from the current sources, and returns its path.
///
/// Cargo passes the paths of this package's binaries only. Before a test, it builds binaries of other packages only if
/// these have tests of their own, so an existing file may be stale. Each binary is built once. That is fast, because
/// the libraries have just been built for this test.
pub(crate) fn build_and_locate(binary: &str) -> PathBuf {
    static BUILT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let exe = std::env::current_exe().unwrap();
    // {target}/{profile}/deps/lambda-0123456789abcdef
    let profile_dir = exe.ancestors().nth(2).unwrap();
    // Held while it builds. If a build fails, the next test that needs the binary fails too.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if !built.contains(binary) {
        build(binary, profile_dir);
        built.insert(binary.to_owned());
    }
    profile_dir.join(binary)
}

/// Builds all binaries of a local cloud, before its clients wait for them.
pub(crate) async fn build_all(local: &LocalCloud) {
    let binaries: Vec<String> = local.runner().functions().map(|function| function.binary.clone()).collect();
    let building = move || {
        for binary in binaries {
            build_and_locate(&binary);
        }
    };
    tokio::task::spawn_blocking(building).await.unwrap();
}

/// Builds in the profile of this test. `cargo run --bin` builds the same, and `cargo lambda watch` uses it.
fn build(binary: &str, profile_dir: &Path) {
    let profile = match profile_dir.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--workspace", "--bin", binary, "--profile", profile])
        .arg("--target-dir")
        .arg(profile_dir.parent().unwrap())
        .current_dir(workspace())
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(built.success(), "{binary} does not build");
}
