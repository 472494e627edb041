# The cases of tests/packages/run --aot. Each publishes for this machine, counts the warnings of trimming, and runs what came out.

runtime_id() { dotnet --info | sed -n 's/^ *RID: *//p'; }

# publish NAME PROJECT FOLDER OPTION...: publishes; says how many warnings there were and the size of the result.
publish() {
  local name=$1 project=$2 folder=$3
  shift 3
  # The projects of the clone keep the user's own packages.
  local home=(env)
  [[ "$project" == "$root"/* ]] && home=(env -u NUGET_PACKAGES -u DOTNET_CLI_HOME HOME="$real_home")
  if ! "${home[@]}" dotnet publish "$project" -c Release -r "$(runtime_id)" -o "$folder" -p:TrimmerSingleWarn=false "$@" >"$work/$name.log" 2>&1; then
    fail "$name" "it cannot be published" "$work/$name.log"
    return 1
  fi
  rm -rf "$folder"/*.dbg "$folder"/*.pdb
  # Without the name of the project at the end of each line.
  grep -E 'warning IL[0-9]+' "$work/$name.log" | sed 's/ \[[^]]*\]$//' | sort -u >"$work/$name.warnings"
  warnings=$(wc -l <"$work/$name.warnings")
  if grep -q 'Utp\.' "$work/$name.warnings"; then
    fail "$name" "our own code cannot be trimmed" "$work/$name.warnings"
    return 1
  fi
  size=$(du -sh "$folder" | cut -f1)
}

# The tool from the sources: a transfer with itself.
aot_tool() {
  local kind port
  for kind in trimmed aot; do
    local name="tool-$kind" options=(--self-contained -p:PublishTrimmed=true)
    [ "$kind" = aot ] && options=(-p:PublishAot=true)
    publish "$name" "$root/src/Utp.Tool" "$work/$name" "${options[@]}" -p:PackAsTool=false || continue
    port=$(free_port)
    mkdir -p "$work/$name-in"
    head -c 5000000 /dev/urandom >"$work/sent.bin"
    "$work/$name/utp" receive -l "$port" --bind 127.0.0.1 --directory "$work/$name-in" >"$work/$name.out" 2>&1 &
    running+=($!)
    until_line "$work/$name.out" 'Listening on' "${running[-1]}"
    if timeout 60 "$work/$name/utp" send "$work/sent.bin" "127.0.0.1:$port" >"$work/$name.send" 2>&1 && cmp -s "$work/sent.bin" "$work/$name-in/sent.bin"; then
      pass "$name" "$size, $warnings warnings of trimming, none of our code; $(grep '^sent ' "$work/$name.send" | cut -d, -f1)"
    else
      fail "$name" "the transfer failed" "$work/$name.send"
    fi
    sed 's/^/  | /' "$work/$name.warnings"
  done
}

# The README's server from the packages, and the README's client to it.
aot_web() {
  local kind port
  mkdir -p "$work/aot" && cd "$work/aot" || return
  { dotnet new web -o hello && dotnet add hello package Utp.Transport.AspNetCore &&
    dotnet new console -o caller && dotnet add caller package Utp.Transport; } >"$work/aot-new.log" 2>&1
  for kind in trimmed aot; do
    local name="web-$kind" options=(--self-contained -p:PublishTrimmed=true)
    [ "$kind" = aot ] && options=(-p:PublishAot=true)
    port=$(free_port)
    program web 1 | sed "s/5000/$port/" >hello/Program.cs
    program console 1 | sed "s/5000/$port/" >caller/Program.cs
    publish "$name" hello "$work/$name" "${options[@]}" -p:EnableRequestDelegateGenerator=true || continue
    local server_figures="server $size with $warnings warnings"
    publish "$name-caller" caller "$work/$name-caller" "${options[@]}" || continue
    "$work/$name/hello" >"$work/$name.out" 2>&1 &
    running+=($!)
    if until_line "$work/$name.out" 'Application started' "${running[-1]}" &&
      timeout 60 "$work/$name-caller/caller" >"$work/$name.call" 2>&1 && grep -q '^Hello world' "$work/$name.call"; then
      pass "$name" "$server_figures, client $size with $warnings warnings of trimming"
    else
      fail "$name" "no answer" "$work/$name.call"
    fi
    kill "${running[-1]}"
    cat "$work/$name.warnings" "$work/$name-caller.warnings" | sed 's/^/  | /'
  done
}
