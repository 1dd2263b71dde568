#include "node/daemon/system/wiped_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstddef>
#include <cstdlib>
#include <new>

// GCC defines the first two names; Clang has __has_feature instead.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PARLEY_OWN_DELETE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PARLEY_OWN_DELETE 0
#endif
#endif
#ifndef PARLEY_OWN_DELETE
#define PARLEY_OWN_DELETE 1
#endif

namespace parley {
namespace {

thread_local int depth = 0;

#if PARLEY_OWN_DELETE
void wipe_and_free(void* memory) noexcept {
    if (depth > 0 && memory != nullptr) OPENSSL_cleanse(memory, ::malloc_usable_size(memory));
    std::free(memory);
}
#endif

}  // namespace

WipedMemory::WipedMemory() {
    ++depth;
}

WipedMemory::~WipedMemory() {
    --depth;
}

bool WipedMemory::active() {
    return PARLEY_OWN_DELETE != 0 && depth > 0;
}

}  // namespace parley

#if PARLEY_OWN_DELETE
// The standard library's operator new takes its memory from malloc and aligned_alloc, which
// std::free releases. Its other forms of delete call these two.
void operator delete(void* memory) noexcept {
    parley::wipe_and_free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    parley::wipe_and_free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    parley::wipe_and_free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    parley::wipe_and_free(memory);
}
#endif
