#include "contrib/lab/verify/check.h"

#include <fmt/format.h>

#include <iterator>

namespace parley::lab {

CheckRun run_checks(const std::vector<Check>& checks, Effort effort,
                    const std::function<double()>& seconds_left,
                    const std::function<bool(size_t)>& started, const GoOn& go_on) {
    CheckRun run;
    for (size_t i = 0; i < checks.size(); ++i) {
        const Check& check = checks[i];
        run.partial = !started(i) || run.partial;
        if (run.partial) {
            run.findings.push_back(not_run(check.name, "interrupted"));
            continue;
        }
        if (effort == Effort::quick && !check.quick) {
            run.findings.push_back(not_run(check.name, "it is not part of the quick set"));
            continue;
        }
        const double left = seconds_left();
        if (effort == Effort::full && check.seconds > left) {
            run.findings.push_back(not_run(
                check.name, fmt::format("it takes about {:.0f} s, and {:.0f} s of the budget are "
                                        "left",
                                        check.seconds, left)));
            continue;
        }
        Findings findings =
            check.run_for ? check.run_for(effort == Effort::quick ? kQuickSeconds : left, go_on)
                          : check.run(effort, go_on);
        if (!go_on()) {
            run.partial = true;
            run.findings.push_back(not_run(check.name, "interrupted"));
            continue;
        }
        run.findings.insert(run.findings.end(), std::make_move_iterator(findings.begin()),
                            std::make_move_iterator(findings.end()));
    }
    return run;
}

}  // namespace parley::lab
