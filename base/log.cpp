#include "base/log.h"

namespace parley {

std::string_view to_string(LogCategory category) {
    switch (category) {
        case LogCategory::general:
            return "";
        case LogCategory::net:
            return "net";
        case LogCategory::mempool:
            return "mempool";
        case LogCategory::validation:
            return "validation";
        case LogCategory::http:
            return "http";
        case LogCategory::rpc:
            return "rpc";
        case LogCategory::wallet:
            return "walletdb";
        case LogCategory::mining:
            return "mining";
        case LogCategory::pbft:
            return "pbft";
        case LogCategory::prune:
            return "prune";
        case LogCategory::storage:
            return "leveldb";
    }
    return "";
}

}  // namespace parley
