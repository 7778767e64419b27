# Slower evidence: a function each, listed with its limit in minutes. A stage that cannot get what
# it needs from a registry calls `download`, and is then NOT RUN.

proof_stage fuzz   20
proof_stage interleavings 10
proof_stage weight 40
proof_stage python 10
proof_stage node   10
proof_stage az     10
proof_stage diagrams 5
proof_stage browser 10
proof_stage wasm_browser 20
proof_stage breaks 45

readonly fuzz_seconds=20

# Every fuzz target for a short while, from its corpus; what is found stays in target/ci/fuzz.
stage_fuzz() {
  need_tool cargo-fuzz
  local name names found
  names=$(cargo fuzz list)
  [ -n "$names" ]
  for name in $names; do
    found=$work/fuzz/$name
    mkdir -p "$found/corpus"
    cargo fuzz run --sanitizer none --target-dir "$target/fuzz" "$name" "$found/corpus" "fuzz/corpus/$name" -- \
      -dict=fuzz/dictionary.txt -max_total_time="$fuzz_seconds" -timeout=10 -verbosity=0 -print_final_stats=1 -artifact_prefix="$found/"
  done
}

# Both shells under a model checker, which is a workspace of its own.
stage_interleavings() {
  local manifest=tests/interleavings/Cargo.toml said=$work/interleavings.txt
  download cargo fetch --locked --quiet --manifest-path "$manifest"
  cargo clippy --locked --quiet --no-deps --manifest-path "$manifest" --target-dir "$target" \
    -p azid-interleavings -p azid-checker --all-targets -- -D warnings
  cargo test --locked --quiet --manifest-path "$manifest" --target-dir "$target" --test all \
    -- --nocapture | tee "$said"
  grep -o '[0-9]\+ schedules of' "$said" | awk '{ all += $1 } END { print all " schedules in all"; exit all < 10000 }'
}

# What a program that gets a token by a client secret costs the one who builds it, with azid and with
# others: each program of .ci/weight, from nothing.
stage_weight() {
  local programs=$work/weight name sources
  rm -rf "$programs"
  cp -r .ci/weight "$programs"
  sed -i "s|REPOSITORY|$PWD|" "$programs"/*/Cargo.toml
  sources=$PWD/tests/bench/Cargo.lock
  TIMEFORMAT='%R %U'
  printf '%-16s %6s %8s %14s %8s\n' program crates seconds 'processor secs' KiB
  for name in ureq azid-ureq azid-ureq-ascii azid-tokio azure_identity; do
    cd "$programs/$name"
    cp "$sources" Cargo.lock
    download cargo fetch --quiet
    { time cargo build --quiet --release --offline --target-dir target; } 2>log || { cat log; return 1; }
    mv target/release/weight .
    printf '%-16s %6s %8.0f %14.0f %8s\n' "$name" \
      "$(cargo tree --offline -e normal --prefix none --format '{p}' | sed 's/ (.*//' | grep -v '^weight ' | sort -u | wc -l)" \
      $(tail -n 1 log) "$(($(stat -c %s weight) / 1024))"
    rm -rf target
  done
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

# Mermaid itself reads the diagrams of the documentation. One module of its package holds all that this
# takes, so that what npm would install beside it, some 200 MB, stays away.
stage_diagrams() {
  local folder=$work/diagrams file=mermaid-11.17.2.tgz
  local hash=57a2b70bc101744b0f1595d228c25eea9a50384371b87011afd1af1d7e21878ee501b84c443f6a7f8a042bb2e869143150b31af34feab798073bbdda0a578106
  rm -rf "$folder"
  mkdir -p "$folder"
  (cd "$folder" && download npm pack --silent mermaid@11.17.2)
  echo "$hash  $folder/$file" | sha512sum --check
  tar -xzf "$folder/$file" -C "$folder"
  node .ci/diagrams.mjs "$folder/package/dist/mermaid.esm.min.mjs" $(git ls-files '*.md')
}

# A person at a real browser, for the example that signs people in.
stage_browser() {
  local chromium
  need_chromium
  cargo build --quiet --locked -p azid-examples --example interactive_browser
  emulate
  node tests/browser/sign_in.mjs "$environments" "$target/debug/examples/interactive_browser" "$chromium"
}

# A window and a worker of a real browser that get tokens by wasm, and what wasm modules weigh.
stage_wasm_browser() {
  local chromium page=$work/page triple=wasm32-unknown-unknown
  local modules=$target/$triple/release
  need_chromium
  download cargo fetch --quiet --locked --manifest-path tests/wasm/bindgen/Cargo.toml
  cargo build --quiet --locked --manifest-path tests/wasm/bindgen/Cargo.toml --target-dir "$target/bindgen"
  cargo build --quiet --locked -p azid-cli --bin azid
  small tools/wasm-toolchain cargo build --quiet --locked --release -p azid-wasm-page
  small tools/wasm-toolchain cargo build --quiet --locked --release -p azid-wasm-suite --examples
  rm -rf "$page"
  "$target/bindgen/debug/azid-wasm-bindgen" "$modules/azid_wasm_page.wasm" "$page"
  cp tests/wasm/page/web/* "$page"
  node tests/wasm/sizes.mjs "$modules"/examples/{core,shell}_flow.wasm "$page"/*.wasm
  node tests/browser/wasm.mjs "$target/debug/azid" "$page" "$chromium"
}

# Builds as one does who cares for every kilobyte.
small() {
  CARGO_PROFILE_RELEASE_OPT_LEVEL=s CARGO_PROFILE_RELEASE_LTO=true CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 "$@"
}

# Each break of the code makes the test that it names go red. Where the other stages want time too, what
# does not fit today is for another day.
stage_breaks() { python3 -B tests/breaks/run.py --minutes "${break_minutes:-12}"; }

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
