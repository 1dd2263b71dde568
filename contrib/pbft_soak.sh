#!/usr/bin/env bash
# Four PBFT validators as real processes under load, with random kills, pauses and cut links, until the time ends.
# Prints how long the network needed after each fault. Exit status 1: a fork or a lost block; 2: a slow recovery.
# Usage: contrib/pbft_soak.sh [--no-install] [--minutes M] [--seed S] [--fault NAME]... [--period SECONDS]
#   --no-install       do not install packages
#   --fault NAME       only these: kill, pause, cut (links), flap (a link); may be repeated
#   --minutes M        how long to run, without the build (default: 15)
#   --seed S           of the faults (default: from the clock)
#   --period SECONDS   between two payments (default: 0.1)
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

install=yes arguments=()
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --minutes | --seed | --fault | --period)
            [ $# -ge 2 ] || fail "$1 needs a value"
            arguments+=("$1" "$2")
            shift
            ;;
        *) fail "unknown argument $1; it takes --no-install, --minutes, --seed, --fault and --period" ;;
    esac
    shift
done
prepare "$install" parleyd parley-cli

step "running four validators"
/usr/bin/python3 contrib/pbft_soak.py "${arguments[@]}"
