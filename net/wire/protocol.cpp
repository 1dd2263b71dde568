#include "net/wire/protocol.h"

namespace parley {

namespace {

const char* service_name(unsigned bit) {
    switch (bit) {
        case 0:
            return "NETWORK";
        case 2:
            return "BLOOM";
        case 3:
            return "WITNESS";
        case 6:
            return "COMPACT_FILTERS";
        case 10:
            return "NETWORK_LIMITED";
        case 11:
            return "P2P_V2";
        case 24:
            return "PARLEY";
        default:
            return nullptr;
    }
}

}  // namespace

std::vector<std::string> service_names(ServiceFlags services) {
    std::vector<std::string> names;
    for (unsigned bit = 0; bit < 64; ++bit) {
        if ((services >> bit & 1) == 0) continue;
        const char* name = service_name(bit);
        names.push_back(name != nullptr ? name : "UNKNOWN[2^" + std::to_string(bit) + "]");
    }
    return names;
}

}  // namespace parley
