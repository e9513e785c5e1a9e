#pragma once

#include <string>

namespace stemma::dns_test {

// A zone with one of everything that an answer can be about; the origin is example.org.
inline std::string example_zone() {
    return R"(
$TTL 3600
@           SOA   ns1 hostmaster 2026 7200 900 1209600 300
@           NS    ns1
@           NS    ns.other.net.
@           MX    10 mail
@           TXT   "v=spf1 -all"
ns1         A     10.0.0.1
ns1         AAAA  fd00::1
mail        A     10.0.0.2
WwW         A     10.0.0.3
            A     10.0.0.4
alias       CNAME www
far         CNAME host.example.com.
chain1      CNAME chain2
chain2      CNAME chain3
chain3      CNAME www
loop1       CNAME loop2
loop2       CNAME loop1
self        CNAME self
dangling    CNAME nothere
tosub       CNAME x.sub
a.ent       A     10.0.0.5
*.wild      A     10.0.0.6
*.wild      TXT   "a wild one"
*.walias    CNAME www
sub         NS    ns.sub
sub         NS    ns1
sub         NS    ns.peer
ns.sub      A     10.0.1.1
x.sub       TXT   "hidden"
deep.sub    NS    ns.deep.sub
peer        NS    ns.peer
ns.peer     A     10.0.2.1
_dns._udp   SRV   0 5 53 ns1
_wild._udp  SRV   0 5 53 any.wild
7.0         PTR   ns1
mx2         MX    10 ns.sub
mx2         MX    20 alias
new         TYPE65280 \# 3 010203
)";
}

}  // namespace stemma::dns_test
