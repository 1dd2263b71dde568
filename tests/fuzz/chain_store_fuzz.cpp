// Startup with damaged stores: any record of the chain's stores and of the txindex, and the block
// and undo files. The first byte selects an image (chain_store_image.h), the second the node's
// actions and options; the rest damages records and files, see Damage.
//
// A start must either fail with a message, or give a consistent chain that accepts new blocks and
// is unchanged after the next start. A store that fails later must end the run with an error.
// Undamaged stores must give correct data: for example, undamaged coins must match the tip, even if
// the blocks are damaged.
#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "base/check.h"
#include "chain/state/coins_cache.h"
#include "chain/state/indexes/tx_index.h"
#include "chain/store/index_store.h"
#include "tests/fuzz/chain_store_image.h"
#include "tests/fuzz/fuzz_target.h"

using namespace parley;

namespace {

// No startup with these images takes longer.
constexpr int kStepsMax = 200;

struct World {
    FuzzBlocks blocks;
    FuzzSealRules seals{blocks.rules()};
    std::vector<FuzzImage> images = make_fuzz_images(blocks);
};

const World& world() {
    static const World kWorld;
    return kWorld;
}

TimePoint now() {
    return from_unix_seconds(2'000'000'000);
}

// After the end of the input, all bytes read as zero.
class Input {
 public:
    explicit Input(ByteSpan bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    uint8_t u8() {
        const ByteSpan byte = span(1);
        return byte.empty() ? uint8_t{0} : byte[0];
    }
    size_t u16() {
        const size_t low = u8();
        return low | size_t{u8()} << 8;
    }
    ByteSpan span(size_t size) {
        const ByteSpan taken = bytes_.first(std::min(size, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }

 private:
    ByteSpan bytes_;
};

// Overwrites existing bytes; never extends the file.
void overwrite(Bytes& target, size_t offset, ByteSpan bytes) {
    if (target.empty()) return;
    offset %= target.size();
    const size_t size = std::min(bytes.size(), target.size() - offset);
    std::copy_n(bytes.begin(), size, target.begin() + static_cast<ptrdiff_t>(offset));
}

// A sequence of edits: the kind, the store, the record or file, and the operands.
class Damage {
 public:
    Damage(FuzzDisks& disks, const FuzzBlocks& blocks) : disks_(disks), blocks_(blocks) {}

    void apply(Input& input) {
        while (!input.empty()) {
            const uint8_t edit = input.u8() % 14;
            if (edit < 9) {
                edit_record(edit, input);
            } else {
                edit_file(edit, input);
            }
        }
    }

    bool touched(size_t store) const { return touched_[store]; }

 private:
    void edit_record(uint8_t edit, Input& input) {
        const size_t store = input.u8() % kStoreCount;
        auto& keys = disks_.all()[store]->contents().keys;
        touched_[store] = true;
        if (edit == 0) {
            const Bytes key = to_bytes(input.span(input.u8()));
            keys[key] = to_bytes(input.span(input.u8()));
            return;
        }
        if (keys.empty()) return;
        const size_t record = input.u8() % keys.size();
        const auto entry = std::next(keys.begin(), static_cast<ptrdiff_t>(record));
        if (edit == 1) {
            keys.erase(entry);
        } else if (edit == 2) {
            // Under another key: a record that is right, in the wrong place.
            auto node = keys.extract(entry);
            overwrite(node.key(), input.u8(), input.span(input.u8() % 4));
            keys.insert(std::move(node));
        } else {
            edit_bytes(edit, entry->second, input);
        }
    }

    void edit_file(uint8_t edit, Input& input) {
        auto& files = disks_.blocks.contents().files;
        touched_[0] = true;
        if (files.empty()) return;
        const auto entry =
            std::next(files.begin(), static_cast<ptrdiff_t>(input.u8() % files.size()));
        Bytes& bytes = entry->second;
        if (edit == 9) {
            files.erase(entry);
        } else if (edit == 10) {
            bytes.resize(std::min(bytes.size(), input.u16()));
        } else if (edit == 11) {
            append(bytes, input.span(input.u8()));
        } else if (edit == 12) {
            overwrite(bytes, input.u16(), input.span(input.u8()));
        } else if (!bytes.empty()) {
            const size_t offset = input.u16() % bytes.size();
            bytes[offset] = static_cast<uint8_t>(bytes[offset] ^ std::max(input.u8(), uint8_t{1}));
        }
    }

    void edit_bytes(uint8_t edit, Bytes& value, Input& input) {
        if (edit == 3) {
            value.resize(std::min(value.size(), size_t{input.u8()}));
        } else if (edit == 4) {
            append(value, input.span(input.u8() % 64));
        } else if (edit == 5) {
            value = to_bytes(input.span(input.u8()));
        } else if (edit == 6) {
            const auto& hashes = blocks_.hashes();
            const BlockHash& hash = hashes[input.u8() % hashes.size()];
            overwrite(value, input.u8(), hash.span());
        } else if (edit == 7) {
            overwrite(value, input.u8(), input.span(1 + input.u8() % 16));
        } else if (!value.empty()) {
            const size_t offset = input.u8() % value.size();
            value[offset] = static_cast<uint8_t>(value[offset] ^ std::max(input.u8(), uint8_t{1}));
        }
    }

    FuzzDisks& disks_;
    const FuzzBlocks& blocks_;
    std::array<bool, kStoreCount> touched_{};
};

struct Habits {
    explicit Habits(uint8_t bits) : bits_(bits) {}
    bool prunes() const { return (bits_ & 1) != 0; }
    bool assumes_valid() const { return (bits_ & 2) != 0; }
    bool has_checkpoint() const { return (bits_ & 4) != 0; }
    bool has_no_cache() const { return (bits_ & 8) != 0; }
    bool flushes_often() const { return (bits_ & 16) != 0; }
    bool turns_back() const { return (bits_ & 32) != 0; }
    bool verifies() const { return (bits_ & 64) != 0; }
    bool indexes() const { return (bits_ & 128) != 0; }

    void set(ChainOptions& options, const FuzzBlocks& blocks) const {
        if (prunes()) {
            options.prune = true;
            options.prune_after_height = 1;
            options.prune_target_bytes = 1;
        }
        if (assumes_valid()) options.assume_valid = blocks.main(10)->header.hash();
        if (has_checkpoint())
            options.checkpoints = {{Height{5}, blocks.main(5)->header.hash()},
                                   {Height{9}, blocks.main(9)->header.hash()}};
        if (has_no_cache()) options.coins_cache_bytes = 0;
        if (flushes_often()) options.coins_write_interval_blocks = 8;
    }

 private:
    uint8_t bits_;
};

void check_sentence(const std::string& text) {
    CHECK(!text.empty());
    CHECK(text.find('\n') == std::string::npos);
}

void check_error(const StorageError& error) {
    check_sentence(error.message);
}

// One run of the node, from start to stop.
class Session {
 public:
    Session(FuzzDisks& disks, const FuzzImage& image, ChainOptions options, const Damage& damage)
        : disks_(disks),
          damage_(damage),
          rules_(image.sealed ? static_cast<const HeaderRules&>(world().seals)
                              : world().blocks.rules()),
          seal_(image.sealed ? Bytes{'S'} : Bytes{}),
          options_(std::move(options)) {}

    // False: it has ended in a sentence.
    bool open() {
        auto opened = Chainstate::open(world().blocks.params(), rules_, disks_.blocks, disks_.coins,
                                       verifier_, log_, options_);
        if (!opened) {
            check_sentence(opened.error());
            return false;
        }
        chain_ = std::move(*opened);
        return true;
    }

    // Everything that is to be done at a start. False: a store has failed.
    bool settle() {
        if (!activate()) return false;
        for (int steps = 0; chain_->reindex_step(now()); ++steps) {
            CHECK(steps < kStepsMax);
            if (!activate()) return false;
        }
        return activate() && !chain_->reindexing();
    }

    Chainstate& chain() { return *chain_; }

    void check_ancestors() {
        const HeaderNode& tip = chain_->index().tip();
        CHECK(tip.score.has_value());
        CHECK(!tip.is_invalid());
        CHECK(chain_->index().at_height(tip.height + 1) == nullptr);
        Height height = tip.height;
        for (const HeaderNode* node = &tip; node != nullptr;
             node = node->parent, height = height - 1) {
            CHECK(node->height == height);
            CHECK(node->hash == node->header.hash());
            CHECK(chain_->index().find(node->hash) == node);
            CHECK(chain_->index().at_height(height) == node);
            CHECK(tip.ancestor(height) == node);
            if (node->parent == nullptr) break;
            CHECK(node->header.previous == node->parent->hash);
            CHECK(node->parent->score.has_value());
        }
        CHECK(height == Height{0});
        CHECK(chain_->index().at_height(height) == &chain_->index().genesis());
        const HeaderNode& finalized = chain_->index().finalized();
        const Height common = std::min(finalized.height, tip.height);
        CHECK(finalized.ancestor(common) == tip.ancestor(common));
    }

    // What can be read is what it should be.
    void check_blocks() {
        if (!damage_.touched(0)) return;
        for (Height height{0}; height <= chain_->index().height_max(); ++height) {
            for (const HeaderNode* node : chain_->index().all_at_height(height)) check_node(*node);
        }
    }

    // The coins of stores that nobody has touched are those after the tip.
    bool check_coins() {
        FuzzCoins coins;
        const auto scanned = chain_->for_each_coin([&](const OutPoint& outpoint, const Coin& coin) {
            CHECK(money_range(coin.output.value));
            coins[outpoint] = coin;
            return true;
        });
        if (!scanned) check_error(scanned.error());
        if (damage_.touched(1)) return !stopped();
        if (stopped()) return false;
        CHECK(scanned.has_value());
        CHECK(coins == expected_coins(chain_->index().tip()));
        return true;
    }

    void check_index() {
        TxIndex index(disks_.index, *chain_, log_);
        if (auto opened = index.open(); !opened) return check_sentence(opened.error());
        for (int steps = 0; !index.synced() && !index.failure(); ++steps) {
            CHECK(steps < kStepsMax);
            index.step();
        }
        if (index.failure()) return check_error(*index.failure());
        for (const Txid& txid : world().blocks.txids()) {
            const auto found = index.find(txid);
            if (!found) {
                check_error(found.error());
            } else if (found->has_value()) {
                CHECK((*found)->transaction->txid() == txid);
                CHECK(chain_->index().find((*found)->block) != nullptr);
            } else if (!damage_.touched(2)) {
                CHECK(!is_in_chain(txid));
            }
        }
    }

    // A block on the tip joins the chain, unless there is a better one. False: a store has failed.
    bool follow_new_block() {
        const BlockRef block = build_block(world().blocks.params(), rules_, chain_->index().tip());
        CHECK(block->header.previous == chain_->index().tip().hash);
        const auto result = chain_->accept_block(block, seal_, now());
        if (result.error) CHECK(!result.error->reason.empty());
        // A reindexing may have found it, without its seal.
        const bool taken = result.state == BlockResult::State::accepted ||
                           result.state == BlockResult::State::already_have;
        CHECK(result.error.has_value() != taken);
        if (!activate()) return false;
        if (result.error) return true;
        const HeaderNode& tip = chain_->index().tip();
        CHECK(&tip == result.node || result.node->is_invalid() || !result.node->score ||
              *tip.score >= *result.node->score);
        return true;
    }

    // Back over the tip, by its undo data, and forth again.
    bool turn_back() {
        const BlockHash hash = chain_->index().tip().hash;
        const auto undone = chain_->invalidate(hash);
        if (!undone) CHECK(!undone.error().reason.empty());
        if (!activate()) return false;
        if (!undone) return true;
        CHECK(chain_->index().tip().hash != hash);
        CHECK(chain_->reconsider(hash).has_value());
        return activate();
    }

    void verify() {
        const auto result = chain_->verify(4, 0);
        if (!result) return check_error(result.error());
        CHECK(result->problem.find('\n') == std::string::npos);
    }

    // Has the disk, or the chain for it, given up?
    bool stopped() {
        if (chain_->failure()) check_error(*chain_->failure());
        return disks_.stopped || chain_->failure().has_value();
    }

 private:
    bool activate() {
        for (int steps = 0;; ++steps) {
            CHECK(steps < kStepsMax);
            const auto update = chain_->activate_best_chain();
            for (const auto& invalid : update.invalid) CHECK(!invalid.error.reason.empty());
            if (stopped()) return false;
            if (!update.more && !update.unsettled) return true;
        }
    }

    void check_node(const HeaderNode& node) {
        if (node.has_body()) {
            const auto block = chain_->read_block(node);
            if (!block) {
                check_error(block.error());
            } else {
                CHECK((*block)->header.hash() == node.hash);
                CHECK(block_merkle_root(**block) == node.header.merkle_root);
            }
        }
        if (!node.has_undo()) return;
        if (const auto undo = chain_->read_undo(node); !undo) check_error(undo.error());
    }

    FuzzCoins expected_coins(const HeaderNode& node) {
        if (const FuzzCoins* coins = world().blocks.coins_after(node.hash)) return *coins;
        // A block of this run.
        CHECK(node.parent != nullptr);
        const auto block = chain_->read_block(node);
        CHECK(block.has_value());
        return coins_behind(expected_coins(*node.parent), **block, node.height);
    }

    bool is_in_chain(const Txid& txid) {
        for (Height height{1}; height <= chain_->index().tip().height; ++height) {
            const auto block = chain_->read_block(*chain_->index().at_height(height));
            if (!block) continue;
            for (const auto& transaction : (*block)->transactions) {
                if (transaction->txid() == txid) return true;
            }
        }
        return false;
    }

    FuzzDisks& disks_;
    const Damage& damage_;
    const HeaderRules& rules_;
    const Bytes seal_;
    const ChainOptions options_;
    InlineScriptVerifier verifier_;
    NullLog log_;
    std::unique_ptr<Chainstate> chain_;
};

// The tip that the next start must reach. Empty: that start may also fail with a message.
std::optional<BlockHash> first_start(Session& session, const Habits& habits) {
    if (!session.open()) return std::nullopt;
    if (!session.settle()) return std::nullopt;
    session.check_ancestors();
    session.check_blocks();
    if (!session.check_coins()) return std::nullopt;
    if (habits.indexes()) session.check_index();
    if (habits.verifies()) session.verify();
    if (habits.turns_back() && !session.turn_back()) return std::nullopt;
    if (!session.follow_new_block()) return std::nullopt;
    session.check_ancestors();
    session.chain().flush(Durability::synced);
    if (session.stopped()) return std::nullopt;
    return session.chain().index().tip().hash;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    Input input(ByteSpan(data, size));
    const FuzzImage& image = world().images[input.u8() % world().images.size()];
    const Habits habits(input.u8());
    FuzzDisks disks(image.stores);
    Damage damage(disks, world().blocks);
    damage.apply(input);
    ChainOptions options = image.options;
    habits.set(options, world().blocks);
    std::optional<BlockHash> tip;
    {
        Session session(disks, image, options, damage);
        tip = first_start(session, habits);
    }
    // The host has stopped; what was not written is lost.
    disks.stopped = false;
    options.reindex = false;
    options.reindex_chainstate = false;
    Session session(disks, image, options, damage);
    const bool opened = session.open();
    // Everything was synced, so that nothing of what the first start has accepted is in question.
    if (tip) {
        CHECK(opened);
        CHECK(session.chain().index().tip().hash == *tip);
    }
    if (!opened) return 0;
    const bool settled = session.settle();
    // What it may lack is a side branch, whose damage nobody has met yet.
    if (tip) CHECK(settled && session.chain().index().tip().hash == *tip);
    if (!settled) return 0;
    session.check_ancestors();
    session.check_coins();
    return 0;
}
