#include "toolstack/xl_guest.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "temporary_directory.hpp"

namespace stemma::toolstack {

namespace {

// A folder with a kernel, a ramdisk and our own images, which files are read in.
class Folder {
  public:
    Folder() {
        std::filesystem::create_directory(directory_ / "images");
        for (const char* name : {"kernel", "ramdisk", "images/nat.elf"})
            std::ofstream(directory_ / name) << "x";
    }
    std::expected<XlGuest, std::vector<FileFault>> read(const std::string& text) const {
        return read_xl_guest(text, "f", {directory_.path(), directory_ / "images", {"xenbr0"}});
    }
    Guest guest(const std::string& lines) const {
        const auto found = read("name = 'g'\nkernel = 'kernel'\n" + lines);
        if (!found) FAIL(to_string(found.error().front()));
        return found->guest;
    }
    // All that is wrong with these lines, which begin with line 1.
    std::vector<std::string> faults(const std::string& lines) const {
        const auto found = read(lines + "\nname = 'g'\nkernel = 'kernel'\n");
        std::vector<std::string> texts;
        if (!found) {
            for (const auto& fault : found.error())
                texts.push_back(to_string(fault));
        }
        return texts;
    }
    std::string fault(const std::string& lines) const {
        const auto all = faults(lines);
        return all.size() == 1 ? all.front() : std::to_string(all.size()) + " faults";
    }
    std::string path(const std::string& name) const { return directory_ / name; }

  private:
    TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE(
    "a file of name and kernel is a PV guest of 32 MB, as with xl, and is not started by apply") {
    const Folder folder;
    const auto read = folder.read("name = 'g'\nkernel = 'kernel'\n");
    REQUIRE(read);
    CHECK(read->name == "g");
    CHECK(read->guest == Guest{.image = folder.path("kernel"),
                               .type = GuestType::pv,
                               .memory = 32,
                               .autostart = false});
}

TEST_CASE("each key that is taken means what it means to xl") {
    const Folder folder;
    CHECK(folder.guest("type = 'pvh'").type == GuestType::pvh);
    CHECK(folder.guest("memory = 64\nmaxmem = 64").memory == 64);
    CHECK(folder.guest("memory = 0x40").memory == 64);
    CHECK(folder.guest("ramdisk = 'images/../ramdisk'").ramdisk == folder.path("ramdisk"));
    CHECK(folder.guest("ramdisk = '" + folder.path("ramdisk") + '\'').ramdisk ==
          folder.path("ramdisk"));
    CHECK(folder.guest("extra = 'a b'").arguments == "a b");
    CHECK(folder.guest("root = '/dev/xvda'").arguments == "root=/dev/xvda");
    CHECK(folder.guest("root = '/dev/xvda ro'\nextra = 'quiet'").arguments ==
          "root=/dev/xvda ro quiet");
    CHECK(folder.guest("cmdline = 'c'\nroot = 'r'\nextra = 'e'").arguments == "c");
    CHECK(folder.guest("on_crash = 'restart'").ends.on_crash == EndAction::restart);
    CHECK(folder.guest("on_poweroff = 'restart'\non_reboot = 'destroy'").ends ==
          EndPolicy{.on_poweroff = EndAction::restart, .on_reboot = EndAction::destroy});
    CHECK(folder.guest("on_crash = 'destroy'").ends.on_crash == EndAction::destroy);
    CHECK(folder.guest("on_crash = 'restart'\non_watchdog = 'restart'").ends.on_crash ==
          EndAction::restart);
    CHECK(folder.guest("uuid = '01234567-89AB-cdef-0123-456789abcdef'").uuid ==
          "01234567-89ab-cdef-0123-456789abcdef");
    CHECK(folder.guest("vif = ['bridge=xenbr0']").interfaces.size() == 1);
}

TEST_CASE("a kernel that is one of our own images is that image") {
    const Folder folder;
    const auto own = folder.read("name = 'g'\ntype = 'pvh'\nkernel = 'images/nat.elf'\n");
    REQUIRE(own);
    CHECK(own->guest.image == "nat");
    const auto pv = folder.read("name = 'g'\nkernel = 'images/nat.elf'\nramdisk = 'ramdisk'\n");
    REQUIRE_FALSE(pv);
    CHECK(to_string(pv.error()[0]) ==
          "f:2: type: \"pvh\" is expected of our own images; without the key it is \"pv\"");
    CHECK(to_string(pv.error()[1]) == "f:3: ramdisk: our own images take no ramdisk");
}

TEST_CASE("a value that is not what its key takes is told with file, line and key") {
    const Folder folder;
    const std::pair<const char*, const char*> cases[] = {
        {"\nmemory = 2000000",
         "f:2: memory: a whole number of MB from 4 to 1048576 is expected, not"},
        {"memory = 'much'", "f:1: memory: a whole number of MB from 4 to 1048576 is expected, not"},
        {"memory = [64]",
         "f:1: memory: a whole number of MB from 4 to 1048576 is expected, not a li"},
        {"memory = 64\nmaxmem = 128", "f:2: maxmem: not supported: a guest of stemma has all its"},
        {"maxmem = ['32']", "f:1: maxmem: not supported"},
        {"vcpus = 0", "f:1: vcpus: a whole number of virtual processors from 1 to 128 is expected"},
        {"vcpus = 129", "f:1: vcpus: a whole number of virtual processors from 1 to 128 is expec"},
        {"vcpus = 'one'", "f:1: vcpus: a whole number of virtual processors from 1 to 128 is exp"},
        {"vcpus = [2]", "f:1: vcpus: a whole number of virtual processors from 1 to 128 is expec"},
        {"vcpus = 2\nmaxvcpus = 4",
         "f:2: maxvcpus: not supported: a guest of stemma has all its processors, 2, from the"},
        {"maxvcpus = 2",
         "f:1: maxvcpus: not supported: a guest of stemma has all its processors, 1, from the"},
        {"type = 'hvm'", "f:1: type: \"pvh\" or \"pv\" is expected, not \"hvm\""},
        {"type = ['pv']", "f:1: type: \"pvh\" or \"pv\" is expected, not a list"},
        {"ramdisk = 'none'", "f:1: ramdisk: a file is expected, "},
        {"ramdisk = 'images'", "f:1: ramdisk: a file is expected, "},
        {"ramdisk = ['ramdisk']", "f:1: ramdisk: the path of a ramdisk is expected, not a list"},
        {"extra = \"a\\tb\"", "f:1: extra: words of printable ASCII"},
        {"root = ['x']", "f:1: root: words of printable ASCII"},
        {"cmdline = ['x']", "f:1: cmdline: words of printable ASCII"},
        {"uuid = '0123'", "f:1: uuid: a UUID, as "},
        {"on_crash = 'preserve'",
         "f:1: on_crash: \"destroy\" or \"restart\" is expected, not \"pr"},
        {"on_poweroff = 'coredump-destroy'",
         "f:1: on_poweroff: \"destroy\" or \"restart\" is expected, not \"co"},
        {"on_reboot = ['restart']",
         "f:1: on_reboot: \"destroy\" or \"restart\" is expected, not a"},
        {"on_watchdog = 'restart'", "f:1: on_watchdog: not supported"},
        {"vif = 'bridge=xenbr0'", "f:1: vif: a list is expected"},
        {"vif = ['mac=00:16:3e:00:00:01']",
         "f:1: vif[0].bridge: the name of a bridge is expected:"},
        {"memmory = 64", "f:1: memmory: unknown key; did you mean `memory`?"},
        {"zyx = 64", "f:1: zyx: unknown key"},
    };
    for (const auto& [lines, expected] : cases) {
        INFO(lines);
        CHECK(folder.fault(lines).substr(0, std::string_view(expected).size()) == expected);
    }
    CHECK(folder.read("kernel = 'kernel'").error().front() ==
          FileFault{"f", 0, "name", "a name is expected: the key is missing"});
    CHECK(folder.read("name = 'g'").error().front() ==
          FileFault{"f", 0, "kernel", "the path of an image is expected: the key is missing"});
    CHECK(to_string(folder.read("kernel = 'kernel'\nname = 'a_b'").error().front()) ==
          "f:2: name: a name of 1 to 32 letters, digits or '-' is expected, not \"a_b\"");
    CHECK(folder.faults("memory = 0\ntype = 'hvm'\ndisk = ['x']").size() == 3);
}

TEST_CASE(
    "a key that would make another guest than ours is refused, with another value than ours") {
    const Folder folder;
    // Key, what is accepted of it, what is not.
    const std::tuple<const char*, std::vector<const char*>, std::vector<const char*>> cases[] = {
        {"acpi", {"1"}, {"0"}},
        {"bootloader", {}, {"'pygrub'"}},
        {"builder", {"'generic'"}, {"'hvm'"}},
        {"cpus", {"'all'"}, {"'0-3'", "['0']"}},
        {"disk", {"[]"}, {"['phy:/dev/sda,xvda,w']"}},
        {"hap", {"1"}, {"0"}},
        {"nestedhvm", {"0"}, {"1"}},
        {"on_soft_reset", {}, {"'soft-reset'"}},
        {"pci", {"[]"}, {"['01:00.0']"}},
        {"pool", {"'Pool-0'"}, {"'Pool-1'"}},
        {"pvshim", {"0"}, {"1"}},
        {"timer_mode", {"1", "'no_delay_for_missed_ticks'"}, {"0"}},
        {"tsc_mode", {"'default'", "0"}, {"'native'", "2"}},
        {"vfb", {"[]"}, {"['vnc=1']"}},
        {"vtpm", {"[]"}, {"['backend=x']"}},
    };
    for (const auto& [key, same, others] : cases) {
        for (const auto* value : same) {
            INFO(key << " = " << value);
            CHECK(folder.faults(std::string(key) + " = " + value).empty());
        }
        for (const auto* value : others) {
            INFO(key << " = " << value);
            CHECK(folder.fault(std::string(key) + " = " + value)
                      .starts_with("f:1: " + std::string(key) + ": not supported: "));
        }
    }
    CHECK(folder.fault("tsc_mode = 2") ==
          "f:1: tsc_mode: not supported: a guest of stemma has the clock that xl gives by default; "
          "\"0\" or \"default\" is accepted");
}

TEST_CASE("a key that means nothing to a PV or PVH guest with xl changes nothing") {
    const Folder folder;
    const Guest plain = folder.guest("");
    for (const char* key :
         {"apic", "boot", "keymap", "pae", "sdl", "serial", "usbdevice", "vnc", "vnclisten",
          "xen_platform_pci", "device_model_version", "gic_version"}) {
        INFO(key);
        CHECK(folder.guest(std::string(key) + " = 1\n") == plain);
        CHECK(folder.guest(std::string(key) + " = ['x']\n") == plain);
    }
}

}  // namespace stemma::toolstack
