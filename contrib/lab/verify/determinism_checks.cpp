#include "contrib/lab/verify/determinism_checks.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/crypto/sha256.h"
#include "base/serialize.h"
#include "node/simulator/participants.h"

namespace parley::lab {

WorldDigests mine_world(uint64_t seed, size_t blocks) {
    constexpr size_t kMiners = 4;
    const sim::Purse purse(1);
    sim::World world({.seed = seed, .block_interval = std::chrono::seconds{1}});
    sim::add_miners(world, purse.params(), kMiners);
    world.connect_mesh();
    world.run_until([&] { return world.mined().size() >= blocks; }, std::chrono::hours{24});
    Sha256 found;
    for (const sim::MinedBlock& block : world.mined()) {
        Writer writer;
        writer.bytes(block.hash.bytes())
            .le(uint64_t{block.miner})
            .le(block.time.time_since_epoch().count());
        found.write(writer.data());
    }
    return {world.digest(), found.finish()};
}

Finding judge_same(std::string name, const WorldDigests& first, const WorldDigests& second) {
    Finding finding = judge_equal(
        std::move(name), "equal digests", 2,
        (first.trace == second.trace ? 1 : 0) + (first.blocks == second.blocks ? 1 : 0));
    if (finding.verdict == Verdict::fail) {
        finding.reason = fmt::format("the traces are {} and {}", first.trace.to_string(),
                                     second.trace.to_string());
    }
    return finding;
}

Findings check_determinism(size_t blocks) {
    const WorldDigests alone = mine_world(1, blocks);
    WorldDigests beside;
    {
        const std::jthread other([&] { mine_world(2, blocks); });
        const std::jthread same([&] { beside = mine_world(1, blocks); });
    }
    return {judge_same("10.determinism.again", alone, mine_world(1, blocks)),
            judge_same("10.determinism.beside_another_run", alone, beside)};
}

}  // namespace parley::lab
