#include "toolstack/xen/libxl_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <thread>

#include "toolstack/file_text.hpp"
#include "toolstack/json.hpp"

namespace stemma::toolstack {

namespace {

constexpr char memory_lock[] = "/run/lock/xl";
constexpr std::size_t history_bytes_max = 1u << 20;
constexpr long reuse_seconds = 60;  // LIBXL_DOMID_REUSE_TIMEOUT
constexpr std::chrono::seconds lock_limit{60};

long now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

std::string history(const LibxlPlaces& places) {
    return places.run + "/domid-history";
}

// Lines "SECONDS DOMID", those of the last minute.
std::string recent_lines(const LibxlPlaces& places) {
    std::istringstream text(read_file_text(history(places), history_bytes_max).value_or(""));
    std::string lines;
    long seconds = 0;
    unsigned domain = 0;
    while (text >> seconds >> domain) {
        if (now() - seconds > reuse_seconds) continue;
        lines += std::to_string(seconds) + ' ' + std::to_string(domain) + '\n';
    }
    return lines;
}

Result<void> replace_file(const std::string& path, std::string_view text) {
    const std::string fresh = path + ".new";
    Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file ||
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::rename(fresh.c_str(), path.c_str()) != 0) {
        return system_failure("write", path, errno);
    }
    return {};
}

// libxl removes a lock file when it lets go of it: who waited for that one has to begin again.
Result<Descriptor> lock_history(const std::string& path) {
    for (;;) {
        Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
        struct stat held {
        }, there{};
        if (!file || ::flock(file.get(), LOCK_EX) != 0 || ::fstat(file.get(), &held) != 0) {
            return system_failure("lock", path, errno);
        }
        if (::stat(path.c_str(), &there) == 0 && there.st_ino == held.st_ino &&
            there.st_dev == held.st_dev) {
            return file;
        }
    }
}

// libxl's names: userdata-KIND.DOMID.UUID.WHAT, of kind d where it is data and l where it is a
// lock.
std::string user_data(xs::DomainId domain, std::string_view uuid) {
    return '.' + std::to_string(domain) + '.' + std::string(uuid) + '.';
}

}  // namespace

Result<Descriptor> lock_xl_memory() {
    Descriptor file(::open(memory_lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return system_failure("open xl's lock", memory_lock, errno);
    const auto end = std::chrono::steady_clock::now() + lock_limit;
    for (;;) {
        struct flock whole {};
        whole.l_type = F_WRLCK;
        if (::fcntl(file.get(), F_SETLK, &whole) == 0) return file;
        if (errno != EACCES && errno != EAGAIN && errno != EINTR) {
            return system_failure("take xl's lock", memory_lock, errno);
        }
        if (std::chrono::steady_clock::now() >= end) {
            return failure(ErrorKind::refused, "take xl's lock", memory_lock,
                           "an xl has held it for a minute",
                           "see what it does: fuser -v " + std::string(memory_lock));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

bool is_recent_domain_id(xs::DomainId domain, const LibxlPlaces& places) {
    return recent_lines(places).find(' ' + std::to_string(domain) + '\n') != std::string::npos;
}

Result<void> mark_recent_domain_id(xs::DomainId domain, const LibxlPlaces& places) {
    const std::string lock_path = history(places) + ".lock";
    const auto lock = lock_history(lock_path);
    if (!lock) return std::unexpected(lock.error());
    auto written = replace_file(history(places), recent_lines(places) + std::to_string(now()) +
                                                     ' ' + std::to_string(domain) + '\n');
    ::unlink(lock_path.c_str());
    return written;
}

Result<void> write_libxl_configuration(xs::DomainId domain, const LibxlDomain& configuration,
                                       const LibxlPlaces& places) {
    const std::int64_t kilobytes = std::int64_t{configuration.memory} * 1024;
    const std::string type = configuration.paravirtual ? "pv" : "pvh";
    Json available = Json::array();
    for (std::uint32_t i = 0; i < configuration.vcpus; ++i)
        available.push(i);
    const Json json = Json::object()
                          .set("c_info", Json::object()
                                             .set("type", type)
                                             .set("name", configuration.name)
                                             .set("uuid", configuration.uuid))
                          .set("b_info", Json::object()
                                             .set("max_vcpus", configuration.vcpus)
                                             .set("avail_vcpus", std::move(available))
                                             .set("max_memkb", kilobytes)
                                             .set("target_memkb", kilobytes)
                                             .set("kernel", configuration.kernel)
                                             .set("cmdline", configuration.command_line)
                                             .set("type." + type, Json::object()));
    return replace_file(
        places.library + "/userdata-d" + user_data(domain, configuration.uuid) + "libxl-json",
        json.text());
}

void remove_libxl_files(xs::DomainId domain, std::string_view uuid, const LibxlPlaces& places) {
    std::error_code error;
    const std::string middle = user_data(domain, uuid);
    for (const auto& entry : std::filesystem::directory_iterator(places.library, error)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("userdata-") && name.find(middle) != std::string::npos) {
            std::filesystem::remove(entry.path(), error);
        }
    }
}

}  // namespace stemma::toolstack
