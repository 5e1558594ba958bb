//! `cargo xtask layers`: one-way stays one-way.
//!
//! docs/architecture.md draws which crate may know which. This chore holds `cargo metadata` against that
//! drawing: every dependency between the workspace's crates must be listed here, and the pure crates may not
//! reach for a runtime or a network.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Each crate and the workspace's crates that it may depend on, in whatever role.
const ALLOWED: &[(&str, &[&str])] = &[
    ("heliograph-websocket", &[]),
    ("heliograph-engineio", &[]),
    ("heliograph-socketio", &["heliograph-engineio"]),
    ("heliograph-domain", &[]),
    ("heliograph-vocabulary", &["heliograph-domain"]),
    ("heliograph-telemetry", &[]),
    ("heliograph-servers", &[]),
    ("heliograph-harness", &["heliograph-servers"]),
    ("heliograph-cluster", &["heliograph-domain", "heliograph-telemetry", "heliograph-servers"]),
    (
        "heliograph-gateway",
        &[
            "heliograph-websocket",
            "heliograph-engineio",
            "heliograph-socketio",
            "heliograph-domain",
            "heliograph-vocabulary",
            "heliograph-cluster",
            "heliograph-telemetry",
        ],
    ),
    ("heliograph-room-router", &["heliograph-domain", "heliograph-cluster", "heliograph-telemetry"]),
    ("heliograph-presence", &["heliograph-domain", "heliograph-cluster", "heliograph-telemetry"]),
    (
        "heliograph",
        &[
            "heliograph-domain",
            "heliograph-vocabulary",
            "heliograph-cluster",
            "heliograph-telemetry",
            "heliograph-gateway",
            "heliograph-room-router",
            "heliograph-presence",
            "heliograph-servers",
            "heliograph-harness",
        ],
    ),
    ("heliograph-bench", &["heliograph-harness", "heliograph-servers"]),
    ("xtask", &[]),
    ("heliograph-protoc", &[]),
];

/// Crates that hold protocols and rules only: time and bytes are given to them.
const PURE: &[&str] = &[
    "heliograph-websocket",
    "heliograph-engineio",
    "heliograph-socketio",
    "heliograph-domain",
    "heliograph-vocabulary",
];

/// What a pure crate may not depend on.
const IMPURE: &[&str] = &["tokio", "tokio-util", "hyper", "axum", "tower", "tonic"];

/// Checks the workspace and says how many crates it found in order.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut metadata = workspace.cargo(&["metadata", "--format-version=1", "--no-deps", "--locked"]);
    let metadata = process::output(&mut metadata)?;
    let metadata: Value = serde_json::from_str(&metadata)
        .map_err(|error| Failure::new(format!("cargo metadata is not JSON: {error}")))?;
    let crates = dependencies(&metadata);
    let offences = offences(&crates);
    for offence in &offences {
        println!("{offence}");
    }
    if offences.is_empty() {
        println!("{} crates keep to their layers", crates.len());
        Ok(())
    } else {
        Err(Failure::new(format!("{} dependencies against the layers", offences.len())))
    }
}

type Dependencies = BTreeMap<String, Vec<String>>;

fn dependencies(metadata: &Value) -> Dependencies {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter_map(|package| {
            let name = package["name"].as_str()?.to_owned();
            let dependencies = package["dependencies"].as_array()?;
            let names = dependencies.iter().filter_map(|dependency| dependency["name"].as_str()).map(str::to_owned);
            Some((name, names.collect()))
        })
        .collect()
}

fn offences(crates: &Dependencies) -> Vec<String> {
    let mut offences = Vec::new();
    for (name, dependencies) in crates {
        let Some((_, allowed)) = ALLOWED.iter().find(|(listed, _)| listed == name) else {
            offences.push(format!("{name} has no place in the layers"));
            continue;
        };
        for dependency in dependencies {
            let inside = crates.contains_key(dependency);
            let impure = PURE.contains(&name.as_str()) && IMPURE.contains(&dependency.as_str());
            if (inside && !allowed.contains(&dependency.as_str())) || impure {
                offences.push(format!("{name} must not depend on {dependency}"));
            }
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(crates: &[(&str, &[&str])]) -> Dependencies {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        crates.iter().map(|(name, dependencies)| ((*name).to_owned(), owned(dependencies))).collect()
    }

    #[test]
    fn a_dependency_against_the_direction_is_an_offence() {
        let crates = workspace(&[
            ("heliograph-engineio", &["heliograph-socketio"]),
            ("heliograph-socketio", &["heliograph-engineio"]),
        ]);
        assert_eq!(offences(&crates), ["heliograph-engineio must not depend on heliograph-socketio"]);
    }

    #[test]
    fn a_pure_crate_may_not_use_a_runtime_but_a_service_may() {
        let crates = workspace(&[("heliograph-socketio", &["bytes", "tokio"]), ("heliograph-gateway", &["tokio"])]);
        assert_eq!(offences(&crates), ["heliograph-socketio must not depend on tokio"]);
    }

    #[test]
    fn a_crate_that_nobody_placed_is_an_offence() {
        let crates = workspace(&[("heliograph-extras", &[])]);
        assert_eq!(offences(&crates), ["heliograph-extras has no place in the layers"]);
    }

    #[test]
    fn the_layers_have_no_cycle() {
        let mut free: Vec<&str> = Vec::new();
        let mut left: Vec<_> = ALLOWED.to_vec();
        while !left.is_empty() {
            let before = left.len();
            left.retain(|(name, needs)| {
                let ready = needs.iter().all(|need| free.contains(need));
                if ready {
                    free.push(name);
                }
                !ready
            });
            assert!(left.len() < before, "a cycle among {left:?}");
        }
    }
}
