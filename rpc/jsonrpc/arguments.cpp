// Converts the params of a request to positional arguments, and checks them before the method runs.
#include <fmt/format.h>

#include <algorithm>

#include "rpc/jsonrpc/json_writer.h"
#include "rpc/jsonrpc/method.h"

namespace parley::rpc {

namespace {

Unexpected<Error> parameter_failure(std::string_view format, std::string_view name) {
    return failure(Code::invalid_parameter, fmt::format(fmt::runtime(format), name));
}

bool has_name(const Parameter& parameter, std::string_view name) {
    std::string_view names = parameter.names;
    while (true) {
        const size_t bar = names.find('|');
        if (names.substr(0, bar) == name) return true;
        if (bar == std::string_view::npos) return false;
        names.remove_prefix(bar + 1);
    }
}

}  // namespace

std::optional<Json::Type> json_type(ParameterType type) {
    switch (type) {
        case ParameterType::string:
        case ParameterType::hex:
            return Json::Type::string;
        case ParameterType::number:
            return Json::Type::number;
        case ParameterType::boolean:
            return Json::Type::boolean;
        case ParameterType::array:
            return Json::Type::array;
        case ParameterType::object:
            return Json::Type::object;
        case ParameterType::amount:
        case ParameterType::range:
        case ParameterType::any:
        case ParameterType::untyped:
        case ParameterType::json:
            break;
    }
    return std::nullopt;
}

Result<Json::Array> positional_arguments(const Method& method, const Json& params) {
    if (params.is_null()) return Json::Array{};
    if (params.is_array()) return params.array();

    // "args" contains the leading positional arguments beside the named ones; no parameter has this
    // name.
    std::vector<const Json::Member*> named;
    const Json* leading = nullptr;
    for (const Json::Member& member : params.object()) {
        const bool seen_before =
            std::any_of(params.object().data(), &member,
                        [&](const Json::Member& other) { return other.first == member.first; });
        if (seen_before)
            return parameter_failure("Parameter {} specified multiple times", member.first);
        if (member.first == "args" && member.second.is_array())
            leading = &member.second;
        else
            named.push_back(&member);
    }

    Json::Array arguments = leading ? leading->array() : Json::Array{};
    const size_t leading_count = arguments.size();
    for (size_t position = 0; position < method.parameters.size(); ++position) {
        const Parameter& parameter = method.parameters[position];
        const auto found = std::find_if(
            named.begin(), named.end(),
            [&](const Json::Member* member) { return has_name(parameter, member->first); });
        if (found == named.end()) continue;
        if (position < leading_count)
            return parameter_failure(
                "Parameter {} specified twice both as positional and named argument",
                parameter.names);
        arguments.resize(position + 1);
        arguments[position] = (*found)->second;
        named.erase(found);
    }
    if (!named.empty())
        return parameter_failure("Unknown named parameter {}", named.front()->first);
    return arguments;
}

Status check_arguments(const Method& method, const Json::Array& arguments) {
    size_t required = 0;  // number of parameters up to the last required one
    for (size_t i = 0; i < method.parameters.size(); ++i) {
        if (method.parameters[i].required) required = i + 1;
    }
    if (arguments.size() < required || arguments.size() > method.parameters.size())
        return failure(Code::misc, help_text(method));

    Json::Object mismatches;
    for (size_t i = 0; i < arguments.size(); ++i) {
        const Parameter& parameter = method.parameters[i];
        const auto expected = json_type(parameter.type);
        if (!expected || arguments[i].type() == *expected) continue;
        if (arguments[i].is_null() && !parameter.required) continue;
        mismatches.emplace_back(
            fmt::format("Position {} ({})", i + 1, parameter.names),
            Json::string(fmt::format("JSON value of type {} is not of expected type {}",
                                     type_name(arguments[i].type()), type_name(*expected))));
    }
    if (mismatches.empty()) return {};
    return failure(Code::type,
                   "Wrong type passed:\n" + json_indented(Json::object(std::move(mismatches)), 4));
}

}  // namespace parley::rpc
