// Features and quotas of single domains: operations 23 to 26, from Xen 4.21 and 4.22.
#include <charconv>
#include <string>

#include "xenstored/payload.hpp"
#include "xenstored/quota.hpp"
#include "xenstored/server.hpp"

namespace stemma::xenstored {

namespace {

using xs::Error;

Answer number(std::size_t value) {
    return text_answer(std::to_string(value));
}

}  // namespace

// A domid in decimal and nothing else, of a domain that exists.
std::expected<Domain*, Error> Server::existing_domain(std::string_view text) {
    unsigned domid = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, domid);
    if (error != std::errc() || stopped != end || domid > 0xffff) {
        return std::unexpected(Error::einval);
    }
    hypervisor_->poll_events();
    Domain* const domain = domains_.find_or_enter(static_cast<long>(domid));
    if (domain == nullptr) return std::unexpected(Error::enoent);
    return domain;
}

Answer Server::get_feature(const Connection& connection, std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.empty()) return number(connection.caller.features & all_features);
    if (!connection.caller.privileged) return std::unexpected(Error::eacces);
    if (parts.size() > 1) return std::unexpected(Error::einval);
    const auto domain = existing_domain(parts[0]);
    if (!domain) return std::unexpected(domain.error());
    return number((*domain)->features);
}

Answer Server::set_feature(std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.size() != 2) return std::unexpected(Error::einval);
    const auto domain = existing_domain(parts[0]);
    if (!domain) return std::unexpected(domain.error());
    if ((*domain)->introduced) return std::unexpected(Error::ebusy);
    const auto features = static_cast<std::uint32_t>(leading_number(parts[1]));
    if ((features & ~all_features) != 0) return std::unexpected(Error::einval);
    (*domain)->features = features;
    if (records_.is_on()) records_.domain(state_of(**domain));
    return acknowledged();
}

Answer Server::get_quota(std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.size() > 2) return std::unexpected(Error::einval);
    if (parts.empty()) return text_answer(std::string(quota_names()));
    const Limits* limits = &domains_.limits();
    if (parts.size() == 2) {
        const auto domain = existing_domain(parts[0]);
        if (!domain) return std::unexpected(domain.error());
        limits = &(*domain)->limits;
    }
    const Quota* const quota = find_quota(parts.back());
    if (quota == nullptr) return std::unexpected(Error::einval);
    return number(limits->*quota->value);
}

Answer Server::set_quota(std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.size() < 2 || parts.size() > 3) return std::unexpected(Error::einval);
    Domain* domain = nullptr;
    if (parts.size() == 3) {
        const auto named = existing_domain(parts[0]);
        if (!named) return std::unexpected(named.error());
        domain = *named;
    }
    const Quota* const quota = find_quota(parts[parts.size() - 2]);
    const int value = leading_number(parts.back());
    if (quota == nullptr || value < 0) return std::unexpected(Error::einval);
    if (domain != nullptr) {
        DomainTable::set_limit(*domain, *quota, static_cast<std::size_t>(value));
    } else {
        domains_.set_limit_of_new_domains(*quota, static_cast<std::size_t>(value));
    }
    limits_changed();
    return acknowledged();
}

}  // namespace stemma::xenstored
