#pragma once

#include <array>
#include <string_view>

namespace stemma::xs {

// Names of the operations, by number (MessageType), as docs/misc/xenstore.txt has them without
// "XS_".
inline constexpr std::array<std::string_view, 27> operation_names{"CONTROL",
                                                                  "DIRECTORY",
                                                                  "READ",
                                                                  "GET_PERMS",
                                                                  "WATCH",
                                                                  "UNWATCH",
                                                                  "TRANSACTION_START",
                                                                  "TRANSACTION_END",
                                                                  "INTRODUCE",
                                                                  "RELEASE",
                                                                  "GET_DOMAIN_PATH",
                                                                  "WRITE",
                                                                  "MKDIR",
                                                                  "RM",
                                                                  "SET_PERMS",
                                                                  "WATCH_EVENT",
                                                                  "ERROR",
                                                                  "IS_DOMAIN_INTRODUCED",
                                                                  "RESUME",
                                                                  "SET_TARGET",
                                                                  "RESTRICT",
                                                                  "RESET_WATCHES",
                                                                  "DIRECTORY_PART",
                                                                  "GET_FEATURE",
                                                                  "SET_FEATURE",
                                                                  "GET_QUOTA",
                                                                  "SET_QUOTA"};

}  // namespace stemma::xs
