// A directory that goes when the test does, and the real git run on it.
#pragma once

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

namespace stemma::store::test {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        // Memory where there is some: tests sync a great deal, and a busy disk makes that slow.
        for (const std::filesystem::path& base :
             {std::filesystem::path("/dev/shm"), std::filesystem::temp_directory_path()}) {
            std::string name = (base / "stemma-store-XXXXXX").string();
            if (::mkdtemp(name.data()) == nullptr) continue;
            path_ = name;
            return;
        }
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const char* name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

struct Ran {
    int status = -1;
    std::string output;  // stdout and stderr
};

inline Ran run(const std::string& command) {
    Ran ran;
    // Whoever runs the tests may have any configuration; git must not see it, nor ask anybody.
    const std::string whole =
        "export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat "
        "GIT_TERMINAL_PROMPT=0 LC_ALL=C GIT_CONFIG_COUNT=1 "
        "GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'; (" +
        command + ") 2>&1 </dev/null";
    std::FILE* const pipe = ::popen(whole.c_str(), "r");
    if (pipe == nullptr) return ran;
    char buffer[4096];
    while (const std::size_t size = std::fread(buffer, 1, sizeof buffer, pipe)) {
        ran.output.append(buffer, size);
    }
    const int status = ::pclose(pipe);
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
}

inline Ran git(const std::filesystem::path& repository, const std::string& arguments) {
    return run("git -C '" + repository.string() + "' " + arguments);
}

}  // namespace stemma::store::test
