#!/usr/bin/env bash
# Prints the ten headers and the ten source files that take longest to compile, from Clang's time trace.
# Usage: contrib/build_profile.sh [--no-install] [--jobs N] [TARGET]...
#   TARGET  target to build (default: the programs). A target that is up to date is reported without a build.
# Every file is compiled separately and without precompiled headers, so that the cost of each header is visible.
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

install=yes
jobs=$(nproc)
targets=()
while [ $# -gt 0 ]; do
    case "$1" in
        --no-install) install=no ;;
        --jobs)
            [ $# -ge 2 ] || fail "--jobs needs a number"
            jobs=$2
            shift
            ;;
        -*) fail "unknown argument $1; it takes --no-install, --jobs N and targets" ;;
        *) targets+=("$1") ;;
    esac
    shift
done
[ ${#targets[@]} -gt 0 ] || targets=(programs)

if [ "$install" = yes ]; then
    step "installing packages"
    contrib/install_dependencies.sh --fuzz
fi
step "building ${targets[*]} with Clang's time trace"
# The compiler cache does not store traces.
cmake -S . -B build/profile -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=clang++-16 \
    -DCMAKE_CXX_FLAGS=-ftime-trace -DCCACHE_PROGRAM=CCACHE_PROGRAM-NOTFOUND -DPARLEY_PCH=OFF > /dev/null
cmake --build build/profile --parallel "$jobs" --target "${targets[@]}"
step "reading the traces"
/usr/bin/python3 contrib/build_profile.py build/profile
