// Replaces libFuzzer in builds without it: passes every file in the given files and folders to the
// target, then systematically and randomly damaged copies (prefixes, changed bytes). On a crash,
// the last line on stderr names the input, the kind of damage and its seed. Usage: fuzz_<name>
// [--damage=N] [--seed=S] PATH...
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

namespace {

// The current input, for the signal handler, which must not allocate memory.
char current_input[1024];

extern "C" void report_crash(int signal_number) {
    std::fputs("\nfuzz replay: crash on ", stderr);
    std::fputs(current_input, stderr);
    std::fputs("\n", stderr);
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
}

// SplitMix64: small, and identical on all platforms.
uint64_t next_random(uint64_t& state) {
    state += 0x9e3779b97f4a7c15U;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void run(const std::string& path, const char* damage, uint64_t detail, const std::string& input) {
    std::snprintf(current_input, sizeof current_input, "%s (%s %llu)", path.c_str(), damage,
                  static_cast<unsigned long long>(detail));
    // A copy of exactly this size, so that AddressSanitizer sees a read past the end.
    const std::vector<uint8_t> exact(input.begin(), input.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

uint64_t replay(const std::string& path, uint64_t damage_count, uint64_t seed) {
    std::ifstream file(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    run(path, "as it is, bytes", input.size(), input);
    uint64_t runs = 1;
    const size_t step = std::max<size_t>(1, input.size() / std::max<uint64_t>(1, damage_count));
    for (size_t size = 0; damage_count > 0 && size < input.size(); size += step, ++runs) {
        run(path, "cut to bytes", size, input.substr(0, size));
    }
    for (uint64_t i = 0; i < damage_count && !input.empty(); ++i, ++runs) {
        uint64_t state = seed + i;
        std::string damaged = input;
        const uint64_t changes = 1 + next_random(state) % 4;
        for (uint64_t k = 0; k < changes; ++k) {
            const auto position = static_cast<size_t>(next_random(state) % damaged.size());
            damaged[position] = static_cast<char>(next_random(state));
        }
        run(path, "changed bytes, seed", seed + i, damaged);
    }
    return runs;
}

bool parse_option(std::string_view argument, std::string_view name, uint64_t& value) {
    if (!argument.starts_with(name)) return false;
    argument.remove_prefix(name.size());
    const auto result = std::from_chars(argument.data(), argument.data() + argument.size(), value);
    return result.ec == std::errc{} && result.ptr == argument.data() + argument.size();
}

}  // namespace

int main(int count, char** arguments) {
    uint64_t damage_count = 200;
    uint64_t seed = 1;
    std::vector<std::string> paths;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (parse_option(argument, "--damage=", damage_count)) continue;
        if (parse_option(argument, "--seed=", seed)) continue;
        if (std::filesystem::is_directory(argument)) {
            for (const auto& entry : std::filesystem::directory_iterator(argument)) {
                if (entry.is_regular_file()) paths.push_back(entry.path().string());
            }
        } else if (std::filesystem::is_regular_file(argument)) {
            paths.emplace_back(argument);
        } else {
            std::fprintf(stderr, "fuzz replay: %s is neither a file nor a folder\n", arguments[i]);
            return 1;
        }
    }
    if (paths.empty()) {
        std::fprintf(stderr, "fuzz replay: no input; give a corpus folder or files\n");
        return 1;
    }
    std::sort(paths.begin(), paths.end());
    for (const int signal_number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGBUS}) {
        std::signal(signal_number, report_crash);
    }
    uint64_t runs = 0;
    for (const std::string& path : paths) runs += replay(path, damage_count, seed);
    std::printf("fuzz replay: %zu inputs, %llu runs, seed %llu\n", paths.size(),
                static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
    return 0;
}
