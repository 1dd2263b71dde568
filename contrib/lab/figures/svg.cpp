#include "contrib/lab/figures/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace parley::lab {

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style) {
    text_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1,
                         y1, x2, y2, style);
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view style) {
    text_ +=
        fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" {}/>\n", x,
                    y, std::max(width, 0.0), std::max(height, 0.0), style);
}

void Svg::circle(double x, double y, double radius, std::string_view style) {
    text_ +=
        fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" {}/>\n", x, y, radius, style);
}

void Svg::text(double x, double y, std::string_view text, std::string_view style) {
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, style,
                         escape_markup(text));
}

void Svg::path(const std::string& points, std::string_view style) {
    text_ += fmt::format("<polyline points=\"{}\" fill=\"none\" {}/>\n", points, style);
}

std::string Svg::finish(double width, double height) const {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
        "width=\"{0:.0f}\" height=\"{1:.0f}\" font-family=\"DejaVu Sans, Arial, sans-serif\" "
        "font-size=\"13\" fill=\"#222\">\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{2}</svg>\n",
        width, height, text_);
}

std::string escape_markup(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '&')
            escaped += "&amp;";
        else if (c == '<')
            escaped += "&lt;";
        else if (c == '>')
            escaped += "&gt;";
        else if (c == '"')
            escaped += "&quot;";
        else
            escaped += c;
    }
    return escaped;
}

double round_up(double value) {
    const double power = std::pow(10.0, std::floor(std::log10(std::max(value, 1e-6))));
    for (const double step : {1.0, 2.0, 5.0, 10.0}) {
        if (value <= step * power) return step * power;
    }
    return 10 * power;
}

}  // namespace parley::lab
