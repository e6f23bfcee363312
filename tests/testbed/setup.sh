#!/bin/sh
# Installs what the tests need and this machine lacks: Node with npm, and Go to build the control plane
# where it cannot be downloaded. Debian, as root; elsewhere it says what to install.
set -eu

NODE_MAJOR=20
GO_MINOR=21 # older ones cannot fetch the toolchain that gomod/*/go.mod asks for

node_is_usable() {
  command -v npm >/dev/null && [ "$(node --version | sed 's/^v\([0-9]*\).*/\1/')" -ge "$NODE_MAJOR" ]
}

go_is_usable() {
  PATH=$PATH:/usr/local/go/bin
  command -v go >/dev/null && [ "$(go env GOVERSION | sed 's/^go1\.\([0-9]*\).*/\1/')" -ge "$GO_MINOR" ]
}

missing=''
node_is_usable || missing="$missing nodejs npm"
go_is_usable || missing="$missing golang-go"
if [ -z "$missing" ]; then
  exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi
failed=0
node_is_usable || { echo "Node $NODE_MAJOR or newer with npm is needed: https://nodejs.org" >&2; failed=1; }
go_is_usable || { echo "Go 1.$GO_MINOR or newer is needed: https://go.dev/dl" >&2; failed=1; }
exit "$failed"
