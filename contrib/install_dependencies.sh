#!/usr/bin/env bash
# Installs the Debian or Ubuntu packages that are needed to build and test Parley; does not change installed packages.
# Usage: contrib/install_dependencies.sh [--lint] [--fuzz] [--allow-removal]
#   --lint           also clang-format 14, for contrib/format.sh
#   --fuzz           also Clang 16 with its run-time libraries, for the fuzz preset
#   --allow-removal  continue even if apt-get has to remove a conflicting package
source "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

lint=no fuzz=no allow_removal=no
for argument in "$@"; do
    case "$argument" in
        --lint) lint=yes ;;
        --fuzz) fuzz=yes ;;
        --allow-removal) allow_removal=yes ;;
        *) fail "unknown argument $argument; it takes --lint, --fuzz and --allow-removal" ;;
    esac
done

step "looking for missing packages"
if ! command -v apt-get > /dev/null; then
    fail "this system has no apt-get; install the packages that contrib/install_dependencies.sh lists by hand"
fi
# Debian 12's default Boost, 1.74, does not compile as C++20.
if apt-cache show libboost1.81-dev > /dev/null 2>&1 || grep -qs '^VERSION_ID="12"' /etc/os-release; then
    boost=(libboost1.81-dev)
else
    boost=(libboost-dev)
fi
packages=(
    g++ cmake ninja-build ccache pkg-config git
    libssl-dev libbz2-dev "${boost[@]}" libleveldb-dev libsnappy-dev libsecp256k1-dev libspdlog-dev libfmt-dev
    libsimdjson-dev libtomlplusplus-dev libzmq3-dev cppzmq-dev libexpected-dev
    libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev
    python3 python3-pytest python3-bitcoinlib python3-zmq
)
if [ "$lint" = yes ]; then packages+=(clang-format-14); fi
if [ "$fuzz" = yes ]; then packages+=(clang-16 libclang-rt-16-dev); fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null || true)
    if [ "$state" != installed ]; then missing+=("$package"); fi
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "All ${#packages[@]} packages are installed."
    exit 0
fi
echo "To be installed: ${missing[*]}"

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo > /dev/null; then
        fail "packages are missing; run it as root, or install sudo, or install them yourself: ${missing[*]}"
    fi
    as_root=(sudo)
fi

simulate() {
    LC_ALL=C apt-get install --simulate --no-install-recommends "${missing[@]}" 2>&1
}
plan=$(simulate) || {
    step "fetching the package lists"
    "${as_root[@]}" apt-get update -q ||
        fail "apt-get update failed; look at the network and at /etc/apt, then run it again"
    plan=$(simulate) || {
        printf '%s\n' "$plan" >&2
        fail "apt-get cannot install the packages; Parley needs Debian 12, Debian 13 or Ubuntu 24.04"
    }
}

# apt-get lists the packages that it would remove on indented lines below this heading.
removed=$(printf '%s\n' "$plan" | awk '/^The following packages will be REMOVED:/ {on = 1; next} /^[^ ]/ {on = 0} on')
if [ -n "$removed" ] && [ "$allow_removal" = no ]; then
    echo "These packages are in the way, and apt-get would remove them:" $removed
    if [ -t 0 ]; then
        read -r -p "Remove them? [y/N] " answer
    else
        answer=no
    fi
    case "$answer" in
        y | Y | yes) ;;
        *) fail "nothing was installed or removed; to allow it run contrib/install_dependencies.sh --allow-removal" ;;
    esac
fi

step "installing ${#missing[@]} packages"
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "${missing[@]}"
}
install || {
    echo "A package could not be fetched. Retrying with updated package lists."
    "${as_root[@]}" apt-get update -q
    install || fail "apt-get install failed; the lines above say why"
}
