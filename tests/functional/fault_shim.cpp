// A library for LD_PRELOAD that makes one kind of system call fail, on files of a chosen path, from
// the n-th call on: PARLEY_FAULT=<call>:<part of the path>:<n>:<errno>. The calls are write (pwrite
// too) and sync (fsync, fdatasync). For the functional tests of a failing disk; it is linked to
// nothing.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

struct Fault {
    char call[16] = {};
    char path[128] = {};
    long first = 0;
    int error = 0;

    Fault() {
        const char* text = std::getenv("PARLEY_FAULT");
        if (text == nullptr ||
            std::sscanf(text, "%15[^:]:%127[^:]:%ld:%d", call, path, &first, &error) != 4)
            call[0] = '\0';
    }
};

bool fails(const char* call, int fd) {
    static const Fault fault;
    static std::atomic<long> count{0};
    if (std::strcmp(call, fault.call) != 0) return false;
    char link[64];
    char path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = ::readlink(link, path, sizeof path - 1);
    if (size < 0) return false;
    path[size] = '\0';
    if (std::strstr(path, fault.path) == nullptr || ++count < fault.first) return false;
    errno = fault.error;
    return true;
}

template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
    static const auto real = next<ssize_t(int, const void*, size_t)>("write");
    return fails("write", fd) ? -1 : real(fd, data, size);
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
    static const auto real = next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
    return fails("write", fd) ? -1 : real(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
    static const auto real = next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
    return fails("write", fd) ? -1 : real(fd, data, size, offset);
}

int fsync(int fd) {
    static const auto real = next<int(int)>("fsync");
    return fails("sync", fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    static const auto real = next<int(int)>("fdatasync");
    return fails("sync", fd) ? -1 : real(fd);
}

}  // extern "C"
