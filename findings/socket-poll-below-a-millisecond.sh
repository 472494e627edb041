#!/usr/bin/env bash
# Socket.Poll takes microseconds and waits for whole milliseconds: below one it does not wait at all.
#
# Version: .NET 10 on Linux (the script prints the runtime).
# Expected: Poll(TimeSpan.FromMicroseconds(900), ...), and its overload that takes microseconds, wait for about 900 us.
# Seen:     the time is cut down to milliseconds. 200 us and 900 us return at once, 2,900 us after about 2 ms:
#             200 us: does not wait
#             900 us: does not wait
#             2900 us: waits 2 ms
# Why it matters: a loop that paces packets, or waits out the rest of a deadline, spins at full speed in the last millisecond. Round up to
#           milliseconds, or wait by another means.
#
# Exit code: 0 while this holds, 1 when it has changed, 2 when it cannot be built here.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2

cat >try.cs <<'CS'
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

Console.WriteLine($"runtime {Environment.Version}");
using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
foreach (var micros in new[] { 200, 900, 2_900 })
{
    // The shortest of many: a busy machine only adds.
    var shortest = double.MaxValue;
    for (var i = 0; i < 50; i++)
    {
        var begin = Stopwatch.GetTimestamp();
        socket.Poll(micros, SelectMode.SelectRead);
        shortest = Math.Min(shortest, Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
    }

    Console.WriteLine($"{micros} us: {(shortest < 150 ? "does not wait" : $"waits {Math.Round(shortest / 1_000)} ms")}");
}
CS

seen=$(dotnet run try.cs 2>&1) || { printf '%s\n' "$seen"; exit 2; }
printf '%s\n' "$seen"
[ "$(printf '%s\n' "$seen" | grep -v '^runtime')" = "$(printf '200 us: does not wait\n900 us: does not wait\n2900 us: waits 2 ms')" ]
