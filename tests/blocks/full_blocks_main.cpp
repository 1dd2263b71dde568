// parley-test-blocks <folder>: writes the full-block suite for the functional tests. `blocks.bin`
// contains the concatenated blocks; `index.tsv` has a line for each: name, hash, offset, size,
// verdict, 1 if the verdict is that of an ancestor, and the tip afterwards.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/blocks/full_blocks.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: parley-test-blocks <folder>\n");
        return 1;
    }
    const std::string folder = argv[1];
    std::ofstream blocks(folder + "/blocks.bin", std::ios::binary);
    std::ofstream index(folder + "/index.tsv");
    size_t offset = 0;
    for (const parley::FullBlock& each : parley::full_blocks()) {
        const parley::Bytes bytes = each.block->serialize();
        blocks.write(reinterpret_cast<const char*>(bytes.data()),
                     static_cast<std::streamsize>(bytes.size()));
        index << fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", each.name,
                             each.block->header.hash().to_string(), offset, bytes.size(),
                             each.verdict, each.of_ancestor ? 1 : 0, each.tip.to_string());
        offset += bytes.size();
    }
    blocks.close();
    index.close();
    if (blocks && index) return 0;
    std::fprintf(stderr, "cannot write to %s\n", folder.c_str());
    return 1;
}
