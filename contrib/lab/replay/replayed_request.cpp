#include "contrib/lab/replay/replayed_request.h"

#include <exception>

#include "base/check.h"
#include "rpc/jsonrpc/call.h"

namespace parley::lab {

ReplayedRequest::ReplayedRequest(const Request& request, const ChainParams& params,
                                 const rpc::MethodTable& methods, ReplayHost& host)
    : thread_([this, request, &params, &methods, &host] {
          const rpc::Method* method = methods.find(request.method);
          const auto arguments = rpc::parse_json(request.params);
          // If this program does not have the method, its parts do nothing, and the replay reports
          // the differing effects.
          if (method != nullptr && arguments && arguments->is_array()) {
              try {
                  rpc::Call call{
                      {params, *this, host, methods}, *method, arguments->array(), request.wallet};
                  method->handler(call);
              } catch (const rpc::Failure&) {
                  // The recorded client got this error; the node's effects do not depend on it.
              } catch (const std::exception&) {
                  // Also an error reply to the client.
              }
          }
          part_ = nullptr;
          to_replay_.release();
      }) {
    to_replay_.acquire();
}

ReplayedRequest::~ReplayedRequest() {
    stopping_ = true;
    while (!ended()) go_on();
    thread_.join();
}

void ReplayedRequest::run_part(Node& node) {
    if (part_ != nullptr) (*part_)(node);
}

void ReplayedRequest::go_on() {
    if (ended()) return;
    to_method_.release();
    to_replay_.acquire();
}

bool ReplayedRequest::run(const std::shared_ptr<const Request>&,
                          const std::function<void(Node&)>& call) {
    if (stopping_) return false;
    part_ = &call;
    to_replay_.release();
    to_method_.acquire();
    return !stopping_;
}

}  // namespace parley::lab
