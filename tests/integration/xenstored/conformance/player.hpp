#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "script.hpp"
#include "stream.hpp"
#include "subject.hpp"
#include "words.hpp"

namespace conformance {

// What was heard at each step of a sequence, in the order of the connections.
using Transcript = std::vector<std::vector<std::string>>;

// Plays one sequence to one daemon. After each step it waits until the daemon rests and takes all
// that was said to anybody.
class Player {
  public:
    explicit Player(Subject& subject) : subject_(subject) {}
    ~Player();
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    // An error is a fault of the script; a daemon's death is in the transcript and ends it.
    std::expected<Transcript, std::string> play(const Sequence& sequence);

    std::size_t requests() const { return requests_; }

  private:
    using Lines = std::vector<std::string>;
    using Done = std::expected<void, std::string>;

    // One of those who speak: a domain through its ring, or a client through a socket.
    struct Speaker {
        Stream stream;
        int socket = -1;
        bool deaf = false;       // leaves in the ring what is said to it
        std::uint32_t rung = 0;  // as of the last look
        bool is_domain = false;
        Subject::DomainId domain = 0;
    };

    Done play_step(const Step& step, Lines& heard);
    Done play_line(std::string_view text, Lines& heard);
    Done ask(std::string_view speaker, std::string_view request, Lines& heard);
    Done command(const std::vector<std::string>& words, Lines& heard);
    Done about_domain(const std::vector<std::string>& words, Lines& heard);
    Done poke(Subject::DomainId domain, const std::vector<std::string>& words);
    void peek(Subject::DomainId domain, const std::vector<std::string>& words, Lines& heard);
    Done introduce(Subject::DomainId domain, Lines& heard);

    Speaker* find(std::string_view name);
    void send(Speaker& speaker, std::string_view bytes);
    // Settles and listens until nobody says more.
    void listen(Lines& heard);
    bool hear(const std::string& name, Speaker& speaker, Lines& heard);

    Subject& subject_;
    std::map<std::string, Speaker> speakers_;  // "0", "1"…; sockets have letters
    Variables variables_;
    std::uint32_t request_id_ = 0;
    std::size_t requests_ = 0;
    bool dead_ = false;
};

}  // namespace conformance
