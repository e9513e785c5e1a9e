// The reference counts under every shared, immutable value of the store.
//
// A Counted object is made by one thread and only read afterwards; any thread may hold and drop
// references to it. When the last reference goes, what the object itself refers to is released from
// a loop, not by recursion: a guest chooses how deep a tree is, and must not choose how deep our
// stack is.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace stemma::store {

class Counted {
  public:
    Counted() = default;
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    void acquire() const { references_.fetch_add(1, std::memory_order_relaxed); }
    // True if the caller's reference is the only one: nobody else sees the object, or ever will
    // again but through the caller.
    bool is_sole() const { return references_.load(std::memory_order_acquire) == 1; }
    void release() const {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) bury(this);
    }

  protected:
    virtual ~Counted() = default;

  private:
    static void bury(const Counted* dead);

    mutable std::atomic<std::uint32_t> references_{1};
    mutable const Counted* next_dead_ = nullptr;
};

// A shared pointer to a Counted object, or null. One Ref belongs to one thread; copies of it may go
// to others.
template <class T>
class Ref {
  public:
    Ref() = default;
    Ref(const Ref& other) : object_(other.object_) {
        if (object_) object_->acquire();
    }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_) object_->release();
    }

    // Takes over the reference that an object is born with.
    static Ref adopt(T* object) {
        Ref ref;
        ref.object_ = object;
        return ref;
    }
    // One reference more to an object that somebody else keeps alive.
    static Ref share(T* object) {
        if (object) object->acquire();
        return adopt(object);
    }

    T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    bool operator==(const Ref&) const = default;

  private:
    T* object_ = nullptr;
};

template <class T, class... Arguments>
Ref<const T> make_counted(Arguments&&... arguments) {
    return Ref<const T>::adopt(new T(std::forward<Arguments>(arguments)...));
}

}  // namespace stemma::store
