# The stages that every change must pass: a function each, listed with its limit in minutes.

land_stage standalone 1
land_stage fetch   8
land_stage fmt     2
land_stage breaks_fit 1
land_stage crates  2
land_stage deny    8
land_stage purity  4
land_stage clippy  12
land_stage doc     8
land_stage test    20
land_stage fuzz_build 8
land_stage counts  8
land_stage wasm    12

# The repository explains itself: nothing in it points to notes that its readers do not have.
stage_standalone() {
  local found
  found=$(matches '\.\./shared|(DESIGN|PROTOCOLS|PEERS|USERS)\.md' ':!.ci')
  [ -n "$found" ] || return 0
  printf 'points outside the repository:\n%s\n' "$found"
  return 1
}

# The workspaces beside the one of the root. The programs of .ci/weight have the lock of tests/bench.
apart=(fuzz tests/bench tests/interleavings tests/wasm/bindgen)

stage_fetch() {
  cargo fetch --locked
  local folder
  for folder in "${apart[@]}"; do cargo fetch --locked --manifest-path "$folder/Cargo.toml"; done
}

stage_fmt() {
  cargo fmt --all --check
  # rustfmt does not see the modules that a macro declares.
  rustfmt --edition 2024 --check core/src/credentials/*.rs core/src/credentials/*/*.rs
  rustfmt --edition 2024 --check .ci/purity/probe.rs .ci/weight/*/main.rs
  cargo fmt --manifest-path fuzz/Cargo.toml --check
  cargo fmt --manifest-path tests/bench/Cargo.toml --check
  cargo fmt --manifest-path tests/wasm/bindgen/Cargo.toml --check
  # Its other packages are the sources of adapters.
  cargo fmt --manifest-path tests/interleavings/Cargo.toml --check -p azid-interleavings -p azid-checker
}

# `breaks` of Proof applies some of the patches each day; all must at least fit the code as it is.
stage_breaks_fit() {
  local patch stale=()
  for patch in tests/breaks/*.patch; do
    git apply --check "$patch" || stale+=("$patch")
  done
  [ "${#stale[@]}" -gt 0 ] || return 0
  printf 'these do not apply any more; make each anew for the code as it is, see CONTRIBUTING.md:\n'
  printf '  %s\n' "${stale[@]}"
  return 1
}

# The number of crates in a program is held by .ci/crates.txt, so that a new one is a decision.
stage_crates() {
  local package most count failed=0
  while read -r package most; do
    count=$(crates "$package" | wc -l)
    echo "a program on $package is $count crates; $most are allowed"
    [ "$count" -le "$most" ] || { crates "$package"; failed=1; }
  done < <(grep -v '^#' .ci/crates.txt)
  return "$failed"
}

stage_deny() {
  need_tool cargo-deny
  cargo deny --locked check --hide-inclusion-graph bans licenses sources
}

# The bans of core/clippy.toml are only worth something while clippy still acts on each of them.
stage_purity() {
  local probe=$work/purity platform
  rm -rf "$probe"
  mkdir -p "$probe"
  cp .ci/purity/Cargo.toml .ci/purity/probe.rs core/clippy.toml "$probe/"
  cargo clippy --quiet --manifest-path "$probe/Cargo.toml" --target-dir "$work/purity-target" \
    --message-format=json -- -D warnings -D clippy::iter_over_hash_type >"$probe/said.json" 2>"$probe/log" || true
  python3 .ci/purity/check.py core/clippy.toml "$probe/said.json" || { cat "$probe/log"; return 1; }
  # Clippy cannot tell a platform's cfg from `cfg!(debug_assertions)` inside `debug_assert!`.
  platform=$(matches 'cfg!?\(.*\b(unix|windows|target_os|target_family)\b' core/src)
  [ -n "$platform" ] || return 0
  printf 'the platform is an input of core, not a cfg:\n%s\n' "$platform"
  return 1
}

# One package at a time, so that none lives on a feature which another one switches on:
# with its tests, without its default features, and with all of them.
stage_clippy() {
  local package packages
  packages=$(packages)
  cargo clippy --locked -p azid-core --all-targets -- -D warnings -D clippy::iter_over_hash_type
  for package in $packages; do
    cargo clippy --locked -p "$package" --all-targets -- -D warnings
    cargo clippy --locked -p "$package" --no-default-features -- -D warnings
    cargo clippy --locked -p "$package" --all-features -- -D warnings
  done
}

stage_doc() { RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --workspace; }

# The README's command; a snapshot that it rewrote would show in the work tree.
stage_test() {
  local before after code=0
  before=$(worktree)
  cargo test --workspace --locked --no-fail-fast || code=$?
  after=$(worktree)
  if [ "$before" != "$after" ]; then
    printf 'the tests changed the work tree:\n%s\n' "$(git status --short)"
    return 1
  fi
  return "$code"
}
worktree() { git status --porcelain --untracked-files=all; git diff; }

# With clippy, as fuzz/ is a workspace of its own. Its corpus is replayed by the tests.
stage_fuzz_build() { cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir "$target" -- -D warnings; }

# What a token costs, in instructions and allocations, held by tests/bench/limits.txt. The peers that
# tests/bench compares with are not built here.
stage_counts() {
  need_valgrind
  local bench=(--locked --manifest-path tests/bench/Cargo.toml --target-dir "$target")
  cargo clippy "${bench[@]}" --lib --bins -- -D warnings
  cargo run "${bench[@]}" --quiet --release --bin count -- --check
}

# Core and the async shell on their oldest compiler, where there is no operating system. On the first
# target the suite's module may import nothing at all, which wasm-run.mjs checks; on the second one
# only what a panic says and std's hash maps draw. WASI has just enough to run core's own tests.
stage_wasm() {
  local triple wasi=wasi_snapshot_preview1
  for triple in wasm32-unknown-unknown wasm32-wasip1; do
    tools/wasm-toolchain --target "$triple" cargo run --locked -p azid-wasm-suite --target "$triple"
  done
  node tests/wasm/imports.mjs "$target/wasm32-wasip1/debug/azid-wasm-suite.wasm" "$wasi".{fd_write,proc_exit,random_get}
  tools/wasm-toolchain --target wasm32-wasip1 cargo test --locked -p azid-core --all-features --lib --tests --target wasm32-wasip1
}
