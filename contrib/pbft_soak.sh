#!/usr/bin/env bash
# Four PBFT validators as real processes under load, with random kills, pauses and cut links, until the time ends.
# Prints how long the network needed after each fault. Exit status 1: a fork or a lost block; 2: a slow recovery.
# Usage: contrib/pbft_soak.sh [--no-install] [--minutes M] [--seed S] [--period SECONDS]
#   --no-install       do not install packages
#   --minutes M        how long to run, without the build (default: 15)
#   --seed S           of the faults (default: from the clock)
#   --period SECONDS   between two payments (default: 0.1)
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

install=yes arguments=()
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --minutes | --seed | --period)
            [ $# -ge 2 ] || fail "$1 needs a value"
            arguments+=("$1" "$2")
            shift
            ;;
        *) fail "unknown argument $1; it takes --no-install, --minutes, --seed and --period" ;;
    esac
    shift
done
if [ "$install" = yes ]; then
    step "installing packages"
    contrib/install_dependencies.sh
fi
step "building"
cmake --preset release
cmake --build --preset release --target parleyd parley-cli

step "running four validators"
/usr/bin/python3 contrib/pbft_soak.py "${arguments[@]}"
