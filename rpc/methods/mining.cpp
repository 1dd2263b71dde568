// Mining: block templates, submitted blocks, and blocks generated on request.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/pow_search.h"
#include "chain/primitives/address.h"
#include "chain/rules/block_rules.h"
#include "chain/rules/retarget.h"
#include "rpc/json/template_json.h"
#include "rpc/json/transaction_text.h"
#include "rpc/jsonrpc/call.h"
#include "rpc/methods/descriptors.h"
#include "rpc/methods/generate.h"

namespace parley::rpc {

namespace {

/// Estimated hash rate (hashes per second) from the work and times of the `blocks` blocks up to
/// `height`.
double network_hashes_per_second(const Chainstate& chain, int64_t blocks, int64_t height) {
    const HeaderNode* last = height < 0
                                 ? &chain.index().tip()
                                 : chain.index().at_height(Height{static_cast<int32_t>(height)});
    if (last == nullptr || last->height.value() == 0) return 0;
    if (blocks < 0) blocks = last->height.value() % chain.params().retarget_interval_blocks + 1;
    blocks = std::min<int64_t>(blocks, last->height.value());
    int64_t time_min = last->header.time;
    int64_t time_max = time_min;
    const HeaderNode* first = last;
    for (int64_t i = 0; i < blocks; ++i) {
        first = first->parent;
        time_min = std::min<int64_t>(time_min, first->header.time);
        time_max = std::max<int64_t>(time_max, first->header.time);
    }
    if (time_min == time_max) return 0;
    return (last->score.value_or(Score{}) - first->score.value_or(Score{})).to_double() /
           static_cast<double>(time_max - time_min);
}

constexpr int64_t kHashrateBlocksDefault = 120;

/// bitcoind's answer to a method that it had once.
void generate(Call& call) {
    fail(Code::method_not_found, help_text(call.method()));
}

void getnetworkhashps(Call& call) {
    // A client may ask for the whole chain, but must not occupy the core thread for long.
    constexpr int64_t kBlocksMax = 100'000;
    const int64_t blocks = call.integer(0, kHashrateBlocksDefault);
    const int64_t height = call.integer(1, -1);
    if (blocks < -1 || blocks == 0)
        fail(Code::invalid_parameter, "Invalid nblocks. Must be a positive number or -1.");
    call.out().value(call.ask([&](Node& node) {
        const Chainstate& chain = node.chain();
        if (height < -1 || height > chain.index().tip().height.value())
            fail(Code::invalid_parameter, "Block does not exist at specified height");
        return network_hashes_per_second(chain, std::min(blocks, kBlocksMax), height);
    }));
}

/// The data of getmininginfo.
struct MiningFacts {
    Height height;
    uint32_t bits = 0;       ///< compact target of the tip
    uint32_t next_bits = 0;  ///< and of the block after it
    double hashes_per_second = 0;
    std::optional<Proposals::LastBuilt> last_built;
    size_t pooled_transactions = 0;
    FeeRate block_min_fee_rate{0};
    std::string automine;
    std::vector<std::string> warnings;
};

std::string automine_text(const Node& node) {
    const auto schedule = node.automine();
    return schedule ? to_string(*schedule) : "off";
}

MiningFacts mining_facts(const Node& node) {
    const HeaderNode& tip = node.chain().index().tip();
    MiningFacts facts;
    facts.height = tip.height;
    facts.bits = tip.header.bits;
    facts.next_bits = node.engine().next_bits(tip, to_unix_seconds(node.now()));
    facts.hashes_per_second = network_hashes_per_second(node.chain(), kHashrateBlocksDefault, -1);
    facts.last_built = node.last_built();
    facts.pooled_transactions = node.mempool().size();
    facts.block_min_fee_rate = node.config().block_builder.min_fee_rate;
    facts.automine = automine_text(node);
    facts.warnings = node.warnings();
    return facts;
}

void getmininginfo(Call& call) {
    const MiningFacts facts = call.ask([](Node& node) { return mining_facts(node); });
    JsonWriter& out = call.out();
    const auto target_fields = [&](uint32_t bits) {
        out.field("bits", fmt::format("{:08x}", bits));
        out.field("difficulty", difficulty(bits));
        out.field("target", target_from_compact(bits).value_or(U256{}).to_hex());
    };
    out.object([&] {
        out.field("blocks", facts.height);
        if (facts.last_built) {
            out.field("currentblockweight", facts.last_built->weight);
            out.field("currentblocktx", facts.last_built->transactions);
        }
        target_fields(facts.bits);
        out.field("networkhashps", facts.hashes_per_second);
        out.field("pooledtx", facts.pooled_transactions);
        out.field("blockmintxfee", Amount{facts.block_min_fee_rate.value()});
        out.field("chain", call.params().name);
        if (const auto& challenge = call.params().signet_challenge)
            out.key("signet_challenge").hex(challenge->bytes());
        out.field_object("next", [&] {
            out.field("height", facts.height.value() + 1);
            target_fields(facts.next_bits);
        });
        out.field_values("warnings", facts.warnings);
        out.field_object("parley", [&] {
            out.field("automine", facts.automine);
            out.field("hashps", call.host().hashes_per_second());
        });
    });
}

// ---- templates

bool asks_for(const Json& request, std::string_view list, std::string_view word) {
    const Json* words = request.find(list);
    if (!words || !words->is_array()) return false;
    return std::any_of(words->array().begin(), words->array().end(),
                       [&](const Json& item) { return item.is_string() && item.string() == word; });
}

void answer_proposal(Call& call, const Json& request) {
    const Json* data = request.find("data");
    if (!data || !data->is_string()) fail(Code::type, "Missing data String key for proposal");
    const BlockRef block = read_raw_block(*data);
    const std::string reason = call.ask([&](Node& node) -> std::string {
        if (const HeaderNode* known = node.chain().index().find(block->header.hash()))
            return known->has_body() || known->parent == nullptr ? "duplicate"
                                                                 : "duplicate-inconclusive";
        if (block->header.previous != node.chain().index().tip().hash)
            return "inconclusive-not-best-prevblk";
        const auto checked = unwrap(node.check_proposal(*block));
        return checked ? std::string{} : checked.error().reason;
    });
    if (reason.empty())
        call.out().null();
    else
        call.out().value(reason);
}

/// Waits until the tip changes, or until a minute has passed and the mempool has changed.
void wait_for_change(Call& call, const std::string& long_poll) {
    constexpr Duration kMempoolPatience = std::chrono::minutes{1};
    constexpr Duration kPause = std::chrono::milliseconds{50};
    constexpr size_t kHashDigits = 2 * Hash256::kSize;
    const Duration begin = call.host().steady_time();
    while (true) {
        const std::string now = call.ask([](Node& node) {
            return long_poll_id(node.chain().index().tip().hash, node.mempool().sequence());
        });
        if (now.substr(0, kHashDigits) != long_poll.substr(0, kHashDigits)) return;
        if (now != long_poll && call.host().steady_time() - begin >= kMempoolPatience) return;
        if (!call.host().pause(kPause)) fail(Code::client_not_connected, "Shutting down");
    }
}

void check_ready_for_miners(const Node& node) {
    if (node.config().params.name != "main") return;
    if (node.peers().peer_count(true) + node.peers().peer_count(false) == 0)
        fail(Code::client_not_connected,
             "Parley is not connected! Check -connect, -addnode and the network, or try regtest");
    if (node.initial_download())
        fail(Code::initial_download, "Parley is in initial sync and waiting for blocks...");
}

TemplateReply next_template(Node& node) {
    check_ready_for_miners(node);
    if (!node.automine())
        fail(Code::misc, "Blocks are not mined with -consensus=" + node.engine().name());
    const HeaderNode& tip = node.chain().index().tip();
    return {timely_template(node),
            tip.height + 1,
            block_time_min(node.config().params, node.engine(), tip),
            to_unix_seconds(node.now()),
            node.mempool().sequence(),
            node.deployments(tip)};
}

void getblocktemplate(Call& call) {
    const Json& request = call.argument(0);
    if (const Json* mode = request.find("mode"); mode && !mode->is_null()) {
        if (!mode->is_string()) fail(Code::invalid_parameter, "Invalid mode");
        if (mode->string() == "proposal") {
            answer_proposal(call, request);
            return;
        }
        if (mode->string() != "template") fail(Code::invalid_parameter, "Invalid mode");
    }
    if (!asks_for(request, "rules", "segwit"))
        fail(Code::invalid_parameter,
             "getblocktemplate must be called with the segwit rule set "
             "(call with {\"rules\": [\"segwit\"]})");
    if (call.params().signet_challenge && !asks_for(request, "rules", "signet"))
        fail(Code::invalid_parameter,
             "getblocktemplate must be called with the signet rule set (call with {\"rules\": "
             "[\"segwit\", \"signet\"]})");
    if (const Json* long_poll = request.find("longpollid"); long_poll && !long_poll->is_null()) {
        const std::string& id = read_string(*long_poll);
        read_block_hash(Json::string(id.substr(0, 2 * Hash256::kSize)), "longpollid");
        wait_for_change(call, id);
    }
    const TemplateReply reply = call.ask([](Node& node) { return next_template(node); });
    write_template(call.out(), call.params(), reply);
}

void submitblock(Call& call) {
    const BlockRef block = read_raw_block(call.argument(0));
    const std::string reason = call.ask([&](Node& node) { return submit_block(node, block); });
    if (reason.empty())
        call.out().null();
    else
        call.out().value(reason);
}

void submitheader(Call& call) {
    const auto bytes = from_hex(call.string(0));
    Reader reader{bytes ? ByteSpan{*bytes} : ByteSpan{}};
    const BlockHeader header = read_block_header(reader);
    // Clients send whole blocks, too: what follows the header does not matter.
    if (!reader.ok()) fail(Code::deserialization, "Block header decode failed");
    call.ask([&](Node& node) {
        if (node.chain().index().find(header.previous) == nullptr)
            fail(Code::verify,
                 "Must submit previous header (" + header.previous.to_string() + ") first");
        const auto accepted = node.submit_header(header);
        if (!accepted) fail(Code::verify, accepted.error().reason);
    });
}

// ---- generated on request

void write_hashes(Call& call, const std::vector<BlockHash>& hashes) {
    call.out().array([&] {
        for (const BlockHash& hash : hashes) call.out().value(hash);
    });
}

uint64_t tries_argument(const Call& call, size_t position) {
    return static_cast<uint64_t>(
        call.integer(position, static_cast<int64_t>(kTriesDefault), 0, INT64_MAX));
}

void generatetoaddress(Call& call) {
    const auto script = decode_address(call.params().address_prefixes, call.string(1));
    if (!script) fail(Code::address_or_key, "Error: Invalid address");
    write_hashes(call, generate_blocks(call, *script, call.integer(0, 0), tries_argument(call, 2)));
}

/// The only script of a descriptor. For combo(): P2WPKH, or, for an uncompressed key, P2PKH.
Script descriptor_script(const Descriptor& descriptor) {
    if (descriptor.is_range())
        fail(Code::invalid_parameter,
             "Ranged descriptor not accepted. Maybe pass through "
             "deriveaddresses first?");
    const auto scripts = expand_descriptor(descriptor, 0, 0);
    if (scripts.empty()) fail(Code::address_or_key, "Cannot derive script without private keys");
    const auto segwit = std::find_if(scripts.begin(), scripts.end(), [](const Script& script) {
        return match_p2wpkh(script).has_value();
    });
    return segwit != scripts.end() ? *segwit : scripts[scripts.size() > 1 ? 1 : 0];
}

void generatetodescriptor(Call& call) {
    const Script script = descriptor_script(read_descriptor(call.params(), call.string(1)));
    write_hashes(call, generate_blocks(call, script, call.integer(0, 0), tries_argument(call, 2)));
}

Script output_script(const ChainParams& params, const std::string& output) {
    if (const auto script = decode_address(params.address_prefixes, output)) return *script;
    const auto descriptor = Descriptor::parse(output, params, false);
    if (!descriptor) fail(Code::address_or_key, "Error: Invalid address or descriptor");
    return descriptor_script(*descriptor);
}

TransactionRef chosen_transaction(const Mempool& mempool, const std::string& text) {
    if (const auto txid = Txid::from_string(text)) {
        const MempoolEntry* entry = mempool.find(*txid);
        if (entry == nullptr)
            fail(Code::address_or_key, fmt::format("Transaction {} not in mempool.", text));
        return entry->transaction;
    }
    auto data = decode_transaction_hex(text);
    if (!data)
        fail(Code::deserialization,
             fmt::format("Transaction decode failed for {}. Make sure the tx has at least one "
                         "input.",
                         text));
    return make_transaction(std::move(*data));
}

void generateblock(Call& call) {
    const Script script = output_script(call.params(), call.string(0));
    std::vector<std::string> texts;
    for (const Json& item : read_array(call.argument(1))) texts.push_back(read_string(item));
    const bool submit = call.boolean(2, true);
    const auto build = [&](Node& node, CoinbaseForm form) {
        std::vector<TransactionRef> transactions;
        for (const std::string& text : texts)
            transactions.push_back(chosen_transaction(node.mempool(), text));
        return build_block(node, script, &transactions, form);
    };
    const BlockRef solved = generate_block(call, build, submit);
    JsonWriter& out = call.out();
    out.object([&] {
        out.field("hash", solved->header.hash());
        if (!submit) out.key("hex").hex(solved->serialize());
    });
}

void setmocktime(Call& call) {
    if (call.params().public_network)
        fail(Code::misc, "setmocktime is for regression testing (-regtest mode) only");
    const int64_t time = call.long_integer(0);
    if (time < 0 || time > UINT32_MAX)
        fail(Code::invalid_parameter,
             fmt::format("Mocktime must be in the range [0, {}], not {}.", UINT32_MAX, time));
    call.ask([&](Node& node) { node.set_mock_time(time); });
}

void setautomine(Call& call) {
    const std::string mode = call.string(0);
    const auto schedule = parse_automine(mode);
    if (!schedule)
        fail(Code::invalid_parameter,
             "mode: \"" + mode +
                 "\" is invalid: it must be off, tx, <seconds> or poisson:<seconds>");
    const std::string set = call.ask([&](Node& node) {
        if (!node.automine())
            fail(Code::misc, "Blocks are not mined with -consensus=" + node.engine().name());
        node.set_automine(*schedule);
        return automine_text(node);
    });
    call.out().object([&] { call.out().field("automine", set); });
}

std::vector<Method> template_methods() {
    using enum ParameterType;
    return {
        {.name = "getmininginfo",
         .category = "mining",
         .description =
             "Returns a json object containing mining-related information. \"parley\" contains "
             "fields of Parley: automine and the hash rate of this node's miner.",
         .parameters = {},
         .result = "{blocks, bits, difficulty, target, networkhashps, pooledtx, blockmintxfee, "
                   "chain, next, warnings, parley}    (json object)",
         .example = "",
         .handler = &getmininginfo},
        {.name = "getnetworkhashps",
         .category = "mining",
         .description = "Returns the estimated network hashes per second based on the last n "
                        "blocks.",
         .parameters = {{"nblocks", number, false, "120",
                         "The number of previous blocks to calculate estimate from, or -1 for "
                         "blocks since last difficulty change."},
                        {"height", number, false, "-1",
                         "To estimate at the time of the given "
                         "height."}},
         .result = "n    (numeric) Hashes per second estimated",
         .example = "",
         .handler = &getnetworkhashps},
        {.name = "getblocktemplate",
         .category = "mining",
         .description = "It returns data needed to construct a block to work on (BIP22, BIP23, "
                        "BIP9, BIP145), or checks a proposed block.",
         .parameters = {{"template_request", object, true, "", "Format of the template",
                         R"({"rules":["segwit"],"mode":"str","longpollid":"str","data":"hex"})"}},
         .result = "{version, rules, previousblockhash, transactions, coinbasevalue, target, bits, "
                   "height, default_witness_commitment, ...}    (json object)",
         .example = R"('{"rules": ["segwit"]}')",
         .handler = &getblocktemplate},
        {.name = "submitblock",
         .category = "mining",
         .description = "Attempts to submit new block to network.",
         .parameters = {{"hexdata", hex, true, "", "the hex-encoded block data to submit"},
                        {"dummy", string, false, "ignored",
                         "dummy value, for compatibility with BIP22. This value is ignored."}},
         .result = "null    (json null) when accepted, else \"str\"    (string) according to BIP22",
         .example = "\"mydata\"",
         .handler = &submitblock},
        {.name = "submitheader",
         .category = "mining",
         .description = "Decode the given hexdata as a header and submit it as a candidate chain "
                        "tip if valid.",
         .parameters = {{"hexdata", hex, true, "", "the hex-encoded block header data"}},
         .result = "null    (json null)",
         .example = "\"aabbcc\"",
         .handler = &submitheader},
    };
}

std::vector<Method> generate_methods() {
    using enum ParameterType;
    const Parameter max_tries{"maxtries", number, false, "1000000", "How many iterations to try."};
    return {
        {.name = "generate",
         .category = "generating",
         .description = "has been replaced by the -generate cli option. Refer to -help for more "
                        "information.",
         .parameters = {},
         .result = "",
         .example = "",
         .handler = &generate,
         .hidden = true},
        {.name = "generatetoaddress",
         .category = "generating",
         .description = "Mine to a specified address and return the block hashes.",
         .parameters = {{"nblocks", number, true, "", "How many blocks are generated."},
                        {"address", string, true, "",
                         "The address to send the newly generated bitcoin to."},
                        max_tries},
         .result = "[\"hex\",...]    (json array) hashes of blocks generated",
         .example = "11 \"myaddress\"",
         .handler = &generatetoaddress},
        {.name = "generatetodescriptor",
         .category = "generating",
         .description = "Mine to a specified descriptor and return the block hashes.",
         .parameters = {{"num_blocks", number, true, "", "How many blocks are generated."},
                        {"descriptor", string, true, "",
                         "The descriptor to send the newly generated bitcoin to."},
                        max_tries},
         .result = "[\"hex\",...]    (json array) hashes of blocks generated",
         .example = "11 \"mydesc\"",
         .handler = &generatetodescriptor},
        {.name = "generateblock",
         .category = "generating",
         .description = "Mine a set of ordered transactions to a specified address or descriptor "
                        "and return the block hash.",
         .parameters = {{"output", string, true, "",
                         "The address or descriptor to send the newly generated bitcoin to."},
                        {"transactions", array, true, "",
                         "An array of hex strings which are either txids or raw transactions.",
                         R"(["rawtx/txid",...])"},
                        {"submit", boolean, false, "true",
                         "Whether to submit the block before the RPC call returns or to return it "
                         "as hex."}},
         .result = "{hash, hex}    (json object) hex only when submit=false",
         .example = R"("myaddress" '["rawtx", "mempool_txid"]')",
         .handler = &generateblock},
        {.name = "setmocktime",
         .category = "hidden",
         .description = "Set the local time to given timestamp (-regtest only)",
         .parameters = {{"timestamp", number, true, "",
                         "UNIX epoch time. Pass 0 to go back to using the system time."}},
         .result = "null    (json null)",
         .example = "1700000000",
         .handler = &setmocktime,
         .hidden = true},
        {.name = "setautomine",
         .category = "parley",
         .description = "Sets when this node mines blocks.",
         .parameters =
             {{"mode", string, true, "",
               "\"off\", \"tx\" (when the mempool has a transaction), \"<seconds>\" (at this "
               "interval), or \"poisson:<seconds>\" (at random intervals with this mean)"}},
         .result = "{automine}    (json object) the new mode",
         .example = "poisson:10",
         .handler = &setautomine},
    };
}

}  // namespace

std::vector<Method> mining_methods() {
    std::vector<Method> methods = template_methods();
    const auto more = generate_methods();
    methods.insert(methods.end(), more.begin(), more.end());
    return methods;
}

}  // namespace parley::rpc
