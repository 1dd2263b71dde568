#include "rpc/psbt/psbt_json.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/encoding.h"
#include "chain/rules/params.h"
#include "chain/script/script_type.h"
#include "rpc/json/script_json.h"
#include "rpc/json/transaction_text.h"

namespace parley::rpc {

Psbt read_psbt(const Json& json) {
    auto psbt = Psbt::from_base64(read_string(json));
    if (!psbt) fail(Code::deserialization, "TX decode failed " + psbt.error());
    return std::move(*psbt);
}

uint32_t read_psbt_version(const Json& json) {
    if (json.is_null()) return 2;
    const int64_t version = read_integer(json, 0, UINT32_MAX);
    if (version != 0 && version != 2)
        fail(Code::invalid_parameter, "The PSBT version can only be 2 or 0");
    return static_cast<uint32_t>(version);
}

std::optional<uint32_t> read_psbt_sighash(const Json& json) {
    if (json.is_null()) return std::nullopt;
    return read_sighash_type(json);
}

void fail_psbt(PsbtError error) {
    fail(error == PsbtError::sighash_mismatch ? Code::deserialization : Code::verify,
         std::string{to_string(error)});
}

void write_processed_psbt(JsonWriter& out, const Psbt& psbt, bool complete) {
    out.object([&] {
        out.field("psbt", psbt.to_base64());
        out.field("complete", complete);
        if (!complete) return;
        Psbt copy = psbt;
        const auto transaction = finalize_and_extract(copy);
        if (!transaction) return;
        Writer writer;
        write_transaction(writer, *transaction, WitnessEncoding::with);
        out.key("hex").hex(writer.data());
    });
}

namespace {

std::string sighash_name(uint32_t type) {
    std::string name;
    switch (type & ~uint32_t{kSighashAnyoneCanPay} & 0xff) {
        case kSighashAll:
            name = "ALL";
            break;
        case kSighashNone:
            name = "NONE";
            break;
        case kSighashSingle:
            name = "SINGLE";
            break;
        default:
            return type == kSighashDefault ? "DEFAULT" : "";
    }
    return (type & kSighashAnyoneCanPay) != 0 ? name + "|ANYONECANPAY" : name;
}

std::string master_path(const KeyPath& path) {
    return path.empty() ? "m" : "m/" + to_string(path);
}

class PsbtWriter {
 public:
    PsbtWriter(JsonWriter& out, const ChainParams& params) : out_(out), params_(params) {}

    void write(const Psbt& psbt) {
        out_.object([&] {
            write_globals(psbt);
            std::optional<Amount> spent{Amount{0}};
            out_.field_array("inputs", [&] {
                for (const PsbtInput& input : psbt.inputs) write_input(input, psbt.version, spent);
            });
            Amount paid{0};
            out_.field_array("outputs", [&] {
                for (const PsbtOutput& output : psbt.outputs) {
                    write_output(output, psbt.version);
                    paid += output.output.value;
                }
            });
            if (spent) out_.field("fee", Amount{spent->value() - paid.value()});
        });
    }

 private:
    void write_globals(const Psbt& psbt) {
        if (psbt.version < 2) {
            const auto transaction = psbt.unsigned_transaction();
            CHECK(transaction.has_value());  // only version 2 has required locktimes
            write_transaction_object("tx", Transaction{*transaction});
        }
        out_.field_array("global_xpubs", [&] {
            for (const PsbtXpub& xpub : psbt.xpubs) {
                out_.object([&] {
                    out_.field("xpub", base58check_encode(xpub.key));
                    write_origin(xpub.origin);
                });
            }
        });
        if (psbt.version >= 2) {
            out_.field("tx_version", static_cast<uint32_t>(psbt.transaction_version));
            if (psbt.fallback_locktime) out_.field("fallback_locktime", *psbt.fallback_locktime);
            out_.field("input_count", psbt.inputs.size());
            out_.field("output_count", psbt.outputs.size());
            if (psbt.modifiable) {
                out_.field("inputs_modifiable", (*psbt.modifiable & 1) != 0);
                out_.field("outputs_modifiable", (*psbt.modifiable & 2) != 0);
                out_.field("has_sighash_single", (*psbt.modifiable & 4) != 0);
            }
        }
        out_.field("psbt_version", psbt.version);
        write_proprietary(psbt.proprietary);
        out_.field_object("unknown", [&] { write_raw(psbt.unknown); });
    }

    void write_transaction_object(std::string_view name, const Transaction& transaction) {
        out_.field_object(name, [&] {
            write_transaction_fields(out_, params_, transaction, {.show_hex = false});
        });
    }

    void write_origin(const KeyOrigin& origin) {
        out_.key("master_fingerprint").hex(origin.fingerprint);
        out_.field("path", master_path(origin.path));
    }

    void write_raw(const PsbtFields& fields) {
        for (const auto& [key, value] : fields) out_.field(to_hex(key), to_hex(value));
    }

    void write_proprietary(const PsbtFields& fields) {
        out_.field_array("proprietary", [&] {
            for (const auto& [key, value] : fields) {
                Reader reader{key};
                reader.compact_size(UINT64_MAX);  // the type
                out_.object([&] {
                    out_.key("identifier").hex(reader.var_bytes());
                    out_.field("subtype", reader.compact_size(UINT64_MAX));
                    out_.key("key").hex(key);
                    out_.key("value").hex(value);
                });
            }
        });
    }

    void write_bare_script(std::string_view name, const Script& script) {
        out_.field_object(name, [&] {
            out_.field("asm", script_asm(script));
            out_.key("hex").hex(script.bytes());
            out_.field("type", to_string(classify_script(script)));
        });
    }

    void write_scripts(const PsbtScripts& scripts) {
        if (scripts.redeem_script && !scripts.redeem_script->empty())
            write_bare_script("redeem_script", *scripts.redeem_script);
        if (scripts.witness_script && !scripts.witness_script->empty())
            write_bare_script("witness_script", *scripts.witness_script);
        if (scripts.origins.empty()) return;
        out_.field_array("bip32_derivs", [&] {
            for (const auto& [key, origin] : scripts.origins) {
                out_.object([&] {
                    out_.key("pubkey").hex(key.bytes());
                    write_origin(origin);
                });
            }
        });
    }

    void write_tap_origins(const PsbtScripts& scripts) {
        if (scripts.taproot_origins.empty()) return;
        out_.field_array("taproot_bip32_derivs", [&] {
            for (const auto& [key, origin] : scripts.taproot_origins) {
                out_.object([&] {
                    out_.key("pubkey").hex(key);
                    write_origin(origin.origin);
                    out_.field_array("leaf_hashes", [&] {
                        for (const Hash256& leaf : origin.leaves) out_.hex(leaf.span());
                    });
                });
            }
        });
    }

    void write_other(const PsbtScripts& scripts) {
        if (!scripts.proprietary.empty()) write_proprietary(scripts.proprietary);
        if (!scripts.unknown.empty())
            out_.field_object("unknown", [&] { write_raw(scripts.unknown); });
    }

    void write_utxos(const PsbtInput& input, std::optional<Amount>& spent) {
        if (input.witness_utxo) {
            out_.field_object("witness_utxo", [&] {
                out_.field("amount", input.witness_utxo->value);
                out_.key("scriptPubKey");
                write_script(out_, params_, input.witness_utxo->script_pubkey);
            });
        }
        if (input.previous) write_transaction_object("non_witness_utxo", *input.previous);
        const auto output = input.spent();
        const auto is_money = [](Amount amount) {
            return amount >= Amount{0} && amount <= kMaxMoney;
        };
        if (output && spent && is_money(output->value) && is_money(*spent + output->value))
            *spent += output->value;
        else
            spent.reset();
    }

    void write_input(const PsbtInput& input, uint32_t version, std::optional<Amount>& spent) {
        out_.object([&] {
            write_utxos(input, spent);
            if (!input.signatures.empty()) {
                out_.field_object("partial_signatures", [&] {
                    for (const auto& [key, signature] : input.signatures)
                        out_.field(to_hex(key.bytes()), to_hex(signature));
                });
            }
            if (input.sighash_type) out_.field("sighash", sighash_name(*input.sighash_type));
            write_scripts(input.scripts);
            write_final(input);
            write_preimages(input);
            if (version >= 2) write_version_2(input);
            write_taproot(input);
            write_musig2(input.scripts.musig2);
            write_other(input.scripts);
        });
    }

    void write_final(const PsbtInput& input) {
        if (!input.final_script_sig.empty()) {
            out_.field_object("final_scriptSig", [&] {
                out_.field("asm", script_asm(input.final_script_sig, true));
                out_.key("hex").hex(input.final_script_sig.bytes());
            });
        }
        if (!input.final_witness.empty()) {
            out_.field_array("final_scriptwitness", [&] {
                for (const ByteSpan item : input.final_witness) out_.hex(item);
            });
        }
    }

    void write_preimages(const PsbtInput& input) {
        constexpr std::pair<PsbtHash, std::string_view> kNames[] = {
            {PsbtHash::ripemd160, "ripemd160_preimages"},
            {PsbtHash::sha256, "sha256_preimages"},
            {PsbtHash::hash160, "hash160_preimages"},
            {PsbtHash::hash256, "hash256_preimages"}};
        for (const auto& [type, name] : kNames) {
            bool open = false;
            for (const auto& [hash, preimage] : input.preimages) {
                if (hash.first != type) continue;
                if (!open) out_.key(name).begin_object();
                open = true;
                out_.field(to_hex(hash.second), to_hex(preimage));
            }
            if (open) out_.end_object();
        }
    }

    void write_version_2(const PsbtInput& input) {
        out_.field("previous_txid", input.prevout.txid);
        out_.field("previous_vout", input.prevout.index);
        if (input.sequence) out_.field("sequence", *input.sequence);
        if (input.time_locktime) out_.field("time_locktime", *input.time_locktime);
        if (input.height_locktime) out_.field("height_locktime", *input.height_locktime);
    }

    void write_taproot(const PsbtInput& input) {
        if (!input.taproot_key_signature.empty())
            out_.field("taproot_key_path_sig", to_hex(input.taproot_key_signature));
        if (!input.taproot_script_signatures.empty()) {
            out_.field_array("taproot_script_path_sigs", [&] {
                for (const auto& [place, signature] : input.taproot_script_signatures) {
                    out_.object([&] {
                        out_.key("pubkey").hex(place.first);
                        out_.key("leaf_hash").hex(place.second.span());
                        out_.key("sig").hex(signature);
                    });
                }
            });
        }
        if (!input.taproot_leaves.empty()) {
            out_.field_array("taproot_scripts", [&] {
                for (const auto& [leaf, controls] : input.taproot_leaves) {
                    out_.object([&] {
                        out_.key("script").hex(leaf.script.bytes());
                        out_.field("leaf_ver", leaf.version);
                        out_.field_array("control_blocks", [&] {
                            for (const Bytes& control : controls) out_.hex(control);
                        });
                    });
                }
            });
        }
        write_tap_origins(input.scripts);
        write_internal_key(input.scripts);
        if (input.taproot_merkle_root)
            out_.key("taproot_merkle_root").hex(input.taproot_merkle_root->span());
    }

    void write_internal_key(const PsbtScripts& scripts) {
        if (scripts.taproot_internal_key)
            out_.key("taproot_internal_key").hex(*scripts.taproot_internal_key);
    }

    void write_musig2(const PsbtFields& fields);

    void write_output(const PsbtOutput& output, uint32_t version) {
        out_.object([&] {
            write_scripts(output.scripts);
            if (version >= 2) {
                out_.field("amount", output.output.value);
                out_.key("script");
                write_script(out_, params_, output.output.script_pubkey);
            }
            write_internal_key(output.scripts);
            if (!output.taproot_tree.empty()) {
                out_.field_array("taproot_tree", [&] {
                    for (const TaprootLeaf& leaf : output.taproot_tree) {
                        out_.object([&] {
                            out_.field("depth", leaf.depth);
                            out_.field("leaf_ver", leaf.version);
                            out_.key("script").hex(leaf.script.bytes());
                        });
                    }
                });
            }
            write_tap_origins(output.scripts);
            write_musig2(output.scripts.musig2);
            write_other(output.scripts);
        });
    }

    JsonWriter& out_;
    const ChainParams& params_;
};

/// BIP373's fields, which were checked when they were read: the participants of an aggregate key
/// (type 1a of inputs, 08 of outputs), nonces (1b) and partial signatures (1c).
void PsbtWriter::write_musig2(const PsbtFields& fields) {
    constexpr size_t kKeySize = 33;
    struct Group {
        std::string_view name;
        std::string_view content;
        std::array<uint8_t, 2> types;
    };
    constexpr Group kGroups[] = {{"musig2_participant_pubkeys", "", {0x1a, 0x08}},
                                 {"musig2_pubnonces", "pubnonce", {0x1b, 0x1b}},
                                 {"musig2_partial_sigs", "partial_sig", {0x1c, 0x1c}}};
    for (const Group& group : kGroups) {
        bool open = false;
        for (const auto& [key, value] : fields) {
            if (key[0] != group.types[0] && key[0] != group.types[1]) continue;
            if (!open) out_.key(group.name).begin_array();
            open = true;
            const ByteSpan data = ByteSpan{key}.subspan(1);
            out_.object([&] {
                if (group.content.empty()) {
                    out_.key("aggregate_pubkey").hex(data);
                    out_.field_array("participant_pubkeys", [&] {
                        for (size_t at = 0; at < value.size(); at += kKeySize)
                            out_.hex(ByteSpan{value}.subspan(at, kKeySize));
                    });
                    return;
                }
                out_.key("participant_pubkey").hex(data.first(kKeySize));
                out_.key("aggregate_pubkey").hex(data.subspan(kKeySize, kKeySize));
                const ByteSpan leaf = data.subspan(2 * kKeySize);
                if (!leaf.empty()) out_.field("leaf_hash", Hash256::from_bytes(leaf));
                out_.key(group.content).hex(value);
            });
        }
        if (open) out_.end_array();
    }
}

}  // namespace

void write_psbt(JsonWriter& out, const ChainParams& params, const Psbt& psbt) {
    PsbtWriter{out, params}.write(psbt);
}

}  // namespace parley::rpc
