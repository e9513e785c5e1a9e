// Plays the corpus, or random sequences, to C xenstored, oxenstored and ours, and compares what
// they say.
//
//   conformance [--verbose] [--show] [--only TEXT] --work DIR --preload SO
//               --c FILE --ours FILE [--oxenstored FILE]
//               {--reasons FILE CORPUS-FILE... | --random FIRST-SEED SEQUENCES STEPS}
//
// Ours has to say what C says, byte for byte, but where the corpus marks a deliberate difference:
// there it has to say what the corpus says. What oxenstored says is counted only. Of a random
// sequence that fails the shortest part is printed that still does.
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "player.hpp"
#include "random_sequence.hpp"
#include "report.hpp"

namespace {

using namespace conformance;

struct Arguments {
    bool verbose = false;  // list where oxenstored differs
    bool show = false;     // print what C says
    std::string only;
    std::string work;
    std::string preload;
    std::string reasons;
    std::optional<Program> c;
    std::optional<Program> ours;
    std::optional<Program> oxenstored;
    std::vector<std::string> files;
    std::array<unsigned, 3> random{};  // first seed, sequences, steps
};

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "conformance: %s\n", why.c_str());
    std::exit(2);
}

Program oxenstored_program(const std::string& file) {
    return {"oxenstored",
            {file, "--no-fork", "--disable-socket", "--no-access-log", "--pid-file", "{}/pid",
             "--config-file", "{}/oxenstored.conf"},
            {}};
}

Arguments read_arguments(int argc, char** argv) {
    Arguments arguments;
    for (int at = 1; at < argc; ++at) {
        const std::string word = argv[at];
        const auto value = [&]() -> std::string {
            if (at + 1 >= argc) fail(word + " needs a value");
            return argv[++at];
        };
        if (word == "--verbose") {
            arguments.verbose = true;
        } else if (word == "--show") {
            arguments.show = true;
        } else if (word == "--only") {
            arguments.only = value();
        } else if (word == "--random") {
            for (unsigned& number : arguments.random)
                number = static_cast<unsigned>(std::atoi(value().c_str()));
        } else if (word == "--work") {
            arguments.work = value();
        } else if (word == "--preload") {
            arguments.preload = value();
        } else if (word == "--reasons") {
            arguments.reasons = value();
        } else if (word == "--c") {
            arguments.c = Program{"C xenstored", {value(), "--no-fork"}, {}};
        } else if (word == "--ours") {
            arguments.ours = Program{"ours", {value(), "--no-fork", "--no-repository"}, {}};
        } else if (word == "--oxenstored") {
            arguments.oxenstored = oxenstored_program(value());
        } else {
            arguments.files.push_back(word);
        }
    }
    return arguments;
}

void prepare_oxenstored(const std::string& directory) {
    std::ofstream(directory + "/oxenstored.conf")
        << "persistent = false\nxenstored-kva = /proc/xen/xsd_kva\n"
        << "xenstored-port = /proc/xen/xsd_port\nxenstored-log-file = " << directory << "/log\n"
        << "access-log-file = " << directory << "/access\npid-file = " << directory << "/pid\n";
}

class Runner {
  public:
    Runner(const Arguments& arguments, std::vector<Sequence> sequences)
        : arguments_(arguments), sequences_(std::move(sequences)), results_(sequences_.size()) {}

    // All sequences, by as many threads as keep the processors busy.
    void run() {
        std::vector<std::thread> workers;
        for (unsigned i = 0; i < 3; ++i)
            workers.emplace_back([this] { work(); });
        for (std::thread& worker : workers)
            worker.join();
    }

    const std::vector<Sequence>& sequences() const { return sequences_; }
    const std::vector<Result>& results() const { return results_; }

    Result play_to_all(const Sequence& sequence) {
        Result result;
        const std::string directory = arguments_.work + "/" + std::to_string(directories_++);
        result.c = play(arguments_.c, sequence, directory + "c", result);
        result.ours = play(arguments_.ours, sequence, directory + "o", result);
        if (!sequence.uses_sockets()) {  // oxenstored's socket has a fixed place
            result.oxenstored = play(arguments_.oxenstored, sequence, directory + "x", result);
        }
        return result;
    }

    // Leaves out steps as long as the rest still fails, and at the same step.
    Sequence shortest(Sequence sequence, std::size_t fault) {
        const std::string step = sequence.steps[fault].text;
        sequence.steps.resize(fault + 1);
        const auto fails = [&](const Sequence& tried) {
            const Result result = play_to_all(tried);
            if (!result.error.empty()) return false;
            const auto at = first_fault(tried, result);
            return at && tried.steps[*at].text == step;
        };
        for (std::size_t some = sequence.steps.size() / 2; some > 0; some /= 2) {
            for (std::size_t at = 0; at + some <= sequence.steps.size();) {
                Sequence tried = sequence;
                const auto first = tried.steps.begin() + static_cast<std::ptrdiff_t>(at);
                tried.steps.erase(first, first + static_cast<std::ptrdiff_t>(some));
                if (fails(tried)) {
                    sequence = std::move(tried);
                } else {
                    at += some;
                }
            }
        }
        return sequence;
    }

  private:
    void work() {
        for (std::size_t at = next_++; at < sequences_.size(); at = next_++)
            results_[at] = play_to_all(sequences_[at]);
    }

    // In a directory of its own: the kernel may take its time to release a killed daemon's lock.
    std::optional<Transcript> play(const std::optional<Program>& program, const Sequence& sequence,
                                   const std::string& directory, Result& result) {
        if (!program || !result.error.empty()) return std::nullopt;
        ::mkdir(directory.c_str(), 0700);
        prepare_oxenstored(directory);
        auto subject = Subject::start(*program, arguments_.preload, directory);
        if (!subject) {
            result.error = subject.error();
            return std::nullopt;
        }
        Player player(**subject);
        auto played = player.play(sequence);
        if (!played) {
            result.error = program->name + ": " + played.error();
            return std::nullopt;
        }
        result.requests = player.requests();
        return std::move(*played);
    }

    const Arguments& arguments_;
    std::vector<Sequence> sequences_;
    std::vector<Result> results_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<std::size_t> directories_ = 0;
};

// The exit status.
int play_random(const Arguments& arguments) {
    const auto [first, count, steps] = arguments.random;
    std::vector<Sequence> sequences;
    for (unsigned seed = first; seed < first + count; ++seed)
        sequences.push_back(random_sequence(seed, steps));
    Runner runner(arguments, std::move(sequences));
    runner.run();
    Report report({});
    for (std::size_t i = 0; i < runner.sequences().size(); ++i) {
        const Sequence& sequence = runner.sequences()[i];
        const Result& result = runner.results()[i];
        report.judge(sequence, result);
        if (!result.error.empty()) continue;
        const auto fault = first_fault(sequence, result);
        if (!fault) continue;
        const Sequence shortest = runner.shortest(sequence, *fault);
        show(shortest, runner.play_to_all(shortest));
    }
    return report.finish(arguments.verbose);
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = read_arguments(argc, argv);
    if (!arguments.c || !arguments.ours) fail("--c and --ours are needed");
    if (arguments.random[1] > 0) return play_random(arguments);
    std::vector<Sequence> sequences;
    std::set<std::string> names;
    for (const std::string& file : arguments.files) {
        auto read = read_sequences(file);
        if (!read) fail(read.error());
        for (Sequence& sequence : *read) {
            if (!names.insert(sequence.name).second) fail("two sequences: " + sequence.name);
            if (sequence.name.find(arguments.only) != std::string::npos ||
                sequence.file.find(arguments.only) != std::string::npos) {
                sequences.push_back(std::move(sequence));
            }
        }
    }
    Runner runner(arguments, std::move(sequences));
    runner.run();
    if (arguments.show) {
        for (std::size_t i = 0; i < runner.sequences().size(); ++i)
            show(runner.sequences()[i], runner.results()[i]);
        return 0;
    }
    auto reasons = read_reasons(arguments.reasons);
    if (!reasons) fail(reasons.error());
    Report report(std::move(*reasons));
    for (std::size_t i = 0; i < runner.sequences().size(); ++i)
        report.judge(runner.sequences()[i], runner.results()[i]);
    return report.finish(arguments.verbose);
}
