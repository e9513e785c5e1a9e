// Domains: requests about them, and what the hypervisor tells.
#include <charconv>
#include <string>
#include <utility>

#include "store/children.hpp"
#include "xenstored/payload.hpp"
#include "xenstored/place.hpp"
#include "xenstored/ring_transport.hpp"
#include "xenstored/server.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

namespace {

using xs::Error;

constexpr std::string_view introduce_node = "@introduceDomain";
constexpr std::string_view release_node = "@releaseDomain";

}  // namespace

Answer Server::introduce(std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.size() < 3) return std::unexpected(Error::einval);
    const int domid = leading_number(parts[0]);
    const auto port = static_cast<std::uint32_t>(leading_number(parts[2]));
    std::uint64_t frame = 0;  // what is no number is no frame: most domains grant their ring
    std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), frame);
    if (port == 0) return std::unexpected(Error::einval);
    hypervisor_->poll_events();
    Domain* const domain = domains_.find_or_enter(domid);
    if (domain == nullptr || domain->ref.id == 0) return std::unexpected(Error::einval);

    Connection* const connection = connections_.find(domain->connection);
    if (domain->introduced && connection != nullptr) {
        // Binds the event channel anew and begins again, without @introduceDomain. The old channel
        // must go first: it is the same event channel.
        connections_.reset(*connection);
        connection->transport.reset();
        auto channel = hypervisor_->connect(domain->ref.id, frame, port);
        connection->ignored = !channel;
        records_.ignored(connection->id, !channel);
        if (!channel) return std::unexpected(channel.error());
        connection->transport = std::make_unique<RingTransport>(
            std::move(*channel), domain->features, RingTransport::Begin::empty);
        domain->port = port;
        domain->frame = frame;
        connection->recorded.reset();
        records_.bound(connection->id, {domain->ref.id, port, frame, std::nullopt});
        connections_.mark_dirty(*connection);
        return acknowledged();
    }
    auto channel = hypervisor_->connect(domain->ref.id, frame, port);
    if (!channel) return std::unexpected(channel.error());
    domain->port = port;
    domain->frame = frame;
    open_ring(*domain, std::move(*channel), RingTransport::Begin::empty);
    announcer_.special(tree_.head(), introduce_node);
    announcer_.special(tree_.head(), introduce_node, domain->ref.id);
    return acknowledged();
}

Caller Server::caller_of(const Domain& domain) const {
    Caller caller;
    caller.domain = domain.ref;
    caller.privileged = domain.ref.id == 0 || domain.ref.id == settings_.privileged_domain;
    caller.features = domain.features;
    return caller;
}

void Server::open_ring(Domain& domain, std::unique_ptr<DomainChannel> channel,
                       RingTransport::Begin begin) {
    auto ring = std::make_unique<RingTransport>(std::move(channel), domain.features, begin);
    domain.connection = connections_.open(std::move(ring), caller_of(domain)).id;
    rings_.push_back(domain.connection);
    domain.introduced = true;
    domain.shutdown_told = false;
    records_.bound(domain.connection, {domain.ref.id, domain.port, domain.frame, std::nullopt});
    if (records_.is_on()) records_.domain(state_of(domain));
    connections_.mark_dirty(*connections_.find(domain.connection));
}

std::expected<Domain*, Error> Server::named_domain(std::string_view payload) {
    const auto text = one_string(payload);
    const int domid = text ? leading_number(*text) : 0;
    if (domid == 0) return std::unexpected(Error::einval);
    Domain* const domain = domains_.find_introduced(domid);
    if (domain == nullptr) return std::unexpected(Error::enoent);
    return domain;
}

Answer Server::release(std::string_view payload) {
    const auto domain = named_domain(payload);
    if (!domain) return std::unexpected(domain.error());
    bury_domain((*domain)->ref.id);
    return acknowledged();
}

Answer Server::resume(std::string_view payload) {
    const auto domain = named_domain(payload);
    if (!domain) return std::unexpected(domain.error());
    (*domain)->shutdown_told = false;
    if (records_.is_on()) records_.domain(state_of(**domain));
    return acknowledged();
}

Answer Server::set_target(std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.size() < 2) return std::unexpected(Error::einval);
    Domain* const domain = domains_.find_introduced(leading_number(parts[0]));
    if (domain == nullptr) return std::unexpected(Error::enoent);
    Connection* const connection = connections_.find(domain->connection);
    Domain* const target = domains_.find_introduced(leading_number(parts[1]));
    if (target == nullptr) return std::unexpected(Error::enoent);
    // Domain 0 has no ring here, and needs no target
    if (connection != nullptr) {
        connection->caller.target = target->ref;
        records_.target(connection->id, target->ref);
    }
    return acknowledged();
}

Answer Server::is_domain_introduced(std::string_view payload) {
    const auto text = one_string(payload);
    if (!text) return std::unexpected(Error::einval);
    const int domid = leading_number(*text);
    const bool introduced = domid == xs::domid_self || domains_.find_introduced(domid) != nullptr;
    return introduced ? std::string("T\0", 2) : std::string("F\0", 2);
}

Answer Server::get_domain_path(std::string_view payload) {
    const auto text = one_string(payload);
    if (!text) return std::unexpected(Error::einval);
    // any number: C prints it with %u
    return text_answer("/local/domain/" +
                       std::to_string(static_cast<unsigned>(leading_number(*text))));
}

void Server::domain_found(xs::DomainId id, std::uint32_t port) {
    Domain* const domain = domains_.find_or_enter(id);
    if (domain == nullptr || connections_.find(domain->connection) != nullptr) return;
    auto channel = hypervisor_->connect(id, 0, port);
    if (!channel) return;  // its toolstack may introduce it yet
    domain->port = port;
    domain->frame = 0;
    open_ring(*domain, std::move(*channel), RingTransport::Begin::as_it_is);
    if (id != 0) announcer_.special(tree_.head(), introduce_node);
    connections_.mark_runnable(*connections_.find(domain->connection));
}

void Server::domain_shut_down(xs::DomainId id) {
    Domain* const domain = domains_.find_introduced(id);
    if (domain == nullptr || domain->shutdown_told) return;
    domain->shutdown_told = true;
    if (records_.is_on()) records_.domain(state_of(*domain));
    announcer_.special(tree_.head(), release_node, id);
    shutdown_untold_ = true;
}

void Server::tell_shutdowns() {
    if (!std::exchange(shutdown_untold_, false)) return;
    announcer_.special(tree_.head(), release_node);
}

void Server::domain_gone(xs::DomainId id) {
    if (domains_.find(id) != nullptr) bury_domain(id);
}

void Server::domain_notified(xs::DomainId id) {
    const Domain* const domain = domains_.find_introduced(id);
    if (domain == nullptr) return;
    // Not served here: the hypervisor may be telling this in the middle of a request.
    if (Connection* const connection = connections_.find(domain->connection)) {
        connections_.mark_runnable(*connection);
    }
}

void Server::bury_domain(xs::DomainId id) {
    const Domain domain = *domains_.find(id);
    if (Connection* const connection = connections_.find(domain.connection)) {
        connections_.close(*connection);
    }
    remove_nodes_of(domain);
    domains_.erase(id);
    records_.domain_gone(id);
    if (!domain.introduced) return;
    announcer_.special(tree_.head(), release_node);
    announcer_.special(tree_.head(), release_node, id);
    shutdown_untold_ = false;  // that is the one event, as in C
}

// XSA-322, XSA-419: what a dead domain owned goes, so that the next of its id does not own it.
void Server::remove_nodes_of(const Domain& domain) {
    // The special nodes count for nobody.
    const auto owns_special = [&](std::string_view name) {
        const store::Node* const node = tree_.head().find(xs::join(special_directory, name));
        return node != nullptr && owner_of(node->permissions()) == domain.ref;
    };
    if (tree_.counts().of(domain.ref).nodes == 0 && !owns_special(introduce_node) &&
        !owns_special(release_node)) {
        return;
    }
    struct Waiting {
        const store::Node* node;
        std::string path;
    };
    std::vector<std::string> owned;    // topmost ones
    std::vector<std::string> special;  // these stay, as domain 0's
    const store::Tree before = tree_.head();
    std::vector<Waiting> waiting{{&before.root(), "/"}};
    while (!waiting.empty()) {
        const Waiting at = std::move(waiting.back());
        waiting.pop_back();
        const bool is_owned = owner_of(at.node->permissions()) == domain.ref;
        if (is_owned && (settings_.keep_orphans || at.path == "/" ||
                         xs::is_same_or_below(at.path, special_directory))) {
            special.push_back(at.path);
        } else if (is_owned) {
            owned.push_back(at.path);
            continue;
        }
        const auto children = at.node->children_in_order();
        for (auto child = children.rbegin(); child != children.rend(); ++child)
            waiting.push_back({*child, xs::join(at.path, (*child)->name())});
    }
    const store::Stamp stamp{clock_->wall(), domain.ref.id, store::Operation::release};
    for (const std::string& path : special) {
        Branch branch = tree_.branch(stamp);
        const auto old = branch.tree().find(path)->permissions().entries();
        std::vector<store::Permission> entries(old.begin(), old.end());
        entries.front() = {entries.front().access, 0, 0};
        branch.set_permissions(path, store::Permissions(entries));
        publish(branch);
    }
    for (const std::string& path : owned) {
        const store::Tree with = tree_.head();
        Branch branch = tree_.branch(stamp);
        branch.remove(path);
        publish(branch);
        announcer_.removed(with, tree_.head(), path);
    }
    std::vector<std::string_view> paths(owned.begin(), owned.end());
    paths.insert(paths.end(), special.begin(), special.end());
    history_->record({before, tree_.head(), {}, domain.ref, stamp, false, paths});
}

}  // namespace stemma::xenstored
