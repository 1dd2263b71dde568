#include "chain/rules/signet.h"

#include <algorithm>
#include <array>
#include <utility>

#include "chain/primitives/coinbase.h"
#include "chain/primitives/script_ops.h"
#include "chain/script/script_check.h"

namespace parley {
namespace {

constexpr std::array<uint8_t, 4> kSolutionMarker{0xec, 0xc7, 0xda, 0xa2};
constexpr ScriptFlags kChallengeFlags =
    kVerifyP2sh | kVerifyWitness | kVerifyDerSignatures | kVerifyNullDummy;

// A commitment script split into the script without the solution, and the solution. BIP325 keeps
// the marker, and re-encodes the other pushes minimally by length.
struct Cut {
    Script script;
    std::optional<Bytes> solution;
};

// Unlike ScriptBuilder::push(), never OP_N.
void push_by_length(Writer& out, ByteSpan data) {
    if (data.size() < OP_PUSHDATA1)
        out.u8(static_cast<uint8_t>(data.size()));
    else if (data.size() <= 0xff)
        out.u8(OP_PUSHDATA1).u8(static_cast<uint8_t>(data.size()));
    else if (data.size() <= 0xffff)
        out.u8(OP_PUSHDATA2).le(static_cast<uint16_t>(data.size()));
    else
        out.u8(OP_PUSHDATA4).le(static_cast<uint32_t>(data.size()));
    out.bytes(data);
}

Cut cut_solution(const Script& script) {
    Cut result;
    Writer rest;
    ScriptOps ops(script.bytes());
    while (const auto op = ops.next()) {
        if (op->data.empty()) {
            rest.u8(op->opcode);
            continue;
        }
        ByteSpan data = op->data;
        const bool marked =
            data.size() > kSolutionMarker.size() &&
            std::equal(kSolutionMarker.begin(), kSolutionMarker.end(), data.begin());
        if (marked && !result.solution) {
            result.solution = to_bytes(data.subspan(kSolutionMarker.size()));
            data = data.first(kSolutionMarker.size());
        }
        push_by_length(rest, data);
    }
    result.script = result.solution ? Script{rest.take()} : script;
    return result;
}

// A script_sig and a witness stack.
bool read_solution(ByteSpan solution, TxInput& input) {
    Reader reader(solution);
    input.script_sig = Script{to_bytes(reader.var_bytes())};
    input.witness = Witness::read(reader);
    return reader.done();
}

// The data that the solution signs: the header without bits and nonce, with the root of the block
// without the solution.
Bytes signed_data(const BlockHeader& header, const Hash256& root) {
    Writer writer;
    writer.le(header.version).hash(header.previous).hash(root).le(header.time);
    return writer.take();
}

}  // namespace

std::optional<SignetTransactions> signet_transactions(const Block& block, const Script& challenge) {
    if (block.transactions.empty() || !block.transactions[0]->is_coinbase()) return std::nullopt;
    const auto position = witness_commitment_position(*block.transactions[0]);
    if (!position) return std::nullopt;
    TransactionData coinbase = block.transactions[0]->data();
    Script& commitment = coinbase.outputs[*position].script_pubkey;
    Cut cut = cut_solution(commitment);
    commitment = std::move(cut.script);
    Block unsigned_block = block;
    unsigned_block.transactions[0] = make_transaction(std::move(coinbase));

    TransactionData to_spend;
    to_spend.version = 0;
    const Bytes data = signed_data(block.header, block_merkle_root(unsigned_block));
    to_spend.inputs.push_back(
        TxInput{OutPoint{}, ScriptBuilder{}.op(OP_0).push(data).build(), 0, {}});
    to_spend.outputs.push_back(TxOutput{Amount{0}, challenge});
    SignetTransactions result;
    result.to_spend = make_transaction(std::move(to_spend));

    TransactionData to_sign;
    to_sign.version = 0;
    TxInput input{OutPoint{result.to_spend->txid(), 0}, Script{}, 0, {}};
    if (cut.solution && !read_solution(*cut.solution, input)) return std::nullopt;
    to_sign.inputs.push_back(std::move(input));
    to_sign.outputs.push_back(TxOutput{Amount{0}, Script{Bytes{OP_RETURN}}});
    result.to_sign = make_transaction(std::move(to_sign));
    return result;
}

Expected<void, BlockError> check_signet_solution(const ChainParams& params, const Block& block) {
    if (!params.signet_challenge || block.header.hash() == params.genesis_hash) return {};
    const auto transactions = signet_transactions(block, *params.signet_challenge);
    if (transactions) {
        const ScriptCheck check{
            std::make_shared<const SpendingTransaction>(
                transactions->to_sign, std::vector{transactions->to_spend->outputs()[0]}),
            0, kChallengeFlags};
        if (!run_script_check(check)) return {};
    }
    return Unexpected(BlockError{BlockErrorKind::invalid_block, "bad-signet-blksig",
                                 "signet block signature validation failure"});
}

}  // namespace parley
