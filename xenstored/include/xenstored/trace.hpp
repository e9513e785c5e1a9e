#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "xenstored/connection_id.hpp"
#include "xenstored/descriptor.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

// -T: a line for each request and each message sent, as C writes it:
//
//   CREATE connection 0x1
//   IN 0x1 20261121 20:28:13 READ (/local/domain/0/name )
//   OUT 0x1 20261121 20:28:13 READ (Domain-0)
//
// The number after IN and OUT tells one connection from another; NULs appear as blanks. Without a
// file it costs a comparison.
class Trace {
  public:
    // Classes of lines, switched by "+io", "-io" and so on; obj and io are on at first. There is no
    // TDB here: the switch of that name is there for scripts that set it.
    enum class Class : std::uint8_t { obj = 1, io = 2, wrl = 4, acc = 8, tdb = 16 };

    Trace() = default;
    // Appends to `path`, mode 0600.
    static std::expected<Trace, std::string> open(const std::string& path);

    // Another file from now on (`log` on or off applies to it); false if it cannot be opened.
    bool set_file(std::string path);
    // `log on`, and SIGHUP after a log rotation: begins the file of that name anew or goes on with
    // it. Nothing if none was named.
    void reopen();
    void close() { file_.reset(); }
    const std::string& path() const { return path_; }
    std::uint8_t classes() const { return classes_; }
    void set_classes(std::uint8_t classes) { classes_ = classes; }
    bool is_open() const { return static_cast<bool>(file_); }

    // False if there is no such switch.
    bool set_switch(std::string_view text);

    bool shows(Class wanted) const {
        return file_ && (classes_ & static_cast<std::uint8_t>(wanted)) != 0;
    }

    void in(ConnectionId connection, xs::MessageType type, std::string_view payload) {
        if (shows(Class::io)) line("IN", connection, type, payload);
    }
    void out(ConnectionId connection, xs::MessageType type, std::string_view payload) {
        if (shows(Class::io)) line("OUT", connection, type, payload);
    }
    // A "connection", "watch" or "transaction" comes or goes.
    void created(std::string_view kind, std::uint64_t number) { object("CREATE ", kind, number); }
    void destroyed(std::string_view kind, std::uint64_t number) {
        object("DESTROY ", kind, number);
    }
    // A line of its own, without its end.
    void note(Class of, std::string_view text);

    // Lines for whom the classes do not matter, such as a report that was asked for. Opens the file
    // for them if `log off` closed it; false if there is none.
    bool append(std::string_view lines);

  private:
    void line(std::string_view direction, ConnectionId connection, xs::MessageType type,
              std::string_view payload);
    void object(std::string_view what, std::string_view kind, std::uint64_t number);
    void write(std::string_view text);

    std::string path_;
    Descriptor file_;
    std::uint8_t classes_ =
        static_cast<std::uint8_t>(Class::obj) | static_cast<std::uint8_t>(Class::io);
};

// "READ", "WATCH_EVENT"; "**UNKNOWN**" for what is no operation.
std::string_view operation_name(xs::MessageType type);

// A file that a privileged client or the command line named, for appending. Does not wait for the
// other end of a FIFO.
Descriptor open_log_file(const std::string& path);

}  // namespace stemma::xenstored
