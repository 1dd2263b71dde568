#!/usr/bin/env bash
# Sourced by the other scripts here: named steps with their times, and a message for every failure.
# After sourcing, the working directory is the root of the repository.
set -Eeuo pipefail

parley_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$parley_root"
script_name=$(basename "$0")
step_name="reading the command line"
step_started=$SECONDS
step_times=()

# With ccache, clones and work trees share compilation results.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$parley_root} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}

finish_step() {
    if [ "$step_name" != "reading the command line" ]; then
        step_times+=("$(printf '%5d s  %s' $((SECONDS - step_started)) "$step_name")")
    fi
}

step() {
    finish_step
    step_name=$1
    step_started=$SECONDS
    printf '\n==> %s: %s\n' "$script_name" "$step_name"
}

print_step_times() {
    printf '\n==> %s: time of each step\n' "$script_name"
    printf '%s\n' "${step_times[@]}"
}

# prepare <yes|no> <target>...: installs packages if wanted, and builds the targets in Release.
prepare() {
    if [ "$1" = yes ]; then
        step "installing packages"
        contrib/install_dependencies.sh
    fi
    step "building"
    cmake --preset release
    cmake --build --preset release --target "${@:2}"
}

# fail <message>: prints the message to stderr and exits with status 1.
fail() {
    trap - ERR
    printf '%s: %s\n' "$script_name" "$1" >&2
    exit 1
}

on_error() {
    local status=$?
    trap - ERR
    printf '\n%s: failed (status %d) while %s; the lines above say why. The script can be run again as it is.\n' \
        "$script_name" "$status" "$step_name" >&2
    exit 1
}
trap on_error ERR
