#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "fake_store.hpp"
#include "xs_wire/message.hpp"

namespace stemma::rt {

// A XenStore server over bytes, on top of a FakeStore: what a StoreClient talks to in tests.
class ModelServer {
  public:
    explicit ModelServer(FakeStore& store) : store_(store) {}

    // The next bytes from the client, cut anywhere.
    void receive(std::span<const std::byte> bytes);
    // Performs answers and events that wait, and hands over what is to be sent.
    std::vector<std::byte> take_output();

  private:
    void perform(const xs::Header& header, std::string_view payload);
    void reply(const xs::Header& request, StoreResult result);
    void send(const xs::Header& header, std::string_view payload);

    FakeStore& store_;
    std::vector<std::byte> input_;
    std::vector<std::byte> output_;
    std::map<std::string, WatchId> watches_;  // by path and token
};

}  // namespace stemma::rt
