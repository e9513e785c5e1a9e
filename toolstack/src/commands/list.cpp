#include <set>

#include "commands.hpp"
#include "text_table.hpp"
#include "toolstack/configuration_store.hpp"

namespace stemma::toolstack {

namespace {

std::string seconds(std::uint64_t microseconds) {
    const auto hundredths = microseconds / 10'000;
    const std::string rest = std::to_string(hundredths % 100);
    return std::to_string(hundredths / 100) + '.' + (rest.size() < 2 ? "0" : "") + rest;
}

}  // namespace

Result<int> run_list(Invocation& call) {
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    const auto configuration = load_configuration(**store);
    if (!configuration) return std::unexpected(configuration.error());
    const auto domains = (*platform)->domains();
    if (!domains) return std::unexpected(domains.error());

    std::vector<std::vector<std::string>> rows{{"Name", "ID", "Image", "Mem", "State", "CPU(s)"}};
    Json list = Json::array();
    std::set<std::string> running;
    const auto image_of = [&](const std::string& name) -> std::string {
        const auto guest = configuration->guests.find(name);
        return guest == configuration->guests.end() ? "" : guest->second.image;
    };
    for (const auto& domain : *domains) {
        running.insert(domain.name);
        rows.push_back({domain.name, std::to_string(domain.id), image_of(domain.name),
                        std::to_string(domain.memory), std::string(name(domain.state)),
                        seconds(domain.cpu_microseconds)});
        list.push(Json::object()
                      .set("name", domain.name)
                      .set("domain", domain.id)
                      .set("uuid", domain.uuid)
                      .set("image", image_of(domain.name))
                      .set("memory", domain.memory)
                      .set("state", name(domain.state))
                      .set("cpu-microseconds", static_cast<std::int64_t>(domain.cpu_microseconds)));
    }
    for (const auto& [name, guest] : configuration->guests) {
        if (running.contains(name)) continue;
        rows.push_back({name, "-", guest.image, std::to_string(guest.memory), "stopped", "-"});
        list.push(Json::object()
                      .set("name", name)
                      .set("domain", Json())
                      .set("image", guest.image)
                      .set("memory", guest.memory)
                      .set("state", "stopped"));
    }
    for (const auto& line : align(rows))
        call.printer.line(line);
    call.printer.document(Json::object().set("guests", std::move(list)));
    return 0;
}

}  // namespace stemma::toolstack
