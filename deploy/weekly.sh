#!/bin/sh
# The weekly run, in the order that its steps need each other. It can be run again at any time: each
# step takes over what it finds done. The first that fails ends it; servers go on answering meanwhile.
set -eu
config="${1:-/etc/expansion/expansion.toml}"
for step in check build score forecast report; do
    expansion "$step" --config "$config"
done
