//! Where the binaries are.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use local::LocalCloud;

/// The workspace.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// A binary of any package, as the sources are now.
///
/// Cargo tells the paths of this package's binaries only, and before a test builds those of other packages only where they
/// have tests of their own; what lies there may be of last week. So it is asked to build each, once: little is left to do
/// where the libraries have just been built for this test.
pub(crate) fn build_and_locate(binary: &str) -> PathBuf {
    static BUILT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let exe = std::env::current_exe().unwrap();
    // {target}/{profile}/deps/lambda-0123456789abcdef
    let profile_dir = exe.ancestors().nth(2).unwrap();
    // held while it builds: a build that failed fails the next test for the same reason
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if !built.contains(binary) {
        build(binary, profile_dir);
        built.insert(binary.to_owned());
    }
    profile_dir.join(binary)
}

/// All that a stack runs, before its clients lose patience.
pub(crate) async fn build_all(local: &LocalCloud) {
    let binaries: Vec<String> = local.runner().functions().map(|function| function.binary.clone()).collect();
    let building = move || {
        for binary in binaries {
            build_and_locate(&binary);
        }
    };
    tokio::task::spawn_blocking(building).await.unwrap();
}

/// Builds beside this test, in its profile; as `cargo run --bin` would, which `cargo lambda watch` uses.
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
