//! `template.yaml` against the files of `infra/template` that it is assembled from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_yaml_ng::Value as Yaml;

use crate::world::repository;

/// Files that belong to no product.
const SHARED: [&str; 3] = ["base", "gateway", "operations"];

/// The files of `infra/template`: name → text.
fn sources() -> BTreeMap<String, String> {
    let paths = fs::read_dir(repository().join("infra/template")).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn template_is_current() {
    let assembled = local::assemble::assemble(&repository().join("infra/template")).unwrap();
    let committed = fs::read_to_string(repository().join("template.yaml")).unwrap_or_default();
    assert!(
        assembled == committed,
        "template.yaml is not what infra/template describes: run `cargo run -- template`"
    );
}

#[test]
fn no_line_of_the_template_is_longer_than_160_characters() {
    let template = fs::read_to_string(repository().join("template.yaml")).unwrap();
    let files = sources().into_iter().chain([("template".to_owned(), template)]);
    for (name, text) in files {
        for (number, line) in (1..).zip(text.lines()) {
            let length = line.chars().count();
            assert!(length <= 160, "{name}.yaml, line {number}: {length} characters");
        }
    }
}

/// `functions/chat` has the functions of `infra/template/chat.yaml`.
#[test]
fn each_domain_has_a_file_with_its_functions() {
    let mut declared = BTreeMap::new();
    for (name, text) in sources() {
        if SHARED.contains(&name.as_str()) {
            continue;
        }
        let source: Yaml = serde_yaml_ng::from_str(&text).unwrap();
        let functions = source["functions"].as_mapping().unwrap().keys();
        let binaries: BTreeSet<String> = functions.map(|id| kebab(id.as_str().unwrap())).collect();
        declared.insert(name, binaries);
    }
    let mut built = BTreeMap::new();
    for entry in fs::read_dir(repository().join("functions")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(binaries) = fs::read_dir(folder.join("src/bin")) else { continue };
        let binaries: BTreeSet<String> = binaries
            .map(|binary| binary.unwrap().path().file_stem().unwrap().to_str().unwrap().replace('_', "-"))
            .collect();
        built.insert(folder.file_name().unwrap().to_str().unwrap().to_owned(), binaries);
    }
    assert_eq!(declared, built, "left: infra/template; right: the binaries of functions");
}

/// `WorkerChat` is the binary `worker-chat`.
fn kebab(id: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
