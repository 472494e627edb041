# The apps of tests/packages/run. Each is made by dotnet new, with the commands and the code of the README; only the ports are others.

# What is in the packages. The program that looks is built as the projects of the clone are.
app_contents() {
  env -u NUGET_PACKAGES -u DOTNET_CLI_HOME HOME="$real_home" dotnet run --project "$root/tests/Utp.PackageCheck" -- "$root/artifacts/packages" "$root" \
    >"$work/contents.log" 2>&1
  grep -E '^(PASS|FAIL) ' "$work/contents.log" | tee -a "$results"
  [ "$(grep -cE '^(PASS|FAIL) ' "$work/contents.log")" -eq 6 ] || fail contents "not everything was looked at" "$work/contents.log"
}

# The README's second block, its server and its client: a request over uTP, answered with the round trip of its connection.
app_readme() {
  local port name=readme
  port=$(free_port)
  mkdir -p "$work/readme" && cd "$work/readme" || return
  if ! block README.md sh 2 | bash -e >"$work/commands.log" 2>&1; then
    fail readme-commands "a command of the README failed" "$work/commands.log"
    return
  fi
  pass readme-commands "$(block README.md sh 2 | wc -l) commands"
  program web 1 | sed "s/5000/$port/" >hello/Program.cs
  program console 1 | sed "s/5000/$port/" >caller/Program.cs
  build $name hello && build $name caller || return
  start server hello/bin/Release/net10.0/hello.dll
  if ! until_line "$work/server.out" 'Application started' "${running[-1]}"; then
    fail $name "the server did not start" "$work/server.out"
  elif timeout 60 dotnet caller/bin/Release/net10.0/caller.dll >"$work/caller.out" 2>&1 && grep -qE '^Hello world, the round trip is [0-9.]+ ms$' "$work/caller.out"; then
    pass $name "$(cat "$work/caller.out")"
  else
    fail $name "the client got no answer" "$work/caller.out"
  fi
  kill "${running[-1]}"
}

# A worker that echoes, and a console app that talks to it.
app_worker() {
  local port name=worker
  port=$(free_port)
  mkdir -p "$work/worker" && cd "$work/worker" || return
  { dotnet new worker -o echo && dotnet add echo package Utp.Transport && rm echo/Worker.cs; } >"$work/$name.log" 2>&1
  program worker 1 | sed "s/7000/$port/" >echo/Program.cs
  { dotnet new console -o talk && dotnet add talk package Utp.Transport; } >>"$work/$name.log" 2>&1
  cat >talk/Program.cs <<EOF
using Utp.Transport;

await using var client = new UtpClient();
await using var stream = await client.ConnectAsync("127.0.0.1", $port);
var sent = new byte[1_000_000];
Random.Shared.NextBytes(sent);
var writing = stream.WriteAsync(sent).AsTask();
var received = new byte[sent.Length];
await stream.ReadExactlyAsync(received);
await writing;
Console.WriteLine(sent.AsSpan().SequenceEqual(received) ? "equal" : "different");
EOF
  build $name echo && build $name talk || return
  start $name echo/bin/Release/net10.0/echo.dll
  if ! until_line "$work/$name.out" 'Application started' "${running[-1]}"; then
    fail $name "the worker did not start" "$work/$name.out"
  elif timeout 60 dotnet talk/bin/Release/net10.0/talk.dll >"$work/talk.out" 2>&1 && grep -qx equal "$work/talk.out"; then
    pass $name "1 MB echoed"
  else
    fail $name "the echo failed" "$work/talk.out"
  fi
  kill "${running[-1]}"
}

# UtpListener and UtpClient in one program.
app_console() {
  local port name=console
  port=$(free_port)
  mkdir -p "$work/console" && cd "$work/console" || return
  { dotnet new console -o pair && dotnet add pair package Utp.Transport; } >"$work/$name.log" 2>&1
  program console 2 | sed "s/7001/$port/" >pair/Program.cs
  build $name pair || return
  if timeout 60 dotnet pair/bin/Release/net10.0/pair.dll >"$work/$name.out" 2>&1 && grep -qx hello "$work/$name.out"; then
    pass $name "a line from UtpClient to UtpListener"
  else
    fail $name "no line arrived" "$work/$name.out"
  fi
}

# A project that stays on the first release of Microsoft's packages: restoring downgrades nothing (NU1605).
app_floor() {
  local name=floor
  mkdir -p "$work/floor" && cd "$work/floor" || return
  {
    dotnet new console -o old
    dotnet add old package Microsoft.Extensions.Http --version 10.0.0
    dotnet add old package Utp.Transport
  } >"$work/$name.log" 2>&1
  if ! grep -q 'Include="Microsoft.Extensions.Http" Version="10.0.0"' old/old.csproj; then
    fail $name "the project does not pin Microsoft.Extensions.Http 10.0.0" "$work/$name.log"
    return
  fi
  echo 'Console.WriteLine(typeof(Utp.Transport.UtpClient).Assembly.GetName().Name);' >old/Program.cs
  build $name old || return
  if dotnet old/bin/Release/net10.0/old.dll 2>&1 | grep -qx Utp.Transport; then
    pass $name "Microsoft.Extensions.Http 10.0.0 beside Utp.Transport"
  else
    fail $name "the app does not run"
  fi
}

# The tool, which the README's commands have installed for the user, and once more into a folder.
app_tool() {
  local port name=tool
  port=$(free_port)
  mkdir -p "$work/tool/in" && cd "$work/tool" || return
  [ -x "$HOME/.dotnet/tools/utp" ] || dotnet tool install --global Utp.Tool >"$work/$name.log" 2>&1
  if [ "$("$HOME/.dotnet/tools/utp" --version 2>&1 | cut -d+ -f1)" != "$version" ]; then
    fail $name "utp --version is not $version" <("$HOME/.dotnet/tools/utp" --version 2>&1)
    return
  fi
  if ! dotnet tool install --tool-path tools Utp.Tool >"$work/$name.log" 2>&1; then
    fail $name "it cannot be installed into a folder" "$work/$name.log"
    return
  fi
  head -c 5000000 /dev/urandom >sent.bin
  ./tools/utp receive -l "$port" --bind 127.0.0.1 --directory in >"$work/receive.out" 2>&1 &
  running+=($!)
  until_line "$work/receive.out" 'Listening on' "${running[-1]}"
  if timeout 60 ./tools/utp send sent.bin "127.0.0.1:$port" >"$work/send.out" 2>&1 && wait "${running[-1]}" && cmp -s sent.bin in/sent.bin; then
    pass $name "utp $version, $(grep '^sent ' "$work/send.out")"
  else
    fail $name "the transfer failed" "$work/send.out"
  fi
}
