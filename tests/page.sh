#!/usr/bin/env bash
# Builds the page into web/dist, unless it is newer than everything it is made from.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -f web/dist/index.html ] &&
  [ -z "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -newer web/dist/index.html -print -quit)" ]; then
  exit 0
fi
npm --prefix web run --silent build
