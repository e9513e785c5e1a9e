#include "dns/zone_follower.hpp"

#include <utility>

#include "net/text.hpp"
#include "xs_wire/error.hpp"

namespace stemma::dns {

namespace {

std::string describe(const rt::StoreError& error) {
    return error.connection_lost ? std::string("the store is gone")
                                 : std::string(xs::name(error.code));
}

std::string chunk_name(std::size_t number) {
    std::string digits = std::to_string(number);
    return "chunks/" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

}  // namespace

ZoneFollower::ZoneFollower(rt::Store& store, rt::Entropy& entropy, std::string_view path)
    : store_(store), entropy_(entropy), path_(path) {}

rt::Instant ZoneFollower::run(rt::Instant now) {
    if (!store_.connected()) return rt::Instant::never();
    if (!watch_ && !watch()) return now + retry_after;
    if (state_ == State::chunks) ask_for_chunks();
    for (State before = state_; outstanding_ == 0; before = state_) {
        step(now);
        if (state_ == before) break;
    }
    if (outstanding_ > 0) return rt::Instant::never();
    if (state_ == State::idle) return changed_ ? not_before_ : rt::Instant::never();
    return now + retry_after;  // the store took no request
}

// Called when no answer is due.
void ZoneFollower::step(rt::Instant now) {
    switch (state_) {
        case State::idle:
            if (changed_ && now >= not_before_) start(now);
            break;
        case State::head:
            look_at_head();
            if (state_ == State::chunks) ask_for_chunks();
            break;
        case State::chunks:
            // All chunks are here, or it is no use to ask for more.
            if (!failure_ && chunks_asked_ < chunk_count_) break;
            serial_after_ = {};
            if (read("serial", serial_after_)) state_ = State::check;
            break;
        case State::check:
            check(now);
            break;
    }
}

// The first event comes at once and starts the first reading.
bool ZoneFollower::watch() {
    watch_ = store_.watch(
        path_ + "/serial", [this](std::string_view) { changed_ = true; },
        [this](rt::StoreResult result) {
            if (!result && !result.error().connection_lost)
                refusal_ =
                    RefusedZone{"", "cannot watch " + path_ + ": " + describe(result.error())};
        });
    return watch_.has_value();
}

bool ZoneFollower::read(std::string_view name, Reading& into) {
    const bool taken =
        store_.read(path_ + "/" + std::string(name), [this, &into](rt::StoreResult result) {
            --outstanding_;
            if (result)
                into.value = *result;
            else
                into.error = result.error();
        });
    outstanding_ += taken;
    return taken;
}

void ZoneFollower::start(rt::Instant now) {
    not_before_ = now + retry_after;
    if (store_.room() < 3) return;
    serial_ = count_ = origin_ = {};
    if (!read("serial", serial_)) return;
    changed_ = false;
    state_ = State::head;
    if (!read("count", count_) || !read("origin", origin_)) changed_ = true;
}

void ZoneFollower::look_at_head() {
    if (serial_.error) {
        state_ = State::idle;
        if (serial_.error->is(xs::Error::enoent) && settled_ == "") return;
        settled_ = "";
        refusal_ = RefusedZone{"", "no zone at " + path_ + ": " + describe(*serial_.error)};
        return;
    }
    if (serial_.value == settled_) {
        state_ = State::idle;
        return;
    }
    state_ = State::chunks;
    failure_.reset();
    loader_.reset();
    chunk_count_ = chunks_asked_ = 0;
    for (const auto& [reading, name] : {std::pair{&count_, "count"}, {&origin_, "origin"}}) {
        if (reading->error) return fail(std::string(name) + ": " + describe(*reading->error));
    }
    const auto count = net::parse_number(count_.value, chunks_max);
    const auto origin = Name::from_text(origin_.value, Name());
    if (!count) return fail("count is not a number up to 4096");
    if (!origin) return fail("origin: " + std::string(origin.error().cause));
    chunk_count_ = static_cast<std::size_t>(*count);
    loader_.emplace(*origin, LabelHash(entropy_));
}

void ZoneFollower::ask_for_chunks() {
    while (!failure_ && chunks_asked_ < chunk_count_ && outstanding_ < chunks_at_once) {
        const std::size_t number = chunks_asked_;
        const bool taken =
            store_.read(path_ + "/" + chunk_name(number),
                        [this, number](rt::StoreResult result) { take_chunk(number, result); });
        if (!taken) return;
        ++outstanding_;
        ++chunks_asked_;
    }
}

void ZoneFollower::take_chunk(std::size_t number, rt::StoreResult result) {
    --outstanding_;
    if (failure_) return;
    if (!result) return fail(chunk_name(number) + ": " + describe(result.error()));
    if (const auto fed = loader_->feed(*result); !fed) fail(fed.error().text());
}

void ZoneFollower::fail(std::string cause) {
    failure_ = std::move(cause);
    loader_.reset();
}

void ZoneFollower::check(rt::Instant now) {
    state_ = State::idle;
    if (changed_ || serial_after_.error || serial_after_.value != serial_.value) {
        ++rereads_;
        changed_ = true;
        not_before_ = now + retry_after;
    } else {
        settle();
    }
    loader_.reset();
}

void ZoneFollower::settle() {
    settled_ = serial_.value;
    if (!failure_) {
        if (auto checked = loader_->finish()) {
            zone_ = FollowedZone{std::move(*checked), serial_.value};
            return;
        } else {
            failure_ = checked.error().text();
        }
    }
    refusal_ = RefusedZone{serial_.value, std::move(*failure_)};
}

}  // namespace stemma::dns
