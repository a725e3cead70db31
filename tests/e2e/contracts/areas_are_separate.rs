//! Products reach each other through the platform only (ARCHITECTURE 1 and 4). The files of `infra/template` assign each queue
//! and function to a product.

use std::{collections::BTreeMap, fs};

use serde_yaml_ng::Value as Yaml;

use crate::world::repository;

/// The files whose functions and queues serve every product.
const PLATFORM: [&str; 4] = ["clock", "docs", "mail", "sockets"];

/// The sources of the template that have functions or queues, by name.
fn sources() -> BTreeMap<String, Yaml> {
    let files = fs::read_dir(repository().join("infra/template")).unwrap().map(|file| file.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| {
        let source = serde_yaml_ng::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), source)
    })
    .filter(|(_, source): &(String, Yaml)| {
        source.get("functions").is_some() || source.get("queues").is_some()
    })
    .collect()
}

fn rows<'a>(source: &'a Yaml, section: &str) -> Vec<(&'a str, &'a Yaml)> {
    let rows = source.get(section).and_then(Yaml::as_mapping);
    rows.into_iter().flatten().map(|(name, row)| (name.as_str().unwrap(), row)).collect()
}

#[test]
fn no_product_sends_to_the_queue_of_another() {
    let sources = sources();
    let owners: BTreeMap<&str, &str> = sources
        .iter()
        .flat_map(|(area, source)| {
            rows(source, "queues").into_iter().map(|(queue, _)| (queue, area.as_str()))
        })
        .collect();
    assert!(owners.len() > 5, "{owners:?}");
    let mut checked = 0;
    for (area, source) in sources.iter().filter(|(area, _)| !PLATFORM.contains(&area.as_str())) {
        for (function, row) in rows(source, "functions") {
            let targets = row["permissions"].get("send_to").and_then(Yaml::as_sequence);
            for queue in targets.into_iter().flatten().map(|queue| queue.as_str().unwrap()) {
                let owner = owners[queue];
                assert!(
                    owner == area || PLATFORM.contains(&owner),
                    "{function} of {area} sends to {queue} of {owner}: report it to the BroadcastQueue instead"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 10, "the sources list what functions send to");
}

/// `realtime` serves every product, so it names no job, event or row of a product. It knows only the rows of connections.
#[test]
fn realtime_knows_no_product() {
    let folder = repository().join("shared/realtime/src");
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let source = fs::read_to_string(&file).unwrap();
        let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let products = [
            "chat",
            "sessions",
            "presentations",
            "identity::",
            "Channel",
            "Team",
            "Presenter",
            "Participant",
        ];
        for product in products {
            assert!(!code.contains(product), "{} names {product}", file.display());
        }
    }
}
