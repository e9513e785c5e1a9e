#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

// A DNS message decoder for tests: shares no code with the guest, trusts nothing, throws on what a
// server must not send (compression pointers that do not go strictly backwards among it).
namespace stemma::dns_test {

struct DecodedRecord {
    std::string owner;  // "www.example.org.", case as received
    unsigned type = 0;
    unsigned klass = 0;
    std::uint32_t ttl = 0;
    std::string data;  // as a master file would have it; other types in hexadecimal
};

struct DecodedOpt {
    unsigned size = 0;
    unsigned version = 0;
    unsigned flags = 0;
    std::size_t options = 0;  // bytes
};

struct DecodedMessage {
    unsigned id = 0;
    unsigned flags = 0;
    unsigned rcode = 0;  // with the OPT record's upper bits
    std::string question;
    unsigned question_type = 0;
    unsigned question_class = 0;
    std::vector<DecodedRecord> sections[3];
    std::optional<DecodedOpt> opt;

    bool authoritative() const { return (flags & 0x0400) != 0; }
    bool truncated() const { return (flags & 0x0200) != 0; }
};

inline std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

class Decoder {
  public:
    explicit Decoder(std::span<const std::uint8_t> message) : message_(message) {}

    DecodedMessage decode() {
        DecodedMessage m;
        m.id = get16();
        m.flags = get16();
        m.rcode = m.flags & 15;
        const unsigned questions = get16();
        unsigned counts[3];
        for (auto& count : counts)
            count = get16();
        if (questions > 1) throw std::runtime_error("more than one question");
        if (questions == 1) {
            m.question = name();
            m.question_type = get16();
            m.question_class = get16();
        }
        for (int section = 0; section < 3; ++section) {
            for (unsigned i = 0; i < counts[section]; ++i)
                record(m, section);
        }
        if (at_ != message_.size()) throw std::runtime_error("bytes behind the last record");
        return m;
    }

  private:
    unsigned get8() {
        if (at_ >= message_.size()) throw std::runtime_error("message breaks off");
        return message_[at_++];
    }
    unsigned get16() {
        const unsigned high = get8();
        return high << 8 | get8();
    }
    std::uint32_t get32() {
        const std::uint32_t high = get16();
        return high << 16 | get16();
    }

    std::string name() {
        std::string text;
        std::size_t total = 1;
        std::size_t resume = 0;
        std::size_t segment = at_;
        for (;;) {
            const unsigned length = get8();
            if (length == 0) break;
            if (length >= 0xc0) {
                const std::size_t target = (length & 0x3f) << 8 | get8();
                if (resume == 0) resume = at_;
                if (target >= segment) throw std::runtime_error("pointer not backwards");
                if (target < 12) throw std::runtime_error("pointer into the header");
                at_ = segment = target;
                continue;
            }
            if (length > 63) throw std::runtime_error("bad label");
            total += length + 1;
            if (total > 255) throw std::runtime_error("name too long");
            for (unsigned i = 0; i < length; ++i)
                append(text, get8());
            text += '.';
        }
        if (resume != 0) at_ = resume;
        return text.empty() ? "." : text;
    }

    static void append(std::string& text, unsigned c) {
        if (c > 0x20 && c < 0x7f && c != '.' && c != '\\' && c != '"') {
            text += static_cast<char>(c);
        } else {
            const std::string digits = std::to_string(c);
            text += "\\" + std::string(3 - digits.size(), '0') + digits;
        }
    }

    void record(DecodedMessage& m, int section) {
        DecodedRecord r;
        r.owner = name();
        r.type = get16();
        r.klass = get16();
        r.ttl = get32();
        const std::size_t size = get16();
        const std::size_t end = at_ + size;
        if (end > message_.size()) throw std::runtime_error("data breaks off");
        if (r.type == 41) {
            if (section != 2 || m.opt || r.owner != ".") throw std::runtime_error("misplaced OPT");
            m.opt = DecodedOpt{r.klass, (r.ttl >> 16) & 255, r.ttl & 0xffff, size};
            m.rcode |= (r.ttl >> 24) << 4;
            at_ = end;
            return;
        }
        r.data = data(r.type, end);
        if (at_ != end) throw std::runtime_error("data of another length than said");
        m.sections[section].push_back(r);
    }

    std::string data(unsigned type, std::size_t end) {
        const auto number = [](std::uint32_t n) { return std::to_string(n); };
        switch (type) {
            case 1: {
                std::string text = number(get8());
                for (int i = 0; i < 3; ++i)
                    text += "." + number(get8());
                return text;
            }
            case 2:
            case 5:
            case 12:
                return name();
            case 6: {
                std::string text = name();
                text += " " + name();
                for (int i = 0; i < 5; ++i)
                    text += " " + number(get32());
                return text;
            }
            case 15: {
                const std::string preference = number(get16());
                return preference + " " + name();
            }
            case 33: {
                std::string text;
                for (int i = 0; i < 3; ++i)
                    text += number(get16()) + " ";
                const std::size_t start = at_;
                text += name();
                // RFC 2782: the target is not compressed
                for (std::size_t i = start; i < end; i += message_[i] + 1U) {
                    if (message_[i] >= 0xc0) throw std::runtime_error("compressed SRV target");
                }
                return text;
            }
            case 16: {
                std::string text;
                while (at_ < end) {
                    text += text.empty() ? "\"" : " \"";
                    for (unsigned n = get8(); n > 0; --n) {
                        const unsigned c = get8();
                        if (c == ' ')
                            text += ' ';
                        else
                            append(text, c);
                    }
                    text += '"';
                }
                return text;
            }
            default: {
                constexpr char digits[] = "0123456789abcdef";
                std::string text;
                while (at_ < end) {
                    const unsigned c = get8();
                    text += digits[c >> 4];
                    text += digits[c & 15];
                }
                return text;
            }
        }
    }

    std::span<const std::uint8_t> message_;
    std::size_t at_ = 0;
};

inline DecodedMessage decode(std::span<const std::uint8_t> message) {
    return Decoder(message).decode();
}

}  // namespace stemma::dns_test
