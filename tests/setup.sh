#!/usr/bin/env bash
# Installs what the project needs and this machine lacks. What is installed already is used as it is.
#   tests/setup.sh build   what `make run` and `make check` need
#   tests/setup.sh test    that, and what the tests need: a browser, ffmpeg
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-test}

fail() { echo "setup: $*" >&2; exit 1; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# Rust: the pinned version or a newer one; only an older one leads to a download.
pinned=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
command -v cargo >/dev/null || fail "Rust is missing: install it from https://rustup.rs"
if ! at_least "$pinned" "$(rustc --version | cut -d ' ' -f 2)"; then
  fail "rustc $pinned or newer is needed: rustup update"
fi
cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
  rustup component add rustfmt clippy || fail "rustfmt and clippy are missing"

# Node: what web/package.json asks for.
command -v node >/dev/null && command -v npm >/dev/null || fail "Node.js is missing: install version $(cat web/.nvmrc) or newer"
at_least "$(cat web/.nvmrc)" "$(node --version | tr -d v)" || fail "Node.js $(cat web/.nvmrc) or newer is needed"

npm_install() { # folder: installs again only when the lockfile is not the one installed last
  local stamp="$1/node_modules/.installed"
  if ! cmp -s "$1/package-lock.json" "$stamp" 2>/dev/null; then
    npm --prefix "$1" ci --no-audit --no-fund --loglevel=error
    cp "$1/package-lock.json" "$stamp"
  fi
}
npm_install web

apt_install() {
  command -v apt-get >/dev/null || fail "please install: $*"
  local sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  if [ -z "${apt_updated:-}" ]; then
    $sudo apt-get update -qq
    apt_updated=1
  fi
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
command -v cc >/dev/null || apt_install gcc libc6-dev
[ "$want" = test ] || exit 0

npm_install tests/browser
command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || apt_install ffmpeg
if [ -z "${HOLDFAST_CHROMIUM:-}" ] && ! command -v chromium google-chrome chromium-browser >/dev/null 2>&1; then
  apt_install chromium
fi
