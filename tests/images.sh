#!/usr/bin/env bash
# Makes the pictures of the page in docs/images anew, from what the browser tests leave in tests/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/page.sh
cargo build -p holdfast-server -p holdfast-peer
(cd tests/browser && npx vitest run pictures.test.ts a11y_calls.test.ts)
while read -r image state; do
  cp "tests/artifacts/$state-1280x800-dark.png" "docs/images/$image.png"
done <<'END'
call call-3
incoming-call incoming
away-tile away-tile
rejoin-prompt rejoin-prompt
recent-calls recent-calls
second-tab second-tab
END
