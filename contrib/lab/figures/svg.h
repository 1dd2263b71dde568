// Svg: shapes and text of a picture, as SVG. Coordinates are in pixels from the upper left corner.
// Called by the pictures of the laboratory. A value.
#pragma once

#include <string>
#include <string_view>

namespace parley::lab {

class Svg {
 public:
    /// `style` is a list of SVG attributes.
    void line(double x1, double y1, double x2, double y2, std::string_view style);
    void rectangle(double x, double y, double width, double height, std::string_view style);
    void circle(double x, double y, double radius, std::string_view style);
    void text(double x, double y, std::string_view text, std::string_view style = "");
    /// `points` as in "1,2 3,4".
    void path(const std::string& points, std::string_view style);
    std::string finish(double width, double height) const;

 private:
    std::string text_;
};

/// For text in SVG, XML and HTML.
std::string escape_markup(std::string_view text);

/// 1, 2 or 5 times a power of ten, at least `value`.
double round_up(double value);

}  // namespace parley::lab
