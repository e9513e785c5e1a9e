#include "sha1.hpp"

#include <openssl/evp.h>

#include <memory>

namespace stemma::store {
namespace {

// Looking up the algorithm costs more than hashing a small object: once a thread.
class Hasher {
  public:
    ObjectId of(std::string_view head, std::string_view bytes) {
        ObjectId digest{};
        unsigned size = 0;
        EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr);
        EVP_DigestUpdate(context_.get(), head.data(), head.size());
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
        EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
        return digest;
    }

  private:
    struct Free {
        void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD, Free> algorithm_{EVP_MD_fetch(nullptr, "SHA1", nullptr)};
    std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

}  // namespace

ObjectId sha1(std::string_view bytes) {
    return sha1({}, bytes);
}

ObjectId sha1(std::string_view head, std::string_view bytes) {
    thread_local Hasher hasher;
    return hasher.of(head, bytes);
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        hex += digits[byte >> 4];
        hex += digits[byte & 15];
    }
    return hex;
}

}  // namespace stemma::store
