//! The golden vectors of negotiation and recovery, which the page's machines are held to as well.
//!
//! `UPDATE=1` writes what the machines answer into the vectors; read the difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use holdfast_peer::{negotiation, recovery};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Runs `answer` over every step of every case below `tests/vectors/{folder}`.
fn check(folder: &str, mut new_case: impl FnMut(&Value) -> Box<dyn FnMut(u64, &Value) -> Value>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(folder);
    let mut cases = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut case: Value = serde_json::from_str(&text).unwrap();
        let mut answer = new_case(&case);
        for (index, step) in case["steps"].as_array_mut().unwrap().iter_mut().enumerate() {
            let got = answer(step["at_ms"].as_u64().unwrap(), &step["input"]);
            if std::env::var_os("UPDATE").is_some() {
                step["then"] = got;
            } else {
                assert_eq!(got, step["then"], "{} step {index}", path.display());
            }
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, serde_json::to_string_pretty(&case).unwrap() + "\n").unwrap();
        }
        cases += 1;
    }
    assert!(cases >= 10, "only {cases} cases found");
}

#[test]
fn negotiation_vectors() {
    check("negotiation", |case| {
        let mut machine =
            negotiation::Negotiation::new(serde_json::from_value(case["role"].clone()).unwrap());
        Box::new(move |now_ms, input| {
            let effects = machine.handle(now_ms, serde_json::from_value(input.clone()).unwrap());
            json!({ "effects": effects, "deadline_ms": machine.deadline_ms() })
        })
    });
}

#[test]
fn recovery_vectors() {
    check("recovery", |_| {
        let mut machine = recovery::Recovery::new(0);
        Box::new(move |now_ms, input| {
            let effects = machine.handle(now_ms, serde_json::from_value(input.clone()).unwrap());
            json!({ "effects": effects, "deadline_ms": machine.deadline_ms(), "state": machine.state() })
        })
    });
}
