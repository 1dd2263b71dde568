#include "contrib/lab/model/spread.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "base/check.h"

namespace parley::lab {

double Spread::standard_error() const {
    return count == 0 ? 0 : deviation / std::sqrt(static_cast<double>(count));
}

Spread spread_of(const std::vector<double>& values) {
    Spread spread;
    spread.count = values.size();
    const auto count = static_cast<double>(values.size());
    for (const double value : values) spread.mean += value / count;
    if (values.size() < 2) return spread;
    for (const double value : values)
        spread.deviation += (value - spread.mean) * (value - spread.mean) / (count - 1);
    spread.deviation = std::sqrt(spread.deviation);
    return spread;
}

double student_95(size_t degrees_of_freedom) {
    CHECK(degrees_of_freedom > 0);
    const boost::math::students_t law(static_cast<double>(degrees_of_freedom));
    return boost::math::quantile(law, 0.975);
}

}  // namespace parley::lab
