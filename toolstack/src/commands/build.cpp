#include <unistd.h>

#include <deque>
#include <filesystem>

#include "commands.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/image_path.hpp"
#include "toolstack/run_program.hpp"
#include "toolstack/source_tree.hpp"
#include "toolstack/spelling.hpp"

namespace stemma::toolstack {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> no_such_image(const std::string& name) {
    const auto near = closest(name, own_images);
    return failure(ErrorKind::usage, "build", name, "the images are nat, dns and probe",
                   near.empty() ? "" : "did you mean " + std::string(near) + '?');
}

// What a build says: to a person at a terminal as it goes on, and its end to whoever gets an error.
class BuildLog {
  public:
    explicit BuildLog(bool shown) : shown_(shown) {}

    void line(std::string_view text) {
        if (shown_) std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
        if (last_.size() == kept_max) last_.pop_front();
        last_.emplace_back(text);
    }
    std::string end() const {
        std::string text;
        for (const auto& line : last_)
            text += "\n  " + line;
        return text;
    }

  private:
    static constexpr std::size_t kept_max = 20;
    bool shown_;
    std::deque<std::string> last_;
};

Result<void> run_cmake(const SourceTree& tree, const std::vector<std::string>& arguments,
                       BuildLog& log) {
    std::vector<std::string> words{"cmake"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const std::string next = tree.source + "/scripts/setup installs what a build needs";
    const auto status =
        run_program(words, tree.source, [&](std::string_view line) { log.line(line); });
    if (!status) {
        Error error = status.error();
        error.next = next;
        return std::unexpected(std::move(error));
    }
    if (*status == 0) return {};
    return failure(ErrorKind::failed, "build", "in " + tree.build,
                   "cmake ended with status " + std::to_string(*status) + ':' + log.end(), next);
}

// In one step, since a guest may be created from it at any moment.
Result<void> put(const fs::path& from, const fs::path& to) {
    std::error_code error;
    if (fs::equivalent(from, to, error)) return {};
    const fs::path made = to.string() + ".new";
    fs::copy_file(from, made, fs::copy_options::overwrite_existing, error);
    if (!error) fs::rename(made, to, error);
    if (!error) return {};
    std::error_code ignored;
    fs::remove(made, ignored);
    return failure(ErrorKind::failed, "write", to.string(), error.message(),
                   "--output-file names another place");
}

}  // namespace

Result<int> run_build(Invocation& call) {
    const std::string& image = call.words[0];
    if (!is_own_image(image)) return no_such_image(image);
    const auto tree = find_source_tree();
    if (!tree) return std::unexpected(tree.error());

    BuildLog log(!call.printer.is_json() && ::isatty(STDERR_FILENO) != 0);
    std::error_code error;
    if (!fs::exists(tree->build + "/CMakeCache.txt", error)) {
        const auto configured = run_cmake(*tree, {"--preset", "release"}, log);
        if (!configured) return std::unexpected(configured.error());
    }
    const auto built =
        run_cmake(*tree, {"--build", tree->build, "--target", image + "_image", image}, log);
    if (!built) return std::unexpected(built.error());

    const fs::path from = fs::path(tree->build) / "guests";
    std::vector<std::pair<std::string, fs::path>> files;  // its name in `from`, where it goes
    const std::string output = call.value("output-file", "");
    if (!output.empty()) {
        files.emplace_back(image + ".elf", output);
    } else {
        const fs::path guests = guest_directory();
        fs::create_directories(guests, error);
        files = {{image + ".elf", guests / (image + ".elf")}, {image, guests / image}};
    }
    Json paths = Json::array();
    for (const auto& [name, to] : files) {
        const auto done = put(from / name, to);
        if (!done) return std::unexpected(done.error());
        call.printer.line(to.string());
        paths.push(to.string());
    }
    call.printer.document(Json::object().set("image", image).set("files", std::move(paths)));
    return 0;
}

}  // namespace stemma::toolstack
