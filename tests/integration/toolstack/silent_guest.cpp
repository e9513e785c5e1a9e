// A guest that never says that it serves. Words on its command line: "say" writes more than a
// console holds, "end" ends at once with status 3.
#include <unistd.h>

#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "end") {
            std::printf("going away\n");
            return 3;
        }
        if (word == "say") {
            for (int line = 0; line < 20000; ++line)
                std::printf("line %d of many\n", line);
            std::fflush(stdout);
        }
    }
    for (;;)
        ::pause();
}
