#include "directory_cache.hpp"

namespace stemma::store {

// With what a list, a map and two strings keep for themselves.
std::size_t DirectoryCache::memory_of(const Item& item) {
    return item.form.text.memory() + item.form.node_text.capacity() + 256;
}

std::optional<DirectoryCache::Form> DirectoryCache::take(const ObjectId& id) {
    const auto place = places_.find({id});
    if (place == places_.end()) return std::nullopt;
    const auto item = place->second;
    memory_ -= memory_of(*item);
    std::optional<Form> form(std::move(item->form));
    items_.erase(item);
    places_.erase(place);
    return form;
}

void DirectoryCache::put(const ObjectId& id, Form form) {
    take(id);
    items_.push_front({{id}, std::move(form)});
    places_[{id}] = items_.begin();
    memory_ += memory_of(items_.front());
    while (memory_ > bound_) {
        memory_ -= memory_of(items_.back());
        places_.erase(items_.back().id);
        items_.pop_back();
    }
}

}  // namespace stemma::store
