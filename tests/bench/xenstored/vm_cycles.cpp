// N virtual machines started, shut down and destroyed at once, as toolstacks do it: each by a
// client of its own, in 6 transactions and about 130 requests. The clients take turns request by
// request, so that all N transactions are open together; one that ends in EAGAIN is done again from
// its start.
//
//   bench_vm_cycles LIMIT N... -- NAME=SOCKET...
//
// Prints for each daemon and N the seconds, how many transactions were done again, and the daemon's
// processor time. A daemon that took more than LIMIT seconds for one N is not given the larger
// ones.
#include <poll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "process_behind.hpp"
#include "raw_client.hpp"
#include "xs_wire/message.hpp"

namespace {

using namespace stemma;
using bench::fail;
using xs::MessageType;
using Clock = std::chrono::steady_clock;

struct Request {
    MessageType type;
    std::string payload;
};

// Requests between START and END; those outside a transaction are a step without one.
struct Step {
    bool transaction;
    std::vector<Request> requests;
};

class Script {
  public:
    explicit Script(bool transaction) { step_.transaction = transaction; }
    Script& read(const std::string& path) { return add(MessageType::read, path + '\0'); }
    Script& list(const std::string& path) { return add(MessageType::directory, path + '\0'); }
    Script& remove(const std::string& path) { return add(MessageType::rm, path + '\0'); }
    Script& make(const std::string& path, const std::string& owner) {
        add(MessageType::mkdir, path + '\0');
        return permit(path, owner);
    }
    Script& permit(const std::string& path, const std::string& owner) {
        return add(MessageType::set_perms, path + '\0' + owner);
    }
    Script& write(const std::string& path, std::string_view value) {
        return add(MessageType::write, (path + '\0').append(value));
    }
    Step take() { return std::move(step_); }

  private:
    Script& add(MessageType type, std::string payload) {
        step_.requests.push_back({type, std::move(payload)});
        return *this;
    }
    Step step_;
};

// What libxl does for a guest with a console and a network interface.
std::vector<Step> life_of(int number) {
    const std::string id = std::to_string(number);
    const std::string domain = "/local/domain/" + id;
    const std::string machine =
        "/vm/00000000-0000-0000-0000-" + std::string(12 - id.size(), '0') + id;
    const std::string libxl = "/libxl/" + id;
    const std::string guest = "n" + id + '\0';
    const std::string shared = "n0" + std::string(1, '\0') + "r" + id + '\0';
    std::vector<Step> steps;

    Script create(true);
    create.remove(domain).make(domain, shared).make(machine, shared).make(libxl, shared);
    create.write(machine + "/name", "vm" + id).write(machine + "/uuid", machine.substr(4));
    create.write(domain + "/vm", machine).write(domain + "/name", "vm" + id);
    create.write(domain + "/domid", id).write(domain + "/memory/target", "131072");
    create.write(domain + "/memory/static-max", "131072").write(domain + "/store/port", "1");
    create.write(domain + "/store/ring-ref", "1044476")
        .write(domain + "/cpu/0/availability", "online");
    for (const char* const node : {"device", "control", "drivers", "feature", "attr", "data"})
        create.make(domain + '/' + node, guest);
    create.write(domain + "/control/platform-feature-xs_reset_watches", "1");
    create.write(libxl + "/type", "pvh").write(libxl + "/dm-version", "qemu_xen");
    steps.push_back(create.take());

    const auto device = [&](const std::string& kind, int port) {
        const std::string front = domain + "/device/" + kind + "/0";
        const std::string back = "/local/domain/0/backend/" + kind + '/' + id + "/0";
        Script add(true);
        add.read(libxl + "/type").make(front, guest).make(back, shared);
        add.make(libxl + "/device/" + kind + "/0", shared);
        add.write(front + "/backend", back).write(front + "/backend-id", "0");
        add.write(front + "/state", "1").write(front + "/handle", "0");
        add.write(front + "/mac", "00:16:3e:00:00:01");
        add.write(back + "/frontend", front).write(back + "/frontend-id", id);
        add.write(back + "/online", "1").write(back + "/state", "1");
        add.write(back + "/script", "/etc/xen/scripts/vif-bridge")
            .write(back + "/bridge", "xenbr0");
        add.write(back + "/handle", "0").write(back + "/type", kind).write(back + "/mtu", "1500");
        steps.push_back(add.take());
        Script connect(false);
        connect.read(front + "/state").write(back + "/state", "2");
        connect.write(front + "/ring-ref", "8").write(front + "/port", std::to_string(port));
        connect.write(front + "/state", "4").write(back + "/state", "4");
        connect.write(back + "/hotplug-status", "connected").read(back + "/state");
        steps.push_back(connect.take());
    };
    device("vif", 5);
    device("console", 6);

    Script shut_down(true);
    shut_down.read(domain + "/control/platform-feature-xs_reset_watches");
    shut_down.write(domain + "/control/shutdown", "poweroff");
    steps.push_back(shut_down.take());
    Script obey(false);
    obey.read(domain + "/control/shutdown").write(domain + "/control/shutdown", "");
    obey.list(domain + "/device").list(domain + "/device/vif");
    steps.push_back(obey.take());

    Script unplug(true);
    for (const char* const kind : {"vif", "console"}) {
        const std::string back = std::string("/local/domain/0/backend/") + kind + '/' + id;
        unplug.read(back + "/0/state").write(back + "/0/online", "0").write(back + "/0/state", "6");
        unplug.remove(back).remove(domain + "/device/" + kind).remove(libxl + "/device/" + kind);
    }
    steps.push_back(unplug.take());
    Script destroy(true);
    destroy.list(domain).read(domain + "/vm");
    destroy.remove(machine).remove(domain).remove(libxl);
    steps.push_back(destroy.take());
    return steps;
}

// One client, working through its steps with one request under way.
class Machine {
  public:
    Machine(const char* path, int number) : steps_(life_of(number)), client_(path) {}

    int fd() const { return client_.fd(); }
    bool is_done() const { return step_ == steps_.size(); }
    int repeated() const { return repeated_; }

    void begin() {
        begin_step();
        send_next();
    }

    void receive() {
        const bench::RawClient::Reply reply = client_.receive();
        answered(reply.error, reply.payload);
        if (!is_done()) send_next();
    }

  private:
    enum class At { start, inside, end };

    void answered(bool error, std::string_view payload) {
        const Step& step = steps_[step_];
        switch (at_) {
            case At::start:
                if (error) fail("TRANSACTION_START: " + std::string(payload));
                transaction_ = static_cast<std::uint32_t>(std::atol(payload.data()));
                at_ = At::inside;
                break;
            case At::inside:
                if (error && !payload.starts_with("ENOENT")) {
                    fail("request " + std::to_string(request_) + ": " + std::string(payload));
                }
                if (++request_ == step.requests.size()) {
                    if (step.transaction) {
                        at_ = At::end;
                    } else {
                        next_step();
                    }
                }
                break;
            case At::end:
                if (!error) {
                    next_step();
                } else if (payload.starts_with("EAGAIN")) {
                    ++repeated_;
                    begin_step();
                } else {
                    fail("TRANSACTION_END: " + std::string(payload));
                }
                break;
        }
    }
    void next_step() {
        ++step_;
        if (!is_done()) begin_step();
    }
    void begin_step() {
        at_ = steps_[step_].transaction ? At::start : At::inside;
        request_ = 0;
        transaction_ = 0;
    }
    void send_next() {
        switch (at_) {
            case At::start:
                return send(MessageType::transaction_start, std::string_view("", 1));
            case At::inside: {
                const Request& request = steps_[step_].requests[request_];
                return send(request.type, request.payload);
            }
            case At::end:
                return send(MessageType::transaction_end, std::string_view("T", 2));
        }
    }
    void send(MessageType type, std::string_view payload) {
        client_.send(type, payload, transaction_);
    }

    std::vector<Step> steps_;
    std::size_t step_ = 0;
    std::size_t request_ = 0;
    std::uint32_t transaction_ = 0;
    At at_ = At::inside;
    int repeated_ = 0;
    bench::RawClient client_;
};

struct Result {
    double seconds;
    int repeated;
    double processor;
};

Result run(const char* socket, int count) {
    std::vector<std::unique_ptr<Machine>> machines;
    std::vector<pollfd> waiting;
    for (int i = 0; i < count; ++i) {
        machines.push_back(std::make_unique<Machine>(socket, i + 1));
        waiting.push_back({machines.back()->fd(), POLLIN, 0});
    }
    const pid_t process = bench::process_behind(socket);
    const double before = bench::processor_time(process);
    const auto start = Clock::now();
    for (const auto& machine : machines)
        machine->begin();
    int left = count;
    while (left > 0) {
        if (::poll(waiting.data(), waiting.size(), -1) < 0) fail("poll");
        for (std::size_t i = 0; i < waiting.size(); ++i) {
            if (waiting[i].revents == 0) continue;
            machines[i]->receive();
            if (machines[i]->is_done()) {
                waiting[i].fd = -1;
                --left;
            }
        }
    }
    Result result{std::chrono::duration<double>(Clock::now() - start).count(), 0,
                  (bench::processor_time(process) - before) / 1e6};
    for (const auto& machine : machines)
        result.repeated += machine->repeated();
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<int> counts;
    int at = 2;
    for (; at < argc && std::string_view(argv[at]) != "--"; ++at)
        counts.push_back(std::atoi(argv[at]));
    if (argc < 2 || counts.empty() || ++at >= argc) {
        fail("usage: bench_vm_cycles LIMIT N... -- NAME=SOCKET...");
    }
    const double limit = std::atof(argv[1]);
    std::size_t requests = 0, transactions = 0;
    for (const Step& step : life_of(1)) {
        requests += step.requests.size() + (step.transaction ? 2 : 0);
        transactions += step.transaction;
    }
    std::printf("  one cycle: %zu requests, %zu transactions\n", requests, transactions);
    std::printf("  %-22s %6s %10s %12s %16s\n", "", "N", "seconds", "done again", "daemon's CPU s");
    for (int n = at; n < argc; ++n) {
        const std::string_view word = argv[n];
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) fail("NAME=SOCKET expected");
        const std::string name(word.substr(0, equals));
        // As every host has it, from its own domain 0 on.
        bench::RawClient(argv[n] + equals + 1)
            .demand(MessageType::mkdir, std::string_view("/local/domain/0", 16));
        for (const int count : counts) {
            const Result result = run(argv[n] + equals + 1, count);
            std::printf("  %-22s %6d %10.2f %12d %16.2f\n", name.c_str(), count, result.seconds,
                        result.repeated, result.processor);
            std::fflush(stdout);
            if (result.seconds > limit) break;
        }
    }
    return 0;
}
