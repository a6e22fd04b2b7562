# shellcheck shell=bash
# What ./holdfast and ./check share: the packages, the configuration and the build. Sourced by bash.
# Everything said here goes to standard error: standard output belongs to the program.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf 'holdfast: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# What has to be installed on Debian 12 and Ubuntu 24.04, where all of it has the same names.
build_packages=(
  g++ lld cmake ninja-build pkg-config ccache
  qt6-base-dev qt6-declarative-dev
  libhwy-dev libsentencepiece-dev nlohmann-json3-dev libpcre2-dev libutf8proc-dev libxxhash-dev zlib1g-dev
  libsqlite3-dev libcli11-dev libtomlplusplus-dev libzstd-dev libmd4c-dev libopenmpi-dev openmpi-bin libflint-dev libgmp-dev
  fonts-dejavu-core
)

# npm fetches MathJax; whatever brought it along will do.
command -v npm >/dev/null || build_packages+=(npm)

# The same in words, for other distributions.
other_distribution_needs='  a C++20 compiler (GCC 12 or Clang 15, or newer), CMake 3.25 or newer, Ninja, pkg-config; ccache and lld if you like
  Qt 6.4 or newer: Core, Gui, Widgets, Test, Qml (qt6-base and qt6-declarative with their development files)
  with their development files: Highway, SentencePiece, nlohmann-json 3.11, PCRE2, utf8proc, xxHash, zlib, zstd,
    SQLite 3, CLI11, toml++, md4c, MPI (Open MPI, with mpirun), FLINT, GMP
  npm with Node.js 18 or newer: it fetches MathJax
  a font, such as DejaVu'

# Without holding the lock any longer than the set-up takes: a second call waits for the first one's build.
lock_build() {
  mkdir -p "$root/build" || fail "cannot write to $root/build"
  command -v flock >/dev/null || return 0
  exec 9>"$root/build/.lock"
  flock -n 9 && return 0
  say 'waiting for another build of this folder to end'
  flock 9
}
unlock_build() { exec 9>&-; }

is_known_distribution() {
  local id version
  id=$(. /etc/os-release 2>/dev/null && printf %s "${ID:-}")
  version=$(. /etc/os-release 2>/dev/null && printf %s "${VERSION_ID:-}")
  case "$id" in
    debian) [[ ${version:-13} -ge 12 ]] ;;  # testing and unstable have no number
    ubuntu) [[ ${version%%.*} -ge 24 ]] ;;
    *) return 1 ;;
  esac
}

missing_packages() {
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
  done
}

install_packages() {
  local sudo=() apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q)
  if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null || ! { [[ -t 0 && -t 2 ]] || sudo -n true 2>/dev/null; }; then
      fail "run this as root, then call again:
  apt-get update && apt-get install -y --no-install-recommends $*"
    fi
    sudo=(sudo)
    say 'installing them with sudo'
  else
    say 'installing them'
  fi
  local log="$root/build/packages.log"
  # A broken repository of somebody else's must not stop us: what counts is whether the packages can be installed.
  "${sudo[@]}" "${apt[@]}" update >"$log" 2>&1 </dev/null || say "apt-get update had a complaint (see $log); going on"
  if ! "${sudo[@]}" "${apt[@]}" install --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    fail "apt-get could not install them; the whole output is in $log"
  fi
}

# Asked again only when the package database or this file has changed since the last answer.
ensure_packages() {
  local stamp="$root/build/.packages" missing
  [[ $stamp -nt /var/lib/dpkg/status && $stamp -nt ${BASH_SOURCE[0]} ]] && return
  if is_known_distribution; then
    mapfile -t missing < <(missing_packages "${build_packages[@]}")
    if [[ ${#missing[@]} -gt 0 ]]; then
      say "missing packages: ${missing[*]}"
      install_packages "${missing[@]}"
    fi
  elif [[ ! -e $stamp ]]; then
    say "this is neither Debian 12 nor Ubuntu 24.04 (or newer), so nothing is installed for you. Needed are:
$other_distribution_needs"
    local tool
    for tool in cmake ninja pkg-config c++; do
      command -v "$tool" >/dev/null || fail "$tool was not found: install the list above and call again"
    done
  fi
  touch "$stamp"
}

# The warnings are kept at none under this compiler; another one's new warnings must not stop a user's build.
werror() { [[ $(c++ -dumpfullversion -dumpversion 2>/dev/null) == 12.* ]] && echo ON || echo OFF; }

# configure PRESET: once; ninja does it again by itself when a CMake file has changed.
configure() {
  local preset=$1 tree="$root/build/$1"
  # A folder that was moved or copied has a build made for its old place.
  if [[ -e $tree/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$tree/CMakeCache.txt"; then
    say "$tree was built for another folder; building anew"
    rm -rf -- "$tree"
  fi
  [[ -e $tree/build.ninja && ! $root/CMakePresets.json -nt $tree/build.ninja ]] && return
  mkdir -p "$tree"
  if ! (cd "$root" && cmake --preset "$preset" "-DHOLDFAST_WERROR=$(werror)") >"$tree/configure.log" 2>&1 </dev/null
  then
    rm -f "$tree/build.ninja"
    cat "$tree/configure.log" >&2
    is_known_distribution || say "needed are:
$other_distribution_needs"
    fail 'the configuration failed; the reason stands above'
  fi
}

# One compiler job for each processor, but no more than memory allows: about 1.5 GB each.
jobs_that_fit() {
  local processors memory
  processors=$(nproc 2>/dev/null || echo 2)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo 2>/dev/null)
  [[ ${memory:-$processors} -lt 1 ]] && memory=1
  echo $((processors < ${memory:-$processors} ? processors : memory))
}

# Shows a line that counts, on a terminal; elsewhere a line at the beginning.
show_progress() {
  local what=$1 log=$2 line shown=''
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] && ${BASH_REMATCH[2]} -gt 2 ]] || continue
    if [[ -t 2 ]]; then
      printf '\rholdfast: building %s: %d of %d ' "$what" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
    elif [[ -z $shown ]]; then
      say "building $what (${BASH_REMATCH[2]} steps)"
    fi
    shown=1
  done
  [[ -z $shown || ! -t 2 ]] || printf '\r\033[K' >&2
}

# build PRESET WHAT TARGET...
build() {
  local tree="$root/build/$1" what=$2
  shift 2
  local log="$tree/build.log" start=$SECONDS
  : >"$log"
  if ! ninja -C "$tree" -j "$(jobs_that_fit)" "$@" 2>&1 </dev/null | show_progress "$what" "$log"; then
    # From the first thing that went wrong on.
    sed -n '/^FAILED:\|^CMake Error\|^ninja: error/,$p' "$log" | head -n 200 >&2
    fail "the build failed; the whole output is in $log"
  fi
  ((SECONDS - start < 5)) || say "built $what in $((SECONDS - start)) s"
}

set_up() {
  set -o pipefail
  umask 022
  lock_build
  ensure_packages
}
