// Plays the corpus to C xenstored, oxenstored and ours, and compares what they say.
//
//   conformance [--verbose] [--show] [--only TEXT] --work DIR --preload SO --reasons FILE
//               --c FILE --ours FILE [--oxenstored FILE] CORPUS-FILE...
//
// Ours has to say what C says, byte for byte, but where the corpus marks a deliberate difference:
// there it has to say what the corpus says. What oxenstored says is counted only.
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "player.hpp"

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

struct Result {
    std::optional<Transcript> c, ours, oxenstored;
    std::size_t requests = 0;
    std::string error;
};

class Runner {
  public:
    Runner(const Arguments& arguments, std::vector<Sequence> sequences)
        : arguments_(arguments), sequences_(std::move(sequences)), results_(sequences_.size()) {}

    void run() {
        std::vector<std::thread> workers;
        for (unsigned i = 0; i < 3; ++i)
            workers.emplace_back([this] { work(); });
        for (std::thread& worker : workers)
            worker.join();
    }

    const std::vector<Sequence>& sequences() const { return sequences_; }
    const std::vector<Result>& results() const { return results_; }

  private:
    void work() {
        for (std::size_t at = next_++; at < sequences_.size(); at = next_++) {
            const Sequence& sequence = sequences_[at];
            Result& result = results_[at];
            const std::string directory = arguments_.work + "/" + std::to_string(at);
            result.c = play(arguments_.c, sequence, directory + "c", result);
            result.ours = play(arguments_.ours, sequence, directory + "o", result);
            if (sequence.uses_sockets()) continue;  // oxenstored's socket has a fixed place
            result.oxenstored = play(arguments_.oxenstored, sequence, directory + "x", result);
        }
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
};

void print_lines(const char* mark, const std::vector<std::string>& lines) {
    constexpr std::size_t shown = 200;
    for (const std::string& line : lines)
        std::printf("      %s %s%s\n", mark, line.substr(0, shown).c_str(),
                    line.size() > shown ? "…" : "");
    if (lines.empty()) std::printf("      %s (nothing)\n", mark);
}

const std::vector<std::string>& at(const Transcript& transcript, std::size_t step) {
    static const std::vector<std::string> none;
    return step < transcript.size() ? transcript[step] : none;
}

// A line of the corpus that ends in "…" says how a line has to begin.
bool as_wanted(const std::vector<std::string>& lines, const std::vector<std::string>& wanted) {
    constexpr std::string_view and_so_on = "…";
    return std::ranges::equal(lines, wanted, [&](const std::string& line, std::string_view want) {
        if (!want.ends_with(and_so_on)) return line == want;
        return line.starts_with(want.substr(0, want.size() - and_so_on.size()));
    });
}

class Report {
  public:
    explicit Report(std::map<std::string, std::string> reasons) : reasons_(std::move(reasons)) {}

    void judge(const Sequence& sequence, const Result& result) {
        ++sequences_;
        requests_ += result.requests;
        if (!result.error.empty()) {
            wrong(sequence, result.error);
            return;
        }
        bool deliberate = false;
        bool good = true;
        for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
            const Step& step = sequence.steps[i];
            const auto& c = at(*result.c, i);
            const auto& ours = at(*result.ours, i);
            const bool marked = !step.difference.empty();
            if (marked) {
                deliberate = true;
                ++uses_[step.difference];
                if (!reasons_.contains(step.difference)) {
                    wrong(sequence, "no reason is called '" + step.difference + "'");
                    good = false;
                }
            }
            if (c != ours && (!marked || !as_wanted(ours, step.ours))) {
                wrong(sequence, std::to_string(step.line) + ": " + step.text);
                print_lines("C   ", c);
                print_lines("ours", ours);
                if (marked) print_lines("want", step.ours);
                good = false;
                break;  // what follows, follows from it
            }
            if (c == ours && marked && !step.by_chance) {
                wrong(sequence, std::to_string(step.line) +
                                    ": marked as a difference, and there is none: " + step.text);
                good = false;
            }
        }
        if (good) ++(deliberate ? differing_ : identical_);
        if (result.oxenstored) {
            ++oxenstored_played_;
            if (*result.oxenstored != *result.c) oxenstored_differs_.push_back(&sequence);
        }
    }

    int finish(bool verbose) {
        for (const auto& [reason, text] : reasons_) {
            if (!uses_.contains(reason)) {
                std::printf("FAILED: nothing shows the difference '%s'\n", reason.c_str());
                failed_ = true;
            }
        }
        std::printf(
            "%zu sequences, %zu requests: %zu identical to C xenstored 4.17, "
            "%zu with deliberate differences, %zu wrong\n",
            sequences_, requests_, identical_, differing_, sequences_ - identical_ - differing_);
        std::printf("deliberate differences:\n");
        for (const auto& [reason, count] : uses_)
            std::printf("  %s (%zu): %s\n", reason.c_str(), count, reasons_[reason].c_str());
        if (oxenstored_played_ > 0) {
            std::printf("oxenstored 4.17, for comparison: %zu of %zu sequences are as C's\n",
                        oxenstored_played_ - oxenstored_differs_.size(), oxenstored_played_);
            for (const Sequence* sequence : oxenstored_differs_) {
                if (verbose)
                    std::printf("  differs: %s: %s\n", sequence->file.c_str(),
                                sequence->name.c_str());
            }
        }
        return failed_ ? 1 : 0;
    }

  private:
    void wrong(const Sequence& sequence, const std::string& why) {
        std::printf("FAILED: %s:%d: %s\n    %s\n", sequence.file.c_str(), sequence.line,
                    sequence.name.c_str(), why.c_str());
        failed_ = true;
    }

    std::map<std::string, std::string> reasons_;
    std::map<std::string, std::size_t> uses_;
    std::size_t sequences_ = 0, requests_ = 0, identical_ = 0, differing_ = 0;
    std::size_t oxenstored_played_ = 0;
    std::vector<const Sequence*> oxenstored_differs_;
    bool failed_ = false;
};

void show(const Sequence& sequence, const Result& result) {
    std::printf("== %s (%s:%d)\n", sequence.name.c_str(), sequence.file.c_str(), sequence.line);
    if (!result.error.empty()) std::printf("    %s\n", result.error.c_str());
    for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
        std::printf("  %s\n", sequence.steps[i].text.c_str());
        if (result.c) print_lines("C   ", at(*result.c, i));
        if (result.ours && (!result.c || at(*result.ours, i) != at(*result.c, i))) {
            print_lines("ours", at(*result.ours, i));
        }
        if (result.oxenstored && result.c && at(*result.oxenstored, i) != at(*result.c, i)) {
            print_lines("ox  ", at(*result.oxenstored, i));
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = read_arguments(argc, argv);
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
    if (!arguments.c || !arguments.ours) fail("--c and --ours are needed");
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
