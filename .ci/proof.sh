# Slower evidence: a function each, listed with its limit in minutes. A stage that cannot get what
# it needs from a registry calls `download`, and is then NOT RUN.

proof_stage fuzz   10
proof_stage interleavings 10
proof_stage weight 10
proof_stage python 10
proof_stage node   10
proof_stage az     10
proof_stage browser 10

readonly fuzz_seconds=30

# Every fuzz target for a short while, from its corpus; what is found stays in target/ci/fuzz.
stage_fuzz() {
  need_tool cargo-fuzz
  local name found
  for name in $(cargo fuzz list); do
    found=$work/fuzz/$name
    mkdir -p "$found/corpus"
    cargo fuzz run --sanitizer none --target-dir "$target/fuzz" "$name" "$found/corpus" "fuzz/corpus/$name" -- \
      -max_total_time="$fuzz_seconds" -timeout=10 -verbosity=0 -print_final_stats=1 -artifact_prefix="$found/"
  done
}

# Both shells under a model checker, which is a workspace of its own.
stage_interleavings() {
  local manifest=tests/interleavings/Cargo.toml said=$work/interleavings.txt
  download cargo fetch --locked --quiet --manifest-path "$manifest"
  cargo fmt --manifest-path "$manifest" --check -p azid-interleavings -p azid-checker
  cargo clippy --locked --quiet --no-deps --manifest-path "$manifest" --target-dir "$target" \
    -p azid-interleavings -p azid-checker --all-targets -- -D warnings
  cargo test --locked --quiet --manifest-path "$manifest" --target-dir "$target" --test all \
    -- --nocapture | tee "$said"
  grep -o '[0-9]\+ schedules of' "$said" | awk '{ all += $1 } END { print all " schedules in all"; exit all < 10000 }'
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

# The real `az` (some 730 MB on disk, a minute and a half to install), which nobody has logged in:
# that is what the credential is to make of it.
stage_az() {
  local venv=$work/az said
  python3 -m venv "$venv"
  download "$venv/bin/pip" install -q -r tests/clients/az/requirements.txt
  cargo build --quiet --locked -p azid-examples --example azure_cli
  rm -rf "$work/az-home"
  mkdir -p "$work/az-home"
  said=$(HOME=$work/az-home AZURE_CONFIG_DIR=$work/az-home/.azure AZURE_CORE_COLLECT_TELEMETRY=false \
    PATH=$venv/bin:$PATH "$target/debug/examples/azure_cli") && { echo "a token, of whom? $said"; return 1; }
  echo "$said"
  [[ $said == 'Unavailable: '*'nobody is logged in to the Azure CLI'*'run `az login`'* ]]
}

# A person at a real browser, for the example that signs people in.
stage_browser() {
  local chromium
  need_chromium
  cargo build --quiet --locked -p azid-examples --example interactive_browser
  emulate
  node tests/browser/sign_in.mjs "$environments" "$target/debug/examples/interactive_browser" "$chromium"
}

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
