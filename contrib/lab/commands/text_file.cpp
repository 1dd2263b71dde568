#include "contrib/lab/commands/text_file.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace parley::lab {

Expected<std::string, std::string> read_text(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf()))
        return Unexpected(fmt::format("cannot read {}; check the name and the rights", path));
    return text.str();
}

}  // namespace parley::lab
