// Help texts, all derived from the method table.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "rpc/jsonrpc/method.h"

namespace parley::rpc {

namespace {

std::string_view type_text(ParameterType type) {
    switch (type) {
        case ParameterType::string:
        case ParameterType::hex:
            return "string";
        case ParameterType::number:
            return "numeric";
        case ParameterType::boolean:
            return "boolean";
        case ParameterType::amount:
            return "numeric or string";
        case ParameterType::array:
            return "json array";
        case ParameterType::object:
            return "json object";
        case ParameterType::range:
            return "numeric or array";
        case ParameterType::any:
        case ParameterType::untyped:
        case ParameterType::json:
            return "any";
    }
    return "";
}

std::string one_line(const Parameter& parameter) {
    if (!parameter.one_line.empty()) return std::string{parameter.one_line};
    switch (parameter.type) {
        case ParameterType::string:
        case ParameterType::hex:
            return fmt::format("\"{}\"", parameter.name());
        case ParameterType::array:
            return fmt::format("[{},...]", parameter.name());
        case ParameterType::object:
            return fmt::format("{{{}}}", parameter.name());
        default:
            return std::string{parameter.name()};
    }
}

std::string arguments_text(const Method& method) {
    if (method.parameters.empty()) return {};
    size_t width = 0;
    for (const Parameter& parameter : method.parameters)
        width = std::max(width, parameter.name().size());
    std::string text = "\nArguments:\n";
    for (size_t i = 0; i < method.parameters.size(); ++i) {
        const Parameter& parameter = method.parameters[i];
        const std::string presence =
            parameter.required ? "required"
            : parameter.default_text.empty()
                ? std::string{"optional"}
                : fmt::format("optional, default={}", parameter.default_text);
        text += fmt::format("{}. {:<{}}    ({}, {}) {}\n", i + 1, parameter.name(), width,
                            type_text(parameter.type), presence, parameter.description);
    }
    return text;
}

}  // namespace

std::string help_line(const Method& method) {
    std::string line{method.name};
    bool optional_open = false;
    for (const Parameter& parameter : method.parameters) {
        if (!parameter.required && !optional_open) {
            line += " (";
            optional_open = true;
        } else if (parameter.required && optional_open) {
            line += " )";
            optional_open = false;
        }
        line += ' ';
        line += one_line(parameter);
    }
    if (optional_open) line += " )";
    return line;
}

std::string help_text(const Method& method) {
    std::string text = help_line(method) + "\n\n";
    if (method.category == "parley") text += "Extension of Parley: bitcoind has no such method.\n";
    if (method.result.empty()) return text + fmt::format("{}\n", method.description);
    text += fmt::format("{}\n{}\nResult:\n{}\n", method.description, arguments_text(method),
                        method.result);
    const std::string_view space = method.example.empty() ? "" : " ";
    text += fmt::format("\nExamples:\n> parley-cli {}{}{}\n", method.name, space, method.example);
    return text;
}

std::string help_overview(const MethodTable& table) {
    std::map<std::string_view, std::vector<const Method*>> categories;
    for (const auto& [name, method] : table.all()) {
        if (!method.hidden) categories[method.category].push_back(&method);
    }
    std::string text;
    for (const auto& [category, methods] : categories) {
        if (!text.empty()) text += '\n';
        std::string title{category};
        title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
        text += fmt::format("== {} ==\n", title);
        for (const Method* method : methods) text += help_line(*method) + '\n';
    }
    if (!text.empty()) text.pop_back();
    return text;
}

}  // namespace parley::rpc
