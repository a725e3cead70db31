//! The permitted dependencies between crates (ARCHITECTURE 1), checked with `cargo metadata`, and the forbidden file names.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::world::repository;

const LIBRARY_CRATES: [&str; 5] = ["ai", "mailer", "queue", "realtime", "store"];
const FORBIDDEN_NAMES: [&str; 10] =
    ["common", "core", "util", "utils", "helper", "helpers", "types", "misc", "shared", "lib_common"];

struct Package {
    name: String,
    folder: String,
    manifest: PathBuf,
    /// Crate → kinds of dependency (`normal`, `dev`, `build`).
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Package {
    fn depends_on(&self, name: &str, kind: &str) -> bool {
        self.dependencies.get(name).is_some_and(|kinds| kinds.contains(kind))
    }

    fn group(&self) -> &str {
        self.folder.split('/').next().unwrap_or_default()
    }
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let folder = manifest.parent().unwrap().strip_prefix(repository()).unwrap().display().to_string();
        let mut dependencies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for dependency in package["dependencies"].as_array().unwrap() {
            let kind = dependency["kind"].as_str().unwrap_or("normal").to_owned();
            dependencies.entry(dependency["name"].as_str().unwrap().to_owned()).or_default().insert(kind);
        }
        Package { name: package["name"].as_str().unwrap().to_owned(), folder, manifest, dependencies }
    });
    packages.collect()
}

/// Returns whether a crate may depend on another crate of the workspace.
fn may_depend_on(from: &Package, to: &Package, kind: &str) -> bool {
    let abilities = LIBRARY_CRATES.contains(&to.name.as_str());
    match (from.group(), from.name.as_str(), to.name.as_str()) {
        // only tests use the kit, so no deployed binary contains it or the emulator
        ("shared" | "functions", _, "testkit") => kind == "dev",
        (_, "testkit", to) => ["model", "protocol", "store", "entry", "emulator"].contains(&to),
        // a room consists of table rows, and jobs publish to a large one (the crate doc of `realtime`)
        (_, "realtime", "store" | "queue") => true,
        (_, "model", _) => false,
        (_, "protocol", to) => to == "model",
        (_, from, "model" | "protocol") if LIBRARY_CRATES.contains(&from) => true,
        (_, from, _) if LIBRARY_CRATES.contains(&from) => false,
        (_, "entry", "model" | "protocol") => true,
        (_, "entry", _) => abilities,
        ("functions", ..) => to.group() == "shared",
        (_, "emulator" | "load", _) => false,
        (_, "local", to) => to != "tests",
        ("tests", ..) => true,
        _ => false,
    }
}

#[test]
fn crates_depend_on_each_other_in_one_direction() {
    let packages = packages();
    let mut wrong = Vec::new();
    for from in &packages {
        for to in &packages {
            for kind in ["normal", "dev", "build"] {
                if from.depends_on(&to.name, kind) && !may_depend_on(from, to, kind) {
                    wrong.push(format!("{} → {} ({kind})", from.name, to.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden dependencies: {wrong:#?}");
}

/// One crate calls each service. `entry` creates the clients and passes them on. `emulator` uses them in its own tests, and `testkit`
/// creates the client of a test's table.
#[test]
fn each_aws_service_is_called_by_one_crate() {
    let owners: [(&str, &[&str]); 7] = [
        ("aws-sdk-dynamodb", &["store", "entry", "testkit"]),
        ("aws-sdk-apigatewaymanagement", &["realtime", "entry"]),
        ("aws-sdk-sqs", &["queue", "entry"]),
        ("aws-sdk-sesv2", &["mailer", "entry"]),
        ("genai", &["ai"]),
        ("dynoxide-rs", &["emulator"]),
        ("serde_dynamo", &["store"]),
    ];
    for package in packages() {
        for (library, owners) in owners {
            let allowed = owners.contains(&package.name.as_str());
            assert!(allowed || !package.depends_on(library, "normal"), "{} uses {library}", package.name);
        }
        let pure = ["model", "protocol"].contains(&package.name.as_str());
        for library in ["tokio", "axum", "http", "reqwest", "tracing"] {
            assert!(!pure || !package.depends_on(library, "normal"), "{} uses {library}", package.name);
        }
    }
}

/// The root manifest declares each version once, with the reason for the dependency above it.
#[test]
fn dependencies_are_declared_once_with_a_reason() {
    for package in packages() {
        for line in dependency_lines(&package.manifest) {
            let inherited = line.contains(".workspace = true") || line.contains("workspace = true");
            assert!(inherited, "{}: {line}", package.manifest.display());
        }
    }
    let root = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let lines: Vec<&str> = root.lines().collect();
    let mut section = "";
    for (number, line) in lines.iter().enumerate() {
        if line.starts_with('[') {
            section = line;
        }
        let declares =
            section == "[workspace.dependencies]" && line.contains(" = ") && !line.starts_with('#');
        if declares && !line.contains("path =") {
            assert!(lines[number - 1].starts_with('#'), "no comment with a reason above: {line}");
        }
    }
}

fn dependency_lines(manifest: &Path) -> Vec<String> {
    let text = fs::read_to_string(manifest).unwrap();
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside && line.contains('=') && !line.starts_with('#') {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// Refuses files, folders and crates whose name does not say what they contain.
#[test]
fn names_are_specific() {
    let mut wrong = Vec::new();
    for file in rust_files(&repository()) {
        let relative = file.strip_prefix(repository()).unwrap().with_extension("");
        for part in relative.components().skip(1) {
            let part = part.as_os_str().to_str().unwrap();
            if FORBIDDEN_NAMES.contains(&part) {
                wrong.push(format!("{}: the name does not say what it contains", file.display()));
            }
        }
    }
    let names = packages().into_iter().map(|package| package.name);
    wrong.extend(names.filter(|name| FORBIDDEN_NAMES.contains(&name.as_str())));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Refuses background tasks. A Lambda function is frozen after its response, so a task continues with a later event or never
/// (RELIABILITY 38). The local cloud would let it run and hide the fault.
#[test]
fn functions_start_no_background_tasks() {
    let ours = ["shared", "functions"].map(|folder| rust_files(&repository().join(folder)));
    let spawning: Vec<PathBuf> = ours
        .into_iter()
        .flatten()
        .filter(|file| !file.components().any(|part| part.as_os_str() == "tests"))
        .filter(|file| {
            let text = fs::read_to_string(file).unwrap();
            ["tokio::spawn(", "task::spawn(", "thread::spawn(", "JoinSet"]
                .iter()
                .any(|word| text.contains(word))
        })
        .collect();
    assert!(spawning.is_empty(), "{spawning:#?}");
}

/// The store returns `StoreError`, an `Option` or an outcome. The calling function or a rule of `model` makes the error that the
/// caller of the product gets. Only the conversion of `StoreError` knows `model::Error`.
#[test]
fn the_store_makes_no_errors_of_the_product() {
    let folder = repository().join("shared/store/src");
    let mut wrong = Vec::new();
    for file in rust_files(&folder).into_iter().filter(|file| !file.ends_with("dynamodb/error.rs")) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let imports = code.split("use model::").skip(1).filter_map(|rest| rest.split(';').next());
        let imported: Vec<&str> = imports
            .flat_map(|names| names.split(|letter: char| !letter.is_alphanumeric() && letter != '_'))
            .filter(|name| ["Error", "ErrorCode", "FieldError", "Result"].contains(name))
            .collect();
        let named = ["model::Error", "model::Result", "model::FieldError"];
        if !imported.is_empty() || named.iter().any(|name| code.contains(name)) {
            wrong.push(file.strip_prefix(repository()).unwrap().display().to_string());
        }
    }
    assert!(
        wrong.is_empty(),
        "return `StoreError`, an `Option` or an outcome instead of `model::Error`: {wrong:#?}"
    );
}

/// Every Rust file of a folder of the repository.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
