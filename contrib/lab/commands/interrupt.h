// Ctrl-C and SIGTERM, and the progress that a long command shows until then. The signal handler
// sets a flag, which the commands look at. interrupted() may be called from any thread, everything
// else from the main thread only.
#pragma once

#include <cstdint>
#include <string>

namespace parley::lab {

void catch_interrupts();
bool interrupted();

/// The exit status of an interrupted command, as of shells.
inline constexpr int kInterruptedStatus = 130;

/// One line on stderr that shows how much is done; none if stderr is not a terminal. The destructor
/// clears it.
class Progress {
 public:
    /// `total` counts what `unit` names.
    Progress(std::string unit, uint64_t total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// False after Ctrl-C.
    bool show(uint64_t done);

 private:
    std::string unit_;
    uint64_t total_;
    bool terminal_;
    uint64_t shown_permille_ = UINT64_MAX;
};

}  // namespace parley::lab
