// What a replica signed leaves only with the token of its record. CMakeLists.txt compiles this file
// once for each case; only the first may compile.
#include "consensus/pbft/vote_log.h"

namespace parley::pbft {

void send(Step& step, [[maybe_unused]] VoteLog& log, const Vote& vote) {
#if CASE == 0
    step.broadcast(vote, log.record({}, 0, step));
#elif CASE == 1  // without the token
    step.broadcast(vote);
#elif CASE == 2  // with a token that nobody recorded for
    step.broadcast(vote, Recorded{});
#elif CASE == 3  // past the functions that want it
    step.emit<engine_output::Broadcast>(encode_vote(vote, {}));
#elif CASE == 4  // as bytes
    step.broadcast(encode_vote(vote, {}));
#endif
}

}  // namespace parley::pbft
