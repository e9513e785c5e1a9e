#include "player.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "request.hpp"
#include "xs_wire/ring.hpp"

namespace conformance {

namespace {

using stemma::xs::RingEnd;

// Between any two steps; C's rate limits, which go by the clock, then never hold anybody up.
constexpr std::uint64_t step_ms = 50;

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "1/t" before the colon of "1/t: READ /a"; nothing if the line is another command.
std::string_view speaker_of(std::string_view text) {
    const auto end = text.find_first_of(" :");
    if (end == std::string_view::npos || text[end] != ':') return {};
    return text.substr(0, end);
}

}  // namespace

Player::~Player() {
    for (const auto& [name, speaker] : speakers_) {
        if (speaker.socket >= 0) ::close(speaker.socket);
    }
}

std::expected<Transcript, std::string> Player::play(const Sequence& sequence) {
    speakers_["0"].is_domain = true;
    Transcript transcript;
    for (const Step& step : sequence.steps) {
        Lines heard;
        if (auto done = play_step(step, heard); !done) {
            return std::unexpected(sequence.file + ":" + std::to_string(step.line) + ": " +
                                   done.error());
        }
        transcript.push_back(std::move(heard));
        if (dead_) break;
    }
    return transcript;
}

Player::Done Player::play_step(const Step& step, Lines& heard) {
    if (step.variable.empty()) return play_line(step.text, heard);
    for (std::uint32_t value = step.from; value <= step.to && !dead_; ++value) {
        variables_[step.variable] = std::to_string(value);
        if (auto done = play_line(step.text, heard); !done) return done;
    }
    return {};
}

Player::Done Player::play_line(std::string_view text, Lines& heard) {
    subject_.advance(step_ms);
    for (Subject::DomainId id = 0; id < stand_in::domains_max; ++id) {
        const std::string name = std::to_string(id);
        variables_["ring" + name] = std::to_string(subject_.page_of(id));
        variables_["port" + name] = std::to_string(Subject::port_of(id));
    }
    const auto speaker = speaker_of(text);
    if (!speaker.empty()) return ask(speaker, text.substr(speaker.size() + 1), heard);
    return command(words_of(text, variables_), heard);
}

Player::Done Player::ask(std::string_view name, std::string_view request, Lines& heard) {
    // "&1:" only puts the request there; "~1:" does not ring either, as a lazy guest
    const bool later = name.starts_with('&');
    const bool silently = name.starts_with('~');
    if (later || silently) name.remove_prefix(1);
    const auto slash = name.find('/');
    Speaker* const speaker = find(name.substr(0, slash));
    if (speaker == nullptr) return std::unexpected("nobody is called " + std::string(name));
    std::uint32_t transaction = 0;
    if (slash != std::string_view::npos) {
        auto text = name.substr(slash + 1);
        const auto variable = variables_.find(text);
        if (variable != variables_.end()) text = variable->second;
        transaction = number(text).value_or(0);
    }
    auto words = words_of(request, variables_);
    std::string result;
    if (words.size() > 2 && words[words.size() - 2] == "->") {
        result = words.back();
        words.resize(words.size() - 2);
    }
    const auto bytes = request_bytes(words, ++request_id_, transaction);
    if (!bytes) return std::unexpected(bytes.error());
    ++requests_;
    speaker->stream.asked(*bytes);
    // The ring of a domain that is introduced anew begins anew.
    if (words[0] == "INTRODUCE" && words.size() > 1 && subject_.failure().empty()) {
        if (Speaker* const again = find(words[1]); again != nullptr && again != speaker) {
            again->stream.restart();
        }
    }
    send(*speaker, *bytes);
    if (later) return {};
    if (speaker->is_domain && !silently) subject_.ring(speaker->domain);
    listen(heard);
    if (!result.empty()) variables_[result] = speaker->stream.last_reply();
    return {};
}

Player::Speaker* Player::find(std::string_view name) {
    const auto found = speakers_.find(std::string(name));
    return found == speakers_.end() ? nullptr : &found->second;
}

void Player::send(Speaker& speaker, std::string_view bytes) {
    const auto all = std::as_bytes(std::span(bytes));
    if (!speaker.is_domain) {
        [[maybe_unused]] const auto written = ::write(speaker.socket, bytes.data(), bytes.size());
        return;
    }
    for (std::size_t sent = 0; sent < all.size() && !dead_;) {
        RingEnd ring(subject_.page(speaker.domain), RingEnd::Side::client);
        const auto count = ring.write(all.subspan(sent));
        sent += count.value_or(0);
        if (sent == all.size()) break;
        // The ring is full: the daemon has to take some first.
        subject_.ring(speaker.domain);
        if (!subject_.settle() || RingEnd(subject_.page(speaker.domain), RingEnd::Side::client)
                                          .bytes_free()
                                          .value_or(0) == 0) {
            break;  // it does not listen any more
        }
    }
}

void Player::listen(Lines& heard) {
    for (bool more = true; more && !dead_;) {
        if (!subject_.settle()) {
            heard.push_back(subject_.failure());
            dead_ = true;
            return;
        }
        more = false;
        std::vector<Subject::DomainId>
            ringing;  // only when all have listened to the daemon at rest
        for (auto& [name, speaker] : speakers_) {
            if (speaker.deaf || !hear(name, speaker, heard)) continue;
            more = true;
            if (speaker.is_domain) ringing.push_back(speaker.domain);
        }
        for (const Subject::DomainId id : ringing)
            subject_.ring(id);
    }
}

bool Player::hear(const std::string& name, Speaker& speaker, Lines& heard) {
    std::array<char, 16384> room;
    std::size_t got = 0;
    const std::string mark = name + " < ";
    if (speaker.is_domain) {
        RingEnd ring(subject_.page(speaker.domain), RingEnd::Side::client);
        got = ring.read(std::as_writable_bytes(std::span(room))).value_or(0);
        const bool rung = subject_.rung(speaker.domain) != speaker.rung;
        speaker.rung = subject_.rung(speaker.domain);
        if (got > 0 && !rung) heard.push_back(mark + "(was not rung)");
    } else if (speaker.socket >= 0) {
        const auto count = ::read(speaker.socket, room.data(), room.size());
        if (count == 0 || (count < 0 && errno != EAGAIN)) {
            heard.push_back(mark + "closed");
            ::close(speaker.socket);
            speaker.socket = -1;
            return false;
        }
        if (count > 0) got = static_cast<std::size_t>(count);
    }
    if (got == 0) return false;
    for (std::string& line : speaker.stream.take(std::string_view(room.data(), got)))
        heard.push_back(mark + line);
    return true;
}

}  // namespace conformance
