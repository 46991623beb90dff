//! Reading and resolving documents beside the parser's bare event pass over the same bytes, in turn, in one process.
//!
//! Run by `scripts/bench`, which makes the product: `cargo bench --bench documents -- SPEC RUNS MANIFEST…`. Prints one
//! JSON object: bytes and events, and milliseconds of each run.

#![allow(clippy::print_stdout, reason = "its answer")]

use std::hint::black_box;
use std::time::Instant;

use camino::Utf8PathBuf;
use floe::compile::resolve::{Inputs, resolve};
use floe::documents::{load_manifest, load_spec};
use saphyr_parser::Parser;
use serde_json::json;

fn main() {
    // Cargo adds `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(spec), Some(runs)) = (arguments.next(), arguments.next().and_then(|runs| runs.parse::<usize>().ok()))
    else {
        // So it is called by whoever runs all benchmarks of the workspace.
        return;
    };
    let (spec, manifests) = (Utf8PathBuf::from(spec), arguments.map(Utf8PathBuf::from).collect::<Vec<_>>());
    let texts: Vec<String> = std::iter::once(&spec).chain(&manifests).map(text).collect();

    let (mut events_ms, mut documents_ms, mut resolve_ms) = (Vec::new(), Vec::new(), Vec::new());
    let mut events = 0;
    // The first turn warms up.
    for turn in 0..=runs {
        let (passed, bare) = timed(|| texts.iter().map(|text| count_events(text)).sum::<usize>());
        let ((), documents) = timed(|| read(&spec, &manifests));
        let ((), resolved) = timed(|| resolve_product(&spec));
        if turn > 0 {
            events = passed;
            events_ms.push(bare);
            documents_ms.push(documents);
            resolve_ms.push(resolved);
        }
    }
    let bytes: usize = texts.iter().map(String::len).sum();
    let figures = json!({
        "bytes": bytes, "events": events,
        "events_ms": events_ms, "documents_ms": documents_ms, "resolve_ms": resolve_ms,
    });
    println!("{figures}");
}

fn text(path: &Utf8PathBuf) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| stop(&format!("{path}: {error}")))
}

fn count_events(text: &str) -> usize {
    let mut passed = 0;
    for event in Parser::new_from_str(text) {
        black_box(event.unwrap_or_else(|error| stop(&error.to_string())));
        passed += 1;
    }
    passed
}

/// Each document for itself.
fn read(spec: &Utf8PathBuf, manifests: &[Utf8PathBuf]) {
    let (spec, problems) = black_box(load_spec(spec));
    if spec.is_none() || !problems.is_empty() {
        stop(&format!("{problems:?}"));
    }
    for manifest in manifests {
        let (manifest, problems) = black_box(load_manifest(manifest));
        if manifest.is_none() || !problems.is_empty() {
            stop(&format!("{problems:?}"));
        }
    }
}

/// The whole product as `floe compile` resolves it, before any plugin is asked.
fn resolve_product(spec: &Utf8PathBuf) {
    let (product, problems) = black_box(resolve(&Inputs { spec, manifest: None, environments: &[], transforms: true }));
    if product.is_none() || !problems.is_empty() {
        stop(&format!("{problems:?}"));
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let result = work();
    (result, begun.elapsed().as_secs_f64() * 1e3)
}

fn stop(why: &str) -> ! {
    eprintln!("error: {why}");
    std::process::exit(1)
}
