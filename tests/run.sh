#!/usr/bin/env bash
# Every check and test, in the order of how soon they tell. Each step has a time limit.
#   tests/run.sh check   the fast ones
#   tests/run.sh all     all
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
export RUSTDOCFLAGS="-D warnings"

step() { # limit, title, command…
  local limit=$1 title=$2 start=$SECONDS
  shift 2
  echo "== $title"
  timeout --kill-after=10 "$limit" "$@" || { echo "== FAILED: $title (exit $?)" >&2; exit 1; }
  echo "== $title: $((SECONDS - start)) s"
}

step 2m "page: types" npm --prefix web run --silent check
step 1m "page: formats" npm --prefix web run --silent format:check
step 2m "page: unit tests" npm --prefix web run --silent test
step 2m "page: build" tests/page.sh
step 1m "formats" cargo fmt --all --check
step 20m "lints" cargo clippy -q --workspace --all-targets -- -D warnings
if [ "$what" = check ]; then
  step 10m "unit tests" cargo test -q --workspace --lib --bins
  step 10m "house rules, wire and machine vectors" cargo test -q -p holdfast-protocol -p holdfast-peer -p holdfast-tests --test house_rules --test vectors --test typescript
  exit 0
fi
step 10m "docs" cargo doc -q --workspace --no-deps
step 20m "build" cargo build -q --workspace --all-targets
step 20m "tests" cargo test --workspace
step 2m "browser tests: types" npm --prefix tests/browser run --silent check
step 20m "browser tests" npm --prefix tests/browser run --silent test
echo "== all passed in $SECONDS s"
