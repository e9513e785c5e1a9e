#include "commands.hpp"

namespace stemma::toolstack {

namespace {

std::string first_word(std::string_view name) {
    return std::string(name.substr(0, name.find(' ')));
}

// Of the commands that have two.
std::string second_words(std::string_view first) {
    std::string words;
    for (const auto& command : commands()) {
        if (command.name.find(' ') == std::string_view::npos) continue;
        if (first_word(command.name) == first) {
            words += std::string(command.name.substr(first.size() + 1)) + ' ';
        }
    }
    return words;
}

}  // namespace

// Words from the table, files for apply and create, guests' names from the store.
Result<int> run_completion(Invocation& call) {
    if (call.words[0] != "bash") {
        return failure(ErrorKind::usage, "write a completion for", call.words[0],
                       "bash is the only shell that it knows");
    }
    std::string names, options;
    for (const auto& command : commands()) {
        names += first_word(command.name) + ' ';
        std::string flags;
        for (const auto& option : command.options)
            flags += "--" + std::string(option.name.substr(0, option.name.find(','))) + ' ';
        options += "        " + first_word(command.name) + ") words=\"" + flags + "\" ;;\n";
    }
    std::string script;
    script += "_stemma() {\n";
    script += "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n";
    script += "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
    script += "        COMPREPLY=($(compgen -W \"" + names + "--help --version\" -- \"$word\"))\n";
    script += "        return\n";
    script += "    fi\n";
    script += "    case $command in\n" + options + "    esac\n";
    script += "    case $command in\n";
    script += "        apply | create) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n";
    script += "    esac\n";
    script += "    case $command in\n";
    script += "        build) words+=\"nat dns probe\" ;;\n";
    script += "        net)\n";
    script += "            [ \"$COMP_CWORD\" -eq 2 ] && words='" + second_words("net") + "'\n";
    script += "            [ \"$COMP_CWORD\" -eq 3 ] &&\n";
    script += "                words=$(xenstore-list /stemma/guests 2>/dev/null) ;;\n";
    script += "        create | destroy | shutdown | reboot | pause | unpause | console)\n";
    script += "            words+=$(xenstore-list /stemma/guests 2>/dev/null) ;;\n";
    script += "    esac\n";
    script += "    COMPREPLY+=($(compgen -W \"$words\" -- \"$word\"))\n";
    script += "}\n";
    script += "complete -F _stemma stemma";
    call.printer.line(script);
    call.printer.document(Json::object().set("shell", "bash").set("script", script));
    return 0;
}

}  // namespace stemma::toolstack
