#include "toolstack/file_fault.hpp"

#include <algorithm>
#include <utility>

namespace stemma::toolstack {

std::string to_string(const FileFault& fault) {
    std::string text = fault.file;
    if (fault.line > 0) text += ':' + std::to_string(fault.line);
    text += ": ";
    if (!fault.key.empty()) text += fault.key + ": ";
    return text + fault.cause;
}

std::vector<FileFault> told(std::vector<FileFault> faults) {
    std::ranges::stable_sort(faults, {}, &FileFault::line);
    if (faults.size() > faults_max) {
        const std::size_t rest = faults.size() - faults_max;
        faults.resize(faults_max);
        faults.push_back({faults.front().file, 0, "", "and " + std::to_string(rest) + " more"});
    }
    return faults;
}

std::unexpected<Error> file_failure(const std::string& what, const std::string& file,
                                    const std::vector<FileFault>& faults, std::string next) {
    std::string cause;
    for (const auto& fault : faults)
        cause += "\n  " + to_string(fault);
    return failure(ErrorKind::configuration, "use " + what, file, std::move(cause),
                   std::move(next));
}

}  // namespace stemma::toolstack
