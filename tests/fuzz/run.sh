#!/usr/bin/env bash
# Fuzzes each target for a bounded time: with cargo-fuzz and a nightly compiler where both are installed, else with the
# same targets' random tests, again and again.
#   tests/fuzz/run.sh [SECONDS_EACH]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}

if cargo fuzz --version >/dev/null 2>&1 && cargo +nightly --version >/dev/null 2>&1; then
  for target in wire hub_core; do
    mkdir -p "tests/fuzz/corpus/$target"
    seeds=()
    if [ "$target" = wire ]; then
      seeds=(tests/vectors/wire/client tests/vectors/wire/hub)
      # Long enough for the way that descriptions take.
      sed "s/v=0/v=0$(printf 'x%.0s' {1..1100})/" tests/vectors/wire/client/signal-offer.json > tests/fuzz/corpus/wire/long-offer
    fi
    echo "== fuzzing $target for $seconds s"
    cargo +nightly fuzz run --fuzz-dir tests/fuzz "$target" "tests/fuzz/corpus/$target" "${seeds[@]}" -- \
      -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0
  done
  exit 0
fi

echo "== no cargo-fuzz (cargo install cargo-fuzz) or no nightly compiler: the targets' random tests instead"
cargo test -q --release -p holdfast-server --lib --no-run
log=$(mktemp)
trap 'rm -f "$log"' EXIT
end=$((SECONDS + 2 * seconds)) rounds=0
while [ "$SECONDS" -lt "$end" ]; do
  PROPTEST_CASES=20000 cargo test -q --release -p holdfast-server --lib fuzzing >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
  }
  rounds=$((rounds + 1))
done
echo "== $rounds rounds of 20000 cases of each random test: nothing found"
