#include "node/daemon/storage/write_overlay.h"

#include <algorithm>

namespace parley {

bool WriteOverlay::Less::operator()(ByteSpan a, ByteSpan b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

void WriteOverlay::add(CommitId commit, std::shared_ptr<const WriteBatch> batch) {
    for (const auto& operation : batch->operations()) {
        if (const auto* put = std::get_if<WriteBatch::Put>(&operation)) {
            set(put->key, &put->value, commit);
        } else if (const auto* erase = std::get_if<WriteBatch::Erase>(&operation)) {
            set(erase->key, nullptr, commit);
        } else if (const auto* write = std::get_if<WriteBatch::FileWrite>(&operation)) {
            file_writes_[write->file].push_back({commit, write});
        }
    }
    pending_.push_back({commit, std::move(batch)});
}

void WriteOverlay::set(ByteSpan key, const Bytes* value, CommitId commit) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
        entries_.emplace(key, Entry{value, commit});
        return;
    }
    // The key must be a view into the newer batch: the older one is released first.
    auto node = entries_.extract(found);
    node.key() = key;
    node.mapped() = Entry{value, commit};
    entries_.insert(std::move(node));
}

void WriteOverlay::unset(ByteSpan key, CommitId commit) {
    const auto found = entries_.find(key);
    if (found != entries_.end() && found->second.commit == commit) entries_.erase(found);
}

void WriteOverlay::remove_written(CommitId written) {
    while (!pending_.empty() && pending_.front().commit <= written) {
        const Pending& oldest = pending_.front();
        for (const auto& operation : oldest.batch->operations()) {
            if (const auto* put = std::get_if<WriteBatch::Put>(&operation)) {
                unset(put->key, oldest.commit);
            } else if (const auto* erase = std::get_if<WriteBatch::Erase>(&operation)) {
                unset(erase->key, oldest.commit);
            } else if (const auto* write = std::get_if<WriteBatch::FileWrite>(&operation)) {
                const auto found = file_writes_.find(write->file);
                found->second.pop_front();
                if (found->second.empty()) file_writes_.erase(found);
            }
        }
        pending_.pop_front();
    }
}

const WriteOverlay::Entry* WriteOverlay::find(ByteSpan key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
}

WriteOverlay::Snapshot WriteOverlay::snapshot(ByteSpan prefix) const {
    Snapshot result;
    for (auto entry = entries_.lower_bound(prefix); entry != entries_.end(); ++entry) {
        const ByteSpan key = entry->first;
        if (key.size() < prefix.size() || !std::equal(prefix.begin(), prefix.end(), key.begin()))
            break;
        result.entries.emplace_back(key, entry->second.value);
    }
    if (!result.entries.empty()) {
        for (const Pending& pending : pending_) result.owners.push_back(pending.batch);
    }
    return result;
}

uint64_t WriteOverlay::file_end(FileId file) const {
    uint64_t end = 0;
    if (const auto found = file_writes_.find(file); found != file_writes_.end()) {
        for (const auto& pending : found->second)
            end = std::max(end, pending.write->offset + pending.write->data.size());
    }
    return end;
}

void WriteOverlay::apply_file_writes(FileId file, uint64_t offset, MutableByteSpan target) const {
    const auto found = file_writes_.find(file);
    if (found == file_writes_.end()) return;
    const uint64_t end = offset + target.size();
    for (const auto& pending : found->second) {
        const WriteBatch::FileWrite& write = *pending.write;
        const uint64_t from = std::max(offset, write.offset);
        const uint64_t to = std::min<uint64_t>(end, write.offset + write.data.size());
        if (from >= to) continue;
        std::copy_n(write.data.begin() + static_cast<ptrdiff_t>(from - write.offset), to - from,
                    target.begin() + static_cast<ptrdiff_t>(from - offset));
    }
}

}  // namespace parley
