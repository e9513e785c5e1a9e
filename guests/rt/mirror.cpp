#include "rt/mirror.hpp"

#include <algorithm>

#include "xs_wire/path.hpp"

namespace stemma::rt {

namespace {
// Changes looked at in one run(): when the store is full, inserts are refused one after the other.
constexpr std::size_t takes_max = 256;

std::uint64_t nanoseconds(Duration duration) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.nanoseconds, 0));
}
}  // namespace

Mirror::Mirror(Store& store, Clock& clock, MirrorSource& source, const MirrorOptions& options)
    : store_(store),
      clock_(clock),
      source_(source),
      directory_(options.directory),
      gather_(options.gather),
      checks_(store, source, *this, options.directory) {}

Instant Mirror::run(Instant now) {
    if (!store_.connected()) return Instant::never();
    checks_.run();
    stats_.foreign = checks_.foreign();
    stats_.events_lost = checks_.events_lost();
    switch (state_) {
        case State::idle:
            if (prepare(now)) start(now);
            break;
        case State::paused:
            if (now >= paused_until_) start(now);
            break;
        case State::starting:
            break;
        case State::writing:
            send_writes();
            break;
    }
    return deadline(now);
}

bool Mirror::idle() const {
    return state_ == State::idle && !source_.has_changes() && checks_.idle();
}

Instant Mirror::deadline(Instant now) const {
    if (state_ == State::paused) return paused_until_;
    if (state_ != State::idle) return Instant::never();  // an answer comes first
    const Instant next_batch = last_was_whole_ ? now : last_start_ + gather_;
    if (source_.has_changes()) return next_batch;
    return full_ ? std::max(full_retry_at_, next_batch) : Instant::never();
}

// Fills the batch; false when there is nothing to send now.
bool Mirror::prepare(Instant now) {
    if (!last_was_whole_ && now < last_start_ + gather_) return false;
    if (full_ && now >= full_retry_at_) {
        trying_again_ = true;
        source_.retry_refused(window_);
        if (!source_.has_changes()) full_ = trying_again_ = false;  // everything is mirrored
    }
    if (!source_.has_changes()) return false;

    std::size_t inserts_left = full_ ? (trying_again_ ? window_ : 0) : batch_max;
    for (std::size_t takes = 0; takes < takes_max && batch_size_ < batch_max; ++takes) {
        if (!take_change(inserts_left)) break;
    }
    last_was_whole_ = source_.has_changes();
    return batch_size_ > 0;
}

bool Mirror::take_change(std::size_t& inserts_left) {
    auto& item = batch_[batch_size_];
    item.refused = false;
    item.change.path.clear();
    item.change.value.clear();
    if (!source_.next(item.change)) return false;
    ++stats_.changes;
    if (item.change.kind == MirrorChange::Kind::insert) {
        ++stats_.inserted;
        if (inserts_left == 0) {
            refuse(item.change);
            return true;
        }
        --inserts_left;
    }
    ++batch_size_;
    return true;
}

void Mirror::start(Instant now) {
    last_start_ = now;
    sent_ = 0;
    write_met_full_ = false;
    for (std::size_t i = 0; i < batch_size_; ++i)
        batch_[i].refused = false;
    state_ = State::starting;
    const bool taken = store_.start([this](std::expected<Transaction, StoreError> transaction) {
        if (!transaction) return pause(clock_.now());
        transaction_ = *transaction;
        state_ = State::writing;
        send_writes();
    });
    if (!taken) pause(now);
}

// All writes and the commit go out one behind the other, without waiting for answers: a write that
// is refused does not harm the others.
void Mirror::send_writes() {
    while (sent_ < batch_size_) {
        if (!send_write(sent_)) return;
        ++sent_;
    }
    if (sent_ == batch_size_ &&
        store_.commit(transaction_, [this](StoreResult result) { ended(result); })) {
        ++sent_;
    }
}

bool Mirror::send_write(std::size_t index) {
    const auto& change = batch_[index].change;
    const auto path = xs::join(directory_, change.path);
    auto done = [this, index](StoreResult result) { written(index, result); };
    return change.kind == MirrorChange::Kind::remove
               ? store_.rm(path, done, transaction_)
               : store_.write(path, change.value, done, transaction_);
}

void Mirror::written(std::size_t index, StoreResult result) {
    if (result) return;
    auto& item = batch_[index];
    // gone already, together with its directory
    if (item.change.kind == MirrorChange::Kind::remove && result.error().is(xs::Error::enoent)) {
        return;
    }
    item.refused = true;
    if (result.error().is(xs::Error::enospc)) write_met_full_ = true;
}

void Mirror::ended(StoreResult result) {
    const Instant now = clock_.now();
    if (!result) {
        if (result.error().is(xs::Error::enospc)) {
            write_met_full_ = false;  // nothing of the batch went in
            met_full(now);
            if (batch_size_ > 0) return start(now);
            state_ = State::idle;
            return;
        }
        if (result.error().is(xs::Error::eagain)) ++stats_.conflicts;
        return pause(now);
    }
    ++stats_.commits;
    retry_ = retry_first;
    std::uint64_t lag = 0;
    for (std::size_t i = 0; i < batch_size_; ++i) {
        if (!batch_[i].refused)
            lag = std::max(lag, nanoseconds(now - batch_[i].change.dirty_since));
    }
    stats_.lag_last = lag;
    stats_.lag_max = std::max(stats_.lag_max, lag);
    if (write_met_full_) {
        met_full(now);
    } else if (full_) {
        if (trying_again_) {
            window_ = std::min(2 * window_, batch_max);
            full_retry_ = full_retry_first;
            full_retry_at_ = now;
        } else {
            // a removal may have made room
            full_retry_at_ = std::min(full_retry_at_, now + full_retry_first);
        }
    }
    settle();
    trying_again_ = false;
    state_ = State::idle;
}

// The commit is in: tells the source what became of each change.
void Mirror::settle() {
    const std::size_t count = batch_size_;
    batch_size_ = 0;  // they are committed, from here on is_uncommitted() denies them
    for (std::size_t i = 0; i < count; ++i) {
        const auto& item = batch_[i];
        if (item.refused && item.change.kind != MirrorChange::Kind::remove) {
            refuse(item.change);
            continue;
        }
        if (item.refused) {
            ++stats_.unmirrored;
        } else {
            ++stats_.mirrored;
        }
        source_.mirrored(item.change);
    }
}

// The store has no room. Keeps in the batch what needs none.
void Mirror::met_full(Instant now) {
    const auto is_insert = [](const Item& item) {
        return item.change.kind == MirrorChange::Kind::insert;
    };
    const auto begin = batch_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(batch_size_);
    if (!full_) {
        full_ = true;
        window_ = batch_max / 2;
        full_retry_ = full_retry_first;
    } else if (trying_again_) {
        if (window_ == 1) full_retry_ = std::min(full_retry_ * 2, full_retry_last);
        window_ = std::max<std::size_t>(window_ / 2, 1);
    }
    full_retry_at_ = now + full_retry_;
    trying_again_ = false;
    if (write_met_full_) return;  // the others went in: settle() refuses the marked ones

    // without an insert to blame, an "update" must have made a node
    const bool blame_inserts = std::any_of(begin, end, is_insert);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < batch_size_; ++i) {
        const bool drop = blame_inserts ? is_insert(batch_[i])
                                        : batch_[i].change.kind != MirrorChange::Kind::remove;
        if (drop) {
            refuse(batch_[i].change);
        } else {
            if (kept != i) std::swap(batch_[kept], batch_[i]);
            ++kept;
        }
    }
    // removals alone cannot lack room: should a server say so, it is asked again later
    const bool nothing_dropped = kept == batch_size_;
    batch_size_ = kept;
    if (nothing_dropped && kept > 0) {
        for (std::size_t i = 0; i < kept; ++i)
            source_.mirrored(batch_[i].change);
        stats_.unmirrored += kept;
        batch_size_ = 0;
    }
}

void Mirror::refuse(const MirrorChange& change) {
    ++stats_.unmirrored;
    source_.refused(change);
}

// The same batch again, a moment later.
void Mirror::pause(Instant now) {
    state_ = State::paused;
    paused_until_ = now + retry_;
    retry_ = std::min(retry_ * 2, retry_last);
}

bool Mirror::is_uncommitted(std::string_view path) const {
    for (std::size_t i = 0; i < batch_size_; ++i) {
        if (batch_[i].change.path == path) return true;
    }
    return false;
}

}  // namespace stemma::rt
