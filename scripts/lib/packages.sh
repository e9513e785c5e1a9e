# Sourced by scripts that need Debian packages unpacked and not installed: the one place that downloads.
# Needs no root and touches nothing outside the given folder.

# Unpacks packages into FOLDER/root; does nothing when that very list lies there already.
#   packages_unpack FOLDER PACKAGE...
# On failure says on stderr which package could not be had and why.
packages_unpack() {
    local folder=$1 lock package
    shift
    mkdir -p "$folder"
    exec {lock}>"$folder/lock"
    flock "$lock" # several scripts may ask at once
    if [ "$(cat "$folder/complete" 2>/dev/null)" != "$*" ]; then
        rm -rf "$folder/debs" "$folder/new"
        mkdir -p "$folder/debs" "$folder/new"
        if ! (cd "$folder/debs" && apt-get -q download "$@") >"$folder/log" 2>&1; then
            { echo "$(basename "$0"): cannot download $*:"
              grep '^[EW]:' "$folder/log" | tail -n 3 || tail -n 3 "$folder/log"; } >&2
            exec {lock}>&-
            return 1
        fi
        for package in "$folder"/debs/*.deb; do
            if ! dpkg -x "$package" "$folder/new"; then
                echo "$(basename "$0"): cannot unpack $(basename "$package")" >&2
                exec {lock}>&-
                return 1
            fi
        done
        rm -rf "$folder/debs" "$folder/root"
        mv "$folder/new" "$folder/root"
        # A new file: a copy of the folder made of hard links keeps its own.
        echo "$*" >"$folder/new-list" && mv "$folder/new-list" "$folder/complete"
    fi
    exec {lock}>&-
}
