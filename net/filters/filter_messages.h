// The payloads of BIP157 (requests for compact filters of blocks, and the replies) and of BIP37
// (bloom filters). As in net/wire/messages.h, decoders check the format only. Pure functions over
// values: thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/serialize.h"
#include "chain/primitives/ids.h"

namespace parley {

/// The only type of filter that BIP158 defines.
inline constexpr uint8_t kBasicFilter = 0;
/// BIP157: blocks of a getcfilters and of a getcfheaders, and blocks between two checkpoints.
inline constexpr int64_t kFiltersMax = 1'000;
inline constexpr int64_t kFilterHeadersMax = 2'000;
inline constexpr int32_t kFilterCheckpointInterval = 1'000;

namespace message {

/// `getcfilters` and `getcfheaders` have the same format.
template <class Tag>
struct FilterRange {
    uint8_t type = kBasicFilter;
    uint32_t start = 0;  ///< height of the first block
    BlockHash stop;      ///< the last block

    void write(Writer& writer) const;
    static Tag read(Reader& reader);
    bool operator==(const FilterRange&) const = default;
};
struct GetFilters : FilterRange<GetFilters> {
    static constexpr std::string_view kCommand = "getcfilters";
};
struct GetFilterHeaders : FilterRange<GetFilterHeaders> {
    static constexpr std::string_view kCommand = "getcfheaders";
};

struct GetFilterCheckpoints {
    static constexpr std::string_view kCommand = "getcfcheckpt";
    uint8_t type = kBasicFilter;
    BlockHash stop;

    void write(Writer& writer) const;
    static GetFilterCheckpoints read(Reader& reader);
    bool operator==(const GetFilterCheckpoints&) const = default;
};

struct Filter {
    static constexpr std::string_view kCommand = "cfilter";
    uint8_t type = kBasicFilter;
    BlockHash block;
    Bytes filter;

    void write(Writer& writer) const;
    static Filter read(Reader& reader);
    bool operator==(const Filter&) const = default;
};

struct FilterHeaders {
    static constexpr std::string_view kCommand = "cfheaders";
    uint8_t type = kBasicFilter;
    BlockHash stop;
    Hash256 previous;             ///< header of the filter before the first one; zero: none
    std::vector<Hash256> hashes;  ///< of the filters, not of their headers

    void write(Writer& writer) const;
    static FilterHeaders read(Reader& reader);
    bool operator==(const FilterHeaders&) const = default;
};

struct FilterCheckpoints {
    static constexpr std::string_view kCommand = "cfcheckpt";
    uint8_t type = kBasicFilter;
    BlockHash stop;
    std::vector<Hash256> headers;  ///< of the filters of every thousandth block

    void write(Writer& writer) const;
    static FilterCheckpoints read(Reader& reader);
    bool operator==(const FilterCheckpoints&) const = default;
};

struct FilterLoad {
    static constexpr std::string_view kCommand = "filterload";
    Bytes bits;
    uint32_t functions = 0;
    uint32_t tweak = 0;
    uint8_t flags = 0;  ///< a BloomFilter::Update

    void write(Writer& writer) const;
    static FilterLoad read(Reader& reader);
    bool operator==(const FilterLoad&) const = default;
};

struct FilterAdd {
    static constexpr std::string_view kCommand = "filteradd";
    Bytes element;

    void write(Writer& writer) const;
    static FilterAdd read(Reader& reader);
    bool operator==(const FilterAdd&) const = default;
};

struct FilterClear {
    static constexpr std::string_view kCommand = "filterclear";

    void write(Writer&) const {}
    static FilterClear read(Reader&) { return {}; }
};

/// Its payload is that of a MerkleProof.
inline constexpr std::string_view kMerkleBlockCommand = "merkleblock";

}  // namespace message
}  // namespace parley
