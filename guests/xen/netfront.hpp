#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rt/port.hpp"
#include "rt/store.hpp"
#include "xen/event_channels.hpp"
#include "xen/grant_table.hpp"
#include "xen/net_rings.hpp"

namespace stemma::xen {

// A virtual interface, the frontend of device/vif/N (xen/io/netif.h, xen/io/xenbus.h). It reads
// what the toolstack wrote, offers its rings, and follows the backend's state; when that closes,
// the port carries nothing any more.
class NetFront final : public rt::Port {
  public:
    enum class State { reading, waiting, connected, closed };

    // `store` and `grants` must outlive it. Nothing happens before begin().
    NetFront(unsigned number, rt::Store& store, GrantTable& grants);
    NetFront(const NetFront&) = delete;
    NetFront& operator=(const NetFront&) = delete;

    void begin();

    State state() const { return state_; }
    // Why it is closed, or what it waits for; for the console.
    const std::string& trouble() const { return trouble_; }
    std::optional<xen::Port> event_channel() const { return event_channel_; }

    net::MacAddress mac() const override { return mac_; }
    std::size_t mtu() const override { return mtu_; }
    std::size_t receive(rt::FrameSink& sink, std::size_t budget) override;
    std::span<std::uint8_t> reserve(std::size_t size) override;
    void send_reserved(std::size_t size) override;
    void flush() override;

    // Before sleeping: true if something came already.
    bool arm();

  private:
    using Taken = void (NetFront::*)(std::string_view value);

    void read(const std::string& path, Taken take, bool required);
    void take_backend_domain(std::string_view value);
    void take_mac(std::string_view value);
    void take_mtu(std::string_view value);
    void take_backend(std::string_view value);
    void take_backend_state(std::string_view value);
    void offer();
    bool allocate();
    void write(const char* key, std::uint32_t value);
    void close(std::string why);

    rt::Store* store_;
    GrantTable* grants_;
    std::string path_;
    std::string backend_;
    std::uint16_t backend_domain_ = 0;
    net::MacAddress mac_{};
    std::size_t mtu_ = 1500;
    State state_ = State::reading;
    bool offered_ = false;
    std::string trouble_ = "its configuration";
    std::optional<xen::Port> event_channel_;
    std::byte* pages_ = nullptr;
    std::vector<std::uint32_t> page_grants_;
    std::unique_ptr<NetRings> rings_;
};

}  // namespace stemma::xen
