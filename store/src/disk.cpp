#include "disk.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "descriptor.hpp"

namespace stemma::store {
namespace {

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

class RealDisk final : public Disk {
  public:
    std::expected<void, Error> write_synced(const std::filesystem::path& file,
                                            std::string_view bytes) override {
        const Descriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444));
        if (fd.get() < 0) return failed("create", file);
        if (write_all(fd.get(), bytes) && ::fsync(fd.get()) == 0) return {};
        // After a failed fsync nobody knows what is on disk: the file goes, and is written anew.
        auto error = failed("write", file);
        ::unlink(file.c_str());
        return error;
    }

    std::expected<bool, Error> link(const std::filesystem::path& file,
                                    const std::filesystem::path& name) override {
        if (::link(file.c_str(), name.c_str()) == 0) return true;
        if (errno == EEXIST) return false;
        return failed("link to", name);
    }

    std::expected<void, Error> make_empty(const std::filesystem::path& file) override {
        const Descriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
        if (fd.get() < 0) return failed("create", file);
        return {};
    }

    std::expected<void, Error> rename(const std::filesystem::path& from,
                                      const std::filesystem::path& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename to", to);
        return {};
    }

    std::expected<void, Error> sync_directory(const std::filesystem::path& directory) override {
        const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd.get() < 0) return failed("open", directory);
        if (::fsync(fd.get()) != 0) return failed("sync", directory);
        return {};
    }

    void remove(const std::filesystem::path& file) override { ::unlink(file.c_str()); }
};

}  // namespace

Disk& real_disk() {
    static RealDisk disk;
    return disk;
}

}  // namespace stemma::store
