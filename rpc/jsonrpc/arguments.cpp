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

/// Whether `names`, separated by '|', contain the name.
bool contains_name(std::string_view names, std::string_view name) {
    while (true) {
        const size_t bar = names.find('|');
        if (names.substr(0, bar) == name) return true;
        if (bar == std::string_view::npos) return false;
        names.remove_prefix(bar + 1);
    }
}

using NamedArguments = std::vector<const Json::Member*>;

/// The argument for this parameter, which it takes out of `named`: the one with its name, or an
/// object of those with the names of its members. Empty: none.
Result<std::optional<Json>> take_argument(const Parameter& parameter, NamedArguments& named) {
    std::optional<Json> argument;
    Json::Object members;
    for (auto it = named.begin(); it != named.end();) {
        const Json::Member& member = **it;
        const bool whole = !argument && parameter.has_name(member.first);
        if (!whole && !parameter.has_member(member.first)) {
            ++it;
            continue;
        }
        if (whole)
            argument = member.second;
        else
            members.push_back(member);
        it = named.erase(it);
    }
    if (members.empty()) return argument;
    if (argument)
        return failure(Code::invalid_parameter,
                       fmt::format("Parameter {} conflicts with parameter {}", parameter.name(),
                                   members.front().first));
    return std::optional{Json::object(std::move(members))};
}

}  // namespace

bool Parameter::has_name(std::string_view name) const {
    return contains_name(names, name);
}

bool Parameter::has_member(std::string_view name) const {
    return !members.empty() && contains_name(members, name);
}

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
    NamedArguments named;
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
        auto found = take_argument(parameter, named);
        if (!found) return Unexpected(found.error());
        if (!found->has_value()) continue;
        if (position < leading_count)
            return parameter_failure(
                "Parameter {} specified twice both as positional and named argument",
                parameter.names);
        arguments.resize(position + 1);
        arguments[position] = std::move(**found);
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
