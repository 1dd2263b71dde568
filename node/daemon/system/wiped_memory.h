// WipedMemory: while a thread handles secrets, all memory that it frees is overwritten first.
// Private keys arrive and leave as text (descriptors, WIF), which every layer between the socket
// and SecretKey copies into strings of its own: JSON values, replies, database records. Wiping each
// copy by hand would be forgotten sooner or later; here the program's operator delete does it. The
// cost is one thread-local flag for each deallocation, and for those threads a write over what they
// free.
//
// Not covered: what LevelDB keeps (its wallet records are not encrypted on disk either), what the
// kernel has, and short strings inside objects on the stack.
#pragma once

namespace parley {

class WipedMemory {
 public:
    /// From now on this thread wipes what it frees; may be nested.
    WipedMemory();
    ~WipedMemory();
    WipedMemory(const WipedMemory&) = delete;
    WipedMemory& operator=(const WipedMemory&) = delete;

    /// Whether the calling thread wipes what it frees. False in builds with AddressSanitizer or
    /// ThreadSanitizer, whose own operator delete stays in place.
    static bool active();
};

}  // namespace parley
