// The player's steps that are not requests.
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "player.hpp"
#include "xs_wire/ring.hpp"

namespace conformance {

namespace {

namespace page = stemma::xs::ring_page;
using stemma::xs::RingEnd;

constexpr std::array<std::pair<std::string_view, std::size_t>, 7> fields{{
    {"req_cons", page::request_consumer},
    {"req_prod", page::request_producer},
    {"rsp_cons", page::reply_consumer},
    {"rsp_prod", page::reply_producer},
    {"features", page::server_features},
    {"connection", page::connection},
    {"error", page::error},
}};

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::size_t> field(std::string_view name) {
    for (const auto& [known, offset] : fields) {
        if (known == name) return offset;
    }
    return std::nullopt;
}

}  // namespace

Player::Done Player::command(const std::vector<std::string>& words, Lines& heard) {
    const std::string& what = words[0];
    if (what == "virq") {
        subject_.raise_virq();
        listen(heard);
        return {};
    }
    if (what == "listen") {
        listen(heard);
        return {};
    }
    if (words.size() < 2) return std::unexpected("no such step: " + what);
    if (what == "socket") {
        Speaker speaker;
        speaker.socket = subject_.connect();
        if (speaker.socket < 0) return std::unexpected("no socket");
        speakers_[words[1]] = std::move(speaker);
        listen(heard);
        return {};
    }
    if (what == "close") {
        Speaker* const speaker = find(words[1]);
        if (speaker == nullptr || speaker->socket < 0) return std::unexpected("no such socket");
        ::close(std::exchange(speaker->socket, -1));
        listen(heard);
        return {};
    }
    if (what == "advance") {
        subject_.advance(number(words[1]).value_or(0));
        listen(heard);
        return {};
    }
    return about_domain(words, heard);
}

Player::Done Player::about_domain(const std::vector<std::string>& words, Lines& heard) {
    const std::string& what = words[0];
    const auto id = number(words[1]);
    if (!id || *id >= stand_in::domains_max) return std::unexpected("no domid: " + words[1]);
    if (what == "make" || what == "domain") {
        subject_.create(*id);
        Speaker speaker;
        speaker.is_domain = true;
        speaker.domain = *id;
        speakers_[words[1]] = std::move(speaker);
        return what == "domain" ? introduce(*id, heard) : Done();
    }
    if (what == "vanish") {  // nobody is told
        subject_.destroy(*id);
        return {};
    }
    if (what == "stop") {  // shut down, and nobody is told
        subject_.shut_down(*id, words.size() > 2 ? number(words[2]).value_or(0) : 0);
        return {};
    }
    if (what == "poke") return poke(*id, words);
    if (what == "peek") {
        peek(*id, words, heard);
        return {};
    }
    if (what == "deaf" || what == "hear") {
        Speaker* const speaker = find(words[1]);
        if (speaker == nullptr) return std::unexpected("nobody is called " + words[1]);
        speaker->deaf = what == "deaf";
        if (!speaker->deaf) listen(heard);
        return {};
    }
    if (what == "destroy") {
        subject_.destroy(*id);
        subject_.raise_virq();
    } else if (what == "dying") {
        subject_.set_dying(*id);
        subject_.raise_virq();
    } else if (what == "shutdown") {
        subject_.shut_down(*id, words.size() > 2 ? number(words[2]).value_or(0) : 0);
        subject_.raise_virq();
    } else if (what == "ring") {
        subject_.ring(*id);
    } else if (what == "bytes" && words.size() > 2) {
        Speaker* const speaker = find(words[1]);
        if (speaker == nullptr) return std::unexpected("nobody is called " + words[1]);
        send(*speaker, words[2]);
        subject_.ring(*id);
    } else {
        return std::unexpected("no such step: " + what);
    }
    listen(heard);
    return {};
}

Player::Done Player::introduce(Subject::DomainId id, Lines& heard) {
    const std::string name = std::to_string(id);
    return play_line("0: INTRODUCE " + name + " " + std::to_string(subject_.page_of(id)) + " " +
                         std::to_string(Subject::port_of(id)),
                     heard);
}

Player::Done Player::poke(Subject::DomainId id, const std::vector<std::string>& words) {
    for (std::size_t at = 2; at + 1 < words.size(); at += 2) {
        const auto offset = field(words[at]);
        const auto value = number(words[at + 1]);
        if (!offset || !value) return std::unexpected("poke DOMID FIELD VALUE…");
        RingEnd(subject_.page(id), RingEnd::Side::client).set_word(*offset, *value);
    }
    return {};
}

void Player::peek(Subject::DomainId id, const std::vector<std::string>& words, Lines& heard) {
    const RingEnd ring(subject_.page(id), RingEnd::Side::client);
    for (const std::string& name : std::span(words).subspan(2)) {
        const auto offset = field(name);
        if (offset) heard.push_back(name + " = " + std::to_string(ring.word(*offset)));
    }
}

}  // namespace conformance
