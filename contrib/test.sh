#!/usr/bin/env bash
# Installs missing packages, builds Parley and runs every test; the last lines are the summary of ctest.
# Usage: contrib/test.sh [--no-install] [--preset NAME] [--label LABEL] [--folder NAME] [--jobs N]
#   --no-install    do not install packages
#   --preset NAME   release (the default), debug, asan or tsan: builds in build/NAME
#   --label LABEL   only tests with this label: unit, vectors, functional, fuzz, lint, lab
#   --folder NAME   only unit tests of this folder, for example daemon
#   --jobs N        compile and test with N processes (default: one for each core)
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

install=yes preset=release label="" folder="" jobs=$(nproc)
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --preset | --label | --folder | --jobs)
            [ $# -ge 2 ] || fail "$1 needs a value"
            case "$1" in
                --preset) preset=$2 ;;
                --label) label=$2 ;;
                --folder) folder=$2 ;;
                --jobs) jobs=$2 ;;
            esac
            shift
            ;;
        *) fail "unknown argument $1; it takes --no-install, --preset, --label, --folder and --jobs" ;;
    esac
    shift
done

if [ "$install" = yes ]; then
    step "installing packages"
    contrib/install_dependencies.sh
fi

step "configuring build/$preset"
cmake --preset "$preset"

step "building with $jobs processes"
target=all
if [ "$label" = unit ]; then target=unit_tests; fi
if [ -n "$folder" ]; then target=unit_$folder; fi
cmake --build --preset "$preset" --target "$target" --parallel "$jobs"

step "testing"
print_step_times
selection=()
if [ -n "$label" ]; then selection+=(--label-regex "^$label\$"); fi
if [ -n "$folder" ]; then selection+=(--tests-regex "^unit\.$folder\."); fi
if [ "$preset" = tsan ]; then
    export TSAN_OPTIONS="suppressions=$parley_root/tests/thread_sanitizer.supp ${TSAN_OPTIONS:-}"
fi
# Uses the same random numbers in every run, so that results depend only on the code. RC_PARAMS overrides this.
export RC_PARAMS=${RC_PARAMS-seed=1}
# With address space randomisation, some kernels use memory layouts that ThreadSanitizer does not support.
fixed_layout=()
if [ "$preset" = tsan ] && setarch "$(uname -m)" --addr-no-randomize true 2> /dev/null; then
    fixed_layout=(setarch "$(uname -m)" --addr-no-randomize)
fi
"${fixed_layout[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel "$jobs" \
    "${selection[@]}"
