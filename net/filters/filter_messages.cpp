#include "net/filters/filter_messages.h"

namespace parley::message {

namespace {

void write_hashes(Writer& writer, const std::vector<Hash256>& hashes) {
    writer.compact_size(hashes.size());
    for (const Hash256& hash : hashes) writer.hash(hash);
}

std::vector<Hash256> read_hashes(Reader& reader) {
    std::vector<Hash256> hashes(reader.count(Hash256::kSize));
    for (Hash256& hash : hashes) hash = reader.hash();
    return hashes;
}

}  // namespace

template <class Tag>
void FilterRange<Tag>::write(Writer& writer) const {
    writer.u8(type).le(start).hash(stop);
}

template <class Tag>
Tag FilterRange<Tag>::read(Reader& reader) {
    Tag result;
    result.type = reader.u8();
    result.start = reader.le<uint32_t>();
    result.stop = BlockHash{reader.hash()};
    return result;
}

template struct FilterRange<GetFilters>;
template struct FilterRange<GetFilterHeaders>;

void GetFilterCheckpoints::write(Writer& writer) const {
    writer.u8(type).hash(stop);
}

GetFilterCheckpoints GetFilterCheckpoints::read(Reader& reader) {
    GetFilterCheckpoints result;
    result.type = reader.u8();
    result.stop = BlockHash{reader.hash()};
    return result;
}

void Filter::write(Writer& writer) const {
    writer.u8(type).hash(block).var_bytes(filter);
}

Filter Filter::read(Reader& reader) {
    Filter result;
    result.type = reader.u8();
    result.block = BlockHash{reader.hash()};
    result.filter = to_bytes(reader.var_bytes());
    return result;
}

void FilterHeaders::write(Writer& writer) const {
    writer.u8(type).hash(stop).hash(previous);
    write_hashes(writer, hashes);
}

FilterHeaders FilterHeaders::read(Reader& reader) {
    FilterHeaders result;
    result.type = reader.u8();
    result.stop = BlockHash{reader.hash()};
    result.previous = reader.hash();
    result.hashes = read_hashes(reader);
    return result;
}

void FilterCheckpoints::write(Writer& writer) const {
    writer.u8(type).hash(stop);
    write_hashes(writer, headers);
}

FilterCheckpoints FilterCheckpoints::read(Reader& reader) {
    FilterCheckpoints result;
    result.type = reader.u8();
    result.stop = BlockHash{reader.hash()};
    result.headers = read_hashes(reader);
    return result;
}

void FilterLoad::write(Writer& writer) const {
    writer.var_bytes(bits).le(functions).le(tweak).u8(flags);
}

FilterLoad FilterLoad::read(Reader& reader) {
    FilterLoad result;
    result.bits = to_bytes(reader.var_bytes());
    result.functions = reader.le<uint32_t>();
    result.tweak = reader.le<uint32_t>();
    result.flags = reader.u8();
    return result;
}

void FilterAdd::write(Writer& writer) const {
    writer.var_bytes(element);
}

FilterAdd FilterAdd::read(Reader& reader) {
    return {to_bytes(reader.var_bytes())};
}

}  // namespace parley::message
