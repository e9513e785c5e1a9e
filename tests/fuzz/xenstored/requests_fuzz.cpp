// The daemon's core under sequences of requests from two tools and two guests, built from the
// input so that most are well-formed: transactions, watches, permissions, deaths. After each step
// the node counts must be those of the tree, no reply may be missing, and no guest may hold more
// than its quotas.
#include <cstdint>
#include <cstdlib>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    bool empty() const { return at_ >= size_; }
    unsigned byte() { return empty() ? 0 : data_[at_++]; }
    unsigned below(unsigned limit) { return byte() % limit; }
    std::string bytes(std::size_t count) {
        std::string text;
        while (text.size() < count && !empty())
            text += static_cast<char>(byte());
        return text;
    }

  private:
    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
};

std::string path(Input& input) {
    static const char* const starts[] = {"", "/local/domain/5", "/local/domain/6/data", "/x", "/"};
    std::string text = starts[input.below(5)];
    for (unsigned depth = input.below(4); depth > 0; --depth) {
        if (text != "/" && (!text.empty() || input.below(4) != 0)) text += '/';
        const unsigned name = input.byte();
        text += name < 250 ? std::string(1, static_cast<char>('a' + name % 4)) : input.bytes(3);
    }
    return input.below(30) == 0 ? "@releaseDomain" : text;
}

std::string permissions(Input& input) {
    std::string text;
    for (unsigned count = 1 + input.below(3); count > 0; --count) {
        text += "nrwbx"[input.below(5)];
        text += std::to_string(input.below(8)) + '\0';
    }
    return text;
}

void require(bool holds) {
    if (!holds) std::abort();
}

void one_step(Lab& lab, Client& client, Input& input) {
    const std::uint32_t transaction = input.below(3) == 0 ? 0 : input.below(4);
    std::string payload = path(input) + '\0';
    auto type = static_cast<MessageType>(input.below(28));
    switch (type) {
        case MessageType::control:
            return;
        case MessageType::write:
            payload += input.bytes(input.below(40));
            if (input.below(20) == 0) payload += std::string(1900, 'x');
            break;
        case MessageType::set_perms:
            payload += permissions(input);
            break;
        case MessageType::watch:
        case MessageType::unwatch:
            payload += std::string(1, static_cast<char>('0' + input.below(3))) + '\0';
            if (type == MessageType::watch && input.below(3) == 0) {
                payload += std::to_string(input.below(4)) + '\0';
            }
            break;
        case MessageType::get_feature:
            if (input.below(2) == 0) payload.clear();
            break;
        case MessageType::set_feature:
            payload =
                std::to_string(input.below(8)) + '\0' + std::to_string(input.below(20)) + '\0';
            break;
        case MessageType::get_quota:
        case MessageType::set_quota:
            payload = input.below(2) == 0 ? "" : std::to_string(input.below(8)) + '\0';
            payload += std::string(quotas()[input.below(10)].later_name) + '\0';
            if (type == MessageType::set_quota) {
                payload += std::to_string(input.below(4) * input.below(40)) + '\0';
            }
            break;
        case MessageType::directory_part:
            payload += std::to_string(input.below(20)) + '\0';
            break;
        case MessageType::transaction_start:
            payload = std::string(1, '\0');
            break;
        case MessageType::transaction_end:
            payload = std::string(input.below(4) == 0 ? "F" : "T") + '\0';
            break;
        case MessageType::introduce:
            payload = std::to_string(5 + input.below(3)) + std::string("\0001\0001\0", 5);
            break;
        case MessageType::release:
        case MessageType::resume:
        case MessageType::is_domain_introduced:
            payload = std::to_string(input.below(8)) + '\0';
            break;
        case MessageType::set_target:
            payload = std::to_string(input.below(8)) + '\0' + std::to_string(input.below(8)) + '\0';
            break;
        default:
            break;
    }
    if (input.below(40) == 0) payload = input.bytes(30);
    const bool was_there = lab.server.connections().find(client.id()) != nullptr;
    const std::string reply = client.ask(type, payload, transaction);
    // A guest may have to wait, at a quota or for domain 0's transaction; a tool never.
    if (was_there) require(reply != "nothing" && reply != "of another type");
    client.take_events();
    if (reply == "nothing") client.received.clear();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    Server::Settings settings;
    settings.limits.nodes = 12;
    settings.limits.watches = 6;
    settings.limits.transactions = 3;
    settings.limits.transaction_nodes = 20;
    settings.keep_orphans = input.below(8) == 0;
    Lab lab(settings);
    auto tool = lab.socket();
    auto other = lab.socket();
    std::optional<RingClient> guests[2] = {lab.domain(5), lab.domain(6)};
    for (const char* home : {"/local/domain/5", "/local/domain/6"}) {
        tool.mkdir(home);
        tool.set_perms(home, std::string("n") + home[14]);
    }
    tool.set_perms("/x", "b0");
    for (int step = 0; step < 200 && !input.empty(); ++step) {
        const unsigned who = input.below(9);
        if (who < 3) {
            one_step(lab, who == 2 ? other : tool, input);
        } else if (who < 8) {
            auto& guest = guests[who % 2];
            if (lab.server.domains().find_introduced(guest->domain) != nullptr) {
                one_step(lab, *guest, input);
            } else if (input.below(2) == 0) {
                guest.emplace(lab.domain(guest->domain));
            }
        } else if (input.below(6) == 0) {
            lab.kill(guests[input.below(2)]->domain);
        } else {
            lab.clock.advance(std::chrono::seconds(input.below(30)));
            lab.server.expire();
        }
        require(lab.consistent());
        require(lab.server.connections().watches().size() < 3000);
        // A client that introduces a domain anew leaves the test's end of the ring behind.
        for (auto& guest : guests) {
            const auto page = guest->page;
            if (guest->ring.bytes_waiting().value_or(9999) == 9999)
                guest.emplace(lab, guest->domain, page);
            std::uint32_t produced = 0;
            std::memcpy(&produced, page->bytes.data() + xs::ring_page::request_producer, 4);
            if (produced == 0) guest.emplace(lab, guest->domain, page);
        }
    }
    return 0;
}
