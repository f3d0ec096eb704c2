#!/usr/bin/env bash
# Takes every figure of docs/benchmarks.md and writes them there. Nothing but this should run meanwhile.
#   FIGURES="signaling browser" tests/bench/run.sh   both (the default), or one of them again
#   YARDSTICK=main.rs tests/bench/run.sh             beside the relay in that file (axum) instead of tests/bench/bare.rs
set -euo pipefail
cd "$(dirname "$0")/../.."
figures=${FIGURES:-signaling browser}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
results=tests/artifacts/bench
programs=$CARGO_TARGET_DIR/release
mkdir -p "$results" docs/images
[ "$(nproc)" -ge 2 ] || { echo "bench: two cores are needed, one for the server and one for the load" >&2; exit 1; }

echo "== build"
tests/page.sh
cargo build -q --release -p holdfast-server -p holdfast-peer -p holdfast-bench

# The yardstick, when one is given: a crate of its own, with the versions and the profile of this workspace.
yardstick=()
if [ -n "${YARDSTICK:-}" ]; then
  crate=$CARGO_TARGET_DIR/floor-relay-crate
  mkdir -p "$crate/src"
  cmp -s "$YARDSTICK" "$crate/src/main.rs" || cp "$YARDSTICK" "$crate/src/main.rs"
  [ -f "$crate/Cargo.lock" ] || cp Cargo.lock "$crate/Cargo.lock"
  cat >"$crate/Cargo.toml" <<'TOML'
[package]
name = "floor-relay"
version = "0.0.0"
edition = "2024"
[dependencies]
axum = { version = "0.8", default-features = false, features = ["http1", "query", "tokio", "ws"] }
futures-util = { version = "0.3", default-features = false, features = ["sink", "std"] }
tokio = { version = "1", features = ["rt-multi-thread", "net", "sync"] }
[profile.release]
lto = "thin"
codegen-units = 1
strip = "symbols"
[workspace]
TOML
  cargo build -q --release --manifest-path "$crate/Cargo.toml"
  yardstick=(--bare "$programs/floor-relay")
fi

{
  echo -n "$(nproc) cores of $(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1),"
  echo " $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB, Linux $(uname -r | cut -d. -f1,2)."
  echo "Taken $(date -u +%Y-%m-%d) with $(rustc --version | cut -d' ' -f1,2), Node.js $(node --version)."
} >"$results/machine.txt"

if [[ $figures == *signaling* ]]; then
  echo "== signaling (about 3 minutes)"
  ulimit -n "$(ulimit -Hn)"
  # The load's core; the servers are held to core 0.
  timeout 10m taskset --cpu-list 1 "$programs/holdfast-bench" measure --hub "$programs/holdfast-server" \
    --out "$results/signaling.json" ${yardstick[@]+"${yardstick[@]}"} ${MEASURE:-}
fi
if [[ $figures == *browser* ]]; then
  echo "== browser (about 2 minutes)"
  HOLDFAST_PROFILE=release timeout 10m npm --prefix tests/browser run --silent figures
fi
echo "== report"
"$programs/holdfast-bench" report
