#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stemma::bench {

// A scatter plot as one self-contained SVG: x linear from 0, y logarithmic.
struct ScatterPlot {
    struct Series {
        std::string label;
        std::string_view colour;
        std::vector<double> values;  // y of points 0, 1, 2, ...; all above 0
    };
    // A horizontal line to compare with.
    struct Mark {
        std::string label;
        double value;
    };

    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<Series> series;
    std::vector<Mark> marks;

    std::string svg() const;
};

}  // namespace stemma::bench
