#include "scatter_plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace stemma::bench {
namespace {

constexpr double width = 960, height = 560, left = 80, right = 30, top = 56, bottom = 60;

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::string text(double x, double y, std::string_view anchor, std::string_view words,
                 std::string_view more = "") {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" +
           std::string(anchor) + "\" " + std::string(more) + ">" + std::string(words) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
    return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
           "\" y2=\"" + number(y2) + "\" " + std::string(style) + "/>\n";
}

}  // namespace

std::string ScatterPlot::svg() const {
    double low = 1e18, high = 0;
    std::size_t count = 1;
    for (const auto& one : series) {
        count = std::max(count, one.values.size());
        for (const double value : one.values) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    }
    for (const auto& mark : marks)
        high = std::max(high, mark.value);
    const double first_decade = std::floor(std::log10(low));
    const double last_decade = std::max(first_decade + 1, std::ceil(std::log10(high)));
    const auto x_of = [&](double point) {
        return left + (width - left - right) * point / static_cast<double>(count);
    };
    const auto y_of = [&](double value) {
        return height - bottom -
               (height - top - bottom) * (std::log10(value) - first_decade) /
                   (last_decade - first_decade);
    };

    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) +
                      " " + number(height) +
                      "\" font-family=\"sans-serif\" font-size=\"13\">\n"
                      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    out += text(width / 2, 22, "middle", title, "font-size=\"16\"");
    for (double decade = first_decade; decade <= last_decade; ++decade) {
        const double y = y_of(std::pow(10, decade));
        out += line(left, y, width - right, y, "stroke=\"#ddd\"");
        char label[32];
        std::snprintf(label, sizeof label, "%g", std::pow(10, decade));
        out += text(left - 8, y + 4, "end", label);
    }
    for (int i = 0; i <= 5; ++i) {
        const double point = static_cast<double>(count) * i / 5;
        char label[32];
        std::snprintf(label, sizeof label, "%.0f", point);
        out += text(x_of(point), height - bottom + 20, "middle", label);
    }
    out += line(left, height - bottom, width - right, height - bottom, "stroke=\"black\"");
    out += line(left, top, left, height - bottom, "stroke=\"black\"");
    out += text(width / 2, height - 16, "middle", x_label);
    out += text(0, 0, "middle", y_label,
                "transform=\"translate(22," + number(height / 2) + ") rotate(-90)\"");
    for (const auto& mark : marks) {
        const double y = y_of(mark.value);
        out += line(left, y, width - right, y, "stroke=\"#888\" stroke-dasharray=\"6 4\"");
        out += text(width - right - 4, y - 4, "end", mark.label, "fill=\"#555\" font-size=\"11\"");
    }
    double legend = left + 10;
    for (const auto& one : series) {
        // each point is a zero-length stroke with round ends: a dot in a dozen bytes
        out += "<path stroke=\"" + std::string(one.colour) +
               "\" stroke-width=\"3\" stroke-linecap=\"round\" stroke-opacity=\"0.55\" d=\"";
        for (std::size_t i = 0; i < one.values.size(); ++i) {
            out += "M" + number(x_of(static_cast<double>(i))) + " " + number(y_of(one.values[i])) +
                   "h0";
        }
        out += "\"/>\n<rect x=\"" + number(legend) +
               "\" y=\"34\" width=\"10\" height=\"10\" fill=\"" + std::string(one.colour) +
               "\"/>\n";
        out += text(legend + 15, 43, "start", one.label, "font-size=\"12\"");
        legend += 35 + 7 * static_cast<double>(one.label.size());
    }
    return out + "</svg>\n";
}

}  // namespace stemma::bench
