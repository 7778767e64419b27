# Slower evidence: a function each, listed with its limit in minutes. A stage that cannot get what
# it needs from a registry calls `download`, and is then NOT RUN.

proof_stage fuzz   20
proof_stage weight 10
proof_stage python 10
proof_stage node   10
proof_stage az     10
proof_stage browser 10
proof_stage breaks 30

readonly fuzz_seconds=20

# Every fuzz target for a short while, from its corpus; what is found stays in target/ci/fuzz.
stage_fuzz() {
  need_tool cargo-fuzz
  local name found
  for name in $(cargo fuzz list); do
    found=$work/fuzz/$name
    mkdir -p "$found/corpus"
    cargo fuzz run --sanitizer none --target-dir "$target/fuzz" "$name" "$found/corpus" "fuzz/corpus/$name" -- \
      -dict=fuzz/dictionary.txt -max_total_time="$fuzz_seconds" -timeout=10 -verbosity=0 -print_final_stats=1 -artifact_prefix="$found/"
  done
}

# What a small blocking program costs the one who builds it: .ci/weight, from nothing.
stage_weight() {
  local program=$work/weight start
  rm -rf "$program"
  mkdir -p "$program/src"
  sed "s|REPOSITORY|$PWD|" .ci/weight/Cargo.toml >"$program/Cargo.toml"
  cp .ci/weight/main.rs "$program/src/main.rs"
  cp Cargo.lock "$program/Cargo.lock"
  cd "$program"
  download cargo fetch --quiet
  start=$SECONDS
  cargo build --quiet --release --offline --target-dir "$program/target"
  printf 'weight: %s crates, built in %ss, %s KiB stripped\n' \
    "$(cargo tree --offline -e normal --prefix none --format '{p}' | sed 's/ (.*//' | sort -u | wc -l)" \
    "$((SECONDS - start))" "$(($(stat -c %s target/release/azid-weight) / 1024))"
}

# Microsoft's own clients against `azid emulate`: what they accept is what Entra says.
stage_python() {
  local venv=$work/python
  python3 -m venv "$venv"
  download "$venv/bin/pip" install -q -r tests/clients/python/requirements.txt
  emulate
  "$venv/bin/python" -B tests/clients/python/tokens.py "$environments"
}

stage_node() {
  local folder=$work/node
  rm -rf "$folder"
  cp -r tests/clients/node "$folder"
  (cd "$folder" && download npm ci --silent --no-audit --no-fund --ignore-scripts)
  emulate
  node "$folder/tokens.mjs" "$environments"
}

# The real `az` (some 730 MB on disk, a minute and a half to install), in which nobody, an application,
# a managed identity and a person are logged in to the emulator in turn.
stage_az() {
  local venv=$work/az home=$work/az-home
  python3 -m venv "$venv"
  download "$venv/bin/pip" install -q -r tests/clients/az/requirements.txt
  rm -rf "$home"
  mkdir -p "$home"
  emulate
  "$venv/bin/python" -B tests/clients/az/sessions.py "$environments" "$target/debug/azid" "$home"
}

# A person at a real browser, for the example that signs people in.
stage_browser() {
  local chromium
  need_chromium
  cargo build --quiet --locked -p azid-examples --example interactive_browser
  emulate
  node tests/browser/sign_in.mjs "$environments" "$target/debug/examples/interactive_browser" "$chromium"
}

# Each break of the code makes the test that it names go red; what does not fit today is for another day.
stage_breaks() { python3 -B tests/breaks/run.py --minutes 27; }

# Starts the emulator for the rest of the stage; the file `$environments` has all its variables.
emulate() {
  environments=$work/environments.json
  cargo build --quiet --locked -p azid-cli --bin azid
  rm -f "$environments"
  coproc emulator { exec "$target/debug/azid" emulate --environments "$environments"; }
  trap "kill $emulator_PID; rm -f '$environments'" EXIT
  # It prints its first line once the file is written.
  read -r <&"${emulator[0]}" || { echo 'azid emulate ended without a word'; return 1; }
}
